"""LiteLLM's proxy: one worker, a master key, its own price list; nothing is written."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.gateway.processes import Launch, free_port, launched
from bench.gateway.servers import Place, Running, Server, running_of
from bench.gateway.traffic import ANSWER_MODEL, STREAM_MODEL, Target
from bench.peers.environments import python

_VERSION = "1.106.2"
_KEY = "sk-bench"
_MODEL = """
  - model_name: {name}
    litellm_params:
      model: openai/{name}
      api_base: http://127.0.0.1:{port}/v1
      api_key: mock
"""
_SETTINGS = """
model_list:{models}
general_settings:
  master_key: {key}
litellm_settings:
  telemetry: false
"""


@contextmanager
def _run(place: Place) -> Iterator[Running]:
    interpreter = python(place.cache, f"litellm-{_VERSION}", [f"litellm[proxy]=={_VERSION}"])
    upstream, port = place.upstream, free_port()
    ports = {ANSWER_MODEL: upstream.answers, STREAM_MODEL: upstream.streams}
    models = "".join(_MODEL.format(name=name, port=at) for name, at in ports.items())
    settings = place.scratch / "litellm.yaml"
    settings.write_text(_SETTINGS.format(models=models, key=_KEY), "utf-8")
    command = [str(interpreter.parent / "litellm"), "--config", str(settings), "--host", "127.0.0.1", "--port", str(port)]
    # Its price list would otherwise be fetched from the Internet at each start.
    environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    began = time.perf_counter()
    with launched(Launch(command, place.scratch / "litellm.log", place.cores.server, environ=environ)) as process:
        headers = {"authorization": f"Bearer {_KEY}"}
        answers = Target(port, ANSWER_MODEL, headers)
        yield running_of(process, answers, Target(port, STREAM_MODEL, headers, stream=True), began)


peer = Server("litellm", "LiteLLM", _VERSION, "master key, tokens and cost counted in memory; no database", _run)
