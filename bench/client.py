"""The one client of all benchmarks that ask for answers: it notes when the first word and the last one arrive."""

import http.client
import json
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from msgspec import Struct

_TIMEOUT = 120.0
_LOOK_EVERY = 0.005
QUESTION = "Say in one sentence what the moon is."


class Answer(Struct, frozen=True):
    """When (on `time.perf_counter`) an answer began and ended, and its pieces of text."""

    first_token: float
    end: float
    pieces: int


def ask(address: str, key: str, tokens: int) -> Answer:
    """Stream an answer of at most `tokens` tokens from `address` (`http://HOST:PORT`); raises `RuntimeError`."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_TIMEOUT)
    body = {
        "model": "smollm2-135m-instruct",
        "messages": [{"role": "user", "content": QUESTION}],
        "max_completion_tokens": tokens,
        "stream": True,
    }
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"status {response.status}: {response.read().decode('utf-8', 'replace')}")
        arrivals = [time.perf_counter() for line in response if _has_text(line)]
    finally:
        connection.close()
    if not arrivals:
        raise RuntimeError("the answer was empty")
    return Answer(arrivals[0], time.perf_counter(), len(arrivals))


def embed(address: str, key: str) -> None:
    """One embedding, so that the embedder is loaded."""
    body = json.dumps({"model": "multilingual-e5-small", "input": QUESTION}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{address}/v1/embeddings", body, headers)  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310 - our own address
        response.read()


def await_ready(address: str) -> float:
    """When (on `time.perf_counter`) `/health/ready` first said yes; raises `TimeoutError` after two minutes."""
    until = time.perf_counter() + _TIMEOUT
    while time.perf_counter() < until:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=_TIMEOUT):  # noqa: S310 - our own address
                return time.perf_counter()
        except urllib.error.URLError:
            time.sleep(_LOOK_EVERY)
    raise TimeoutError(f"{address} does not become ready")


def _has_text(line: bytes) -> bool:
    if not line.startswith(b"data: {"):
        return False
    choices = json.loads(line[6:]).get("choices") or [{}]
    return bool(choices[0].get("delta", {}).get("content"))
