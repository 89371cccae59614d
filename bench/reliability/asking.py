"""A request of the plan as it goes over the wire, and an answer as it comes back."""

import hashlib
import json
import re
from typing import Any

import msgspec

from bench.reliability.plan import MAX_TOKENS, Asked
from bench.reliability.speech import word

_PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
_WORDS = re.compile(r"\d{7} ")
_KEPT = ("retry-after", "retry-after-ms", "x-should-retry", "x-kyozon-replayed", "x-request-id")


def path(request: Asked) -> str:
    """Where it is sent."""
    return _PATHS[request.dialect]


def body(request: Asked) -> bytes:
    """The same bytes each time that it is sent."""
    if request.mistake == "no JSON":
        return f'{{"model": "swift", "Request {request.number:05d}'.encode()
    question = f"Request {request.number:05d}: say your numbers, one after the other, and nothing else."
    asked: dict[str, Any] = {
        "model": "no-such-model" if request.mistake == "unknown model" else request.model,
        "messages": [] if request.mistake == "no messages" else [{"role": "user", "content": question}],
        "max_tokens": MAX_TOKENS,
        "stream": request.stream,
    }
    if request.stream and request.dialect == "openai" and request.number % 2:
        asked["stream_options"] = {"include_usage": True}
    if request.mistake == "no messages":
        asked["user"] = f"{request.number:05d}"  # so that no two bodies are the same
    return json.dumps(asked).encode()


def headers(request: Asked, secret: str) -> dict[str, str]:
    """What it carries besides its body."""
    found = {"content-type": "application/json"}
    if request.mistake != "no key":
        found["authorization"] = f"Bearer {'ky-unknown' if request.mistake == 'unknown key' else secret}"
    if request.mistake in _LABELS:
        found["x-kyozon-label"] = _LABELS[request.mistake]
    if request.repeats:
        found["idempotency-key"] = f"order-{request.number}"
    return found


_LABELS = {"unknown label": "top secret!", "label too high": "restricted"}


def sha256(request: Asked) -> str:
    """What the decision record calls the request: a hash of its path and its bytes."""
    return hashlib.sha256(path(request).encode() + b"\n" + body(request)).hexdigest()


def kept(found: Any) -> dict[str, str]:
    """Of an answer's headers, those that are checked."""
    return {name: found[name] for name in _KEPT if name in found}


class Answer:
    """What has come of an answer so far: `text`, `id`, whether it is `whole`, the `code` of an error within it."""

    def __init__(self, request: Asked) -> None:
        self._request = request
        self._rest = b""
        self.text = ""
        self.id = ""
        self.whole = False
        self.code = ""

    @property
    def words(self) -> int:
        """How many words have come."""
        return len(self.text) // len(word(0, 0))

    @property
    def intact(self) -> bool:
        """Whether they are this request's own, from the first on, without a gap, and nothing else."""
        found = _WORDS.findall(self.text)
        return found == [word(self._request.number, place) for place in range(len(found))] and "".join(found) == self.text

    @property
    def digest(self) -> str:
        """One name for what was said."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def read_whole(self, content: bytes) -> None:
        """A whole body of status 200; raises `ValueError` where it is none."""
        found = msgspec.json.decode(content)
        self.id = found["id"]
        if self._request.dialect == "anthropic":
            self.text = "".join(block["text"] for block in found["content"])
        else:
            self.text = found["choices"][0]["message"]["content"]
        self.whole = True

    def read_error(self, content: bytes) -> None:
        """The body of a failure."""
        try:
            error = msgspec.json.decode(content)["error"]
        except (msgspec.DecodeError, KeyError, TypeError):
            self.code = "unreadable"
        else:
            self.code = str(error.get("code") or "")

    def feed(self, content: bytes) -> None:
        """The next bytes of a stream."""
        *events, self._rest = (self._rest + content).split(b"\n\n")
        for event in events:
            payload = event.rpartition(b"data: ")[2]
            if payload == b"[DONE]":
                self.whole = True
            elif payload:
                self._event(msgspec.json.decode(payload))

    def _event(self, event: Any) -> None:
        if event.get("error"):
            error = event["error"]
            self.code = str(error.get("code") or error.get("type"))
        elif self._request.dialect == "openai":
            self.id = event["id"]
            self.text += "".join(choice["delta"].get("content") or "" for choice in event["choices"])
        else:
            self.id = (event.get("message") or {}).get("id") or self.id
            self.text += (event.get("delta") or {}).get("text") or ""
            self.whole = self.whole or event["type"] == "message_stop"
