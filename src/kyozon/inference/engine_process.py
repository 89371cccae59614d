"""The child process that runs one model: llama.cpp's own HTTP server on loopback.

It is told what to run by one line of JSON on its standard input, answers with one line on its standard output (the address,
or the reason why there is none), and lives as long as its standard input stays open: when the parent dies, however it dies,
the pipe closes and the child goes too. What the engine prints goes to standard error, which the parent made a log file.

Run as `python -m kyozon.inference.engine_process`; the OpenMP settings must stand in the environment before that.
"""

import os
import resource
import sys
import threading
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.models import CardKind

_HTTP_THREADS = 512  # Each request holds one while it waits and streams, and the health check must find one free.


class EngineSpec(Struct, frozen=True):
    """What to run. `context` is what each of the `slots` gets; `adapters` are LoRA files, addressed by their place here."""

    model: str
    name: str
    context: int
    slots: int
    generation_threads: int
    prompt_threads: int
    kind: CardKind = "chat"
    adapters: tuple[str, ...] = ()
    secret: str = ""


class Ready(Struct, frozen=True):
    """The child's answer: where it listens, or why it does not."""

    address: str | None = None
    error: str | None = None


def main() -> None:
    """Load, answer, serve until the parent goes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # A core file would hold what people wrote.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # Whatever the engine prints must not be taken for the answer.
    spec = msgspec.json.decode(sys.stdin.buffer.readline(), type=EngineSpec)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        server = _serve(spec)
    except (ImportError, RuntimeError, ValueError) as error:
        answers.write(msgspec.json.encode(Ready(error=str(error))) + b"\n")
        raise SystemExit(1) from error
    answers.write(msgspec.json.encode(Ready(address=server.listening_address)) + b"\n")
    threading.Event().wait()


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _serve(spec: EngineSpec) -> Any:
    import xllamacpp  # noqa: PLC0415 - the parent imports this module for EngineSpec and must not load the engine

    parameters = xllamacpp.CommonParams()
    parameters.model.path = spec.model
    parameters.model_alias = {spec.name}
    parameters.port = 0
    parameters.n_parallel = spec.slots
    parameters.n_ctx = spec.context * spec.slots  # The engine divides what it is given among the slots.
    if spec.kind != "chat":
        parameters.embedding = True
        parameters.n_batch = parameters.n_ubatch = spec.context  # a text is read at once, or refused
    if spec.kind == "reranking":
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    parameters.cpuparams.n_threads = spec.generation_threads
    parameters.cpuparams_batch.n_threads = spec.prompt_threads
    parameters.n_threads_http = _HTTP_THREADS
    # Fitting loads the model twice to choose how many layers a GPU takes: where there is none, that time is for nothing.
    parameters.fit_params = any(device["name"] != "CPU" for device in xllamacpp.get_device_info())
    # A prompt read with one adapter is found again for another, or for none, and falsifies the answer: in the cache in
    # memory, and also in the slot itself when a request without adapter follows one with (llama.cpp of October 2026).
    parameters.cache_ram_mib = 0
    parameters.cache_prompt = not spec.adapters
    # The scale here is what requests get that name no adapter: the base model must then answer alone.
    parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 0.0) for path in spec.adapters]
    # Loopback is open to every account of this machine: without the secret one could ask past labels and ledger.
    parameters.api_keys = [spec.secret] if spec.secret else []
    parameters.endpoint_metrics = True
    parameters.endpoint_slots = False  # It would show one user's prompt to another.
    parameters.ui = False
    parameters.cors_origins = ""
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    main()
