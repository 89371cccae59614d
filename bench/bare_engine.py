"""The engine's library alone, with the settings Kyozon gives it.

Run as `python -m bench.bare_engine SPEC`, an `EngineSpec` in JSON. It prints its address and serves until its input ends.
"""

import sys

import msgspec
import xllamacpp

from kyozon.inference.engine_process import EngineSpec


def main(given: str) -> None:
    """Load, tell, wait."""
    spec = msgspec.json.decode(given, type=EngineSpec)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = spec.model
    parameters.model_alias = {spec.name}
    parameters.port = 0
    parameters.n_parallel = spec.slots
    parameters.n_ctx = spec.context * spec.slots
    parameters.cpuparams.n_threads = spec.generation_threads
    parameters.cpuparams_batch.n_threads = spec.prompt_threads
    parameters.cache_ram_mib = 0
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    print(f"\n{server.listening_address}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
