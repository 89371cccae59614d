"""What all servers are asked and what the mock upstream answers: the same bytes for every one of them."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

PATH = "/v1/chat/completions"
CHUNKS = 20
GAP = 0.01
STREAM_SECONDS = CHUNKS * GAP
"""How long a stream takes when nothing stands between."""

ANSWER_MODEL, STREAM_MODEL = "gpt-4o-mini", "gpt-4o"
"""Two names, because the two kinds of upstream stand at two addresses; every server has prices for both."""

_SYSTEM = (
    "You are a careful assistant of a travel agency. Answer briefly and politely, in the language of the customer, "
    "and say so plainly when you do not know something. Never invent prices, times or names of hotels."
)
_USER = (
    "We arrive in Nagasaki on Friday evening and leave again on Sunday after lunch. My mother is eighty and does not like "
    "stairs. Which three places should we see, and in which order, so that we walk as little as possible?"
)
_WORDS = (
    "Take the tram to the Peace Park on Saturday morning, then a taxi up to Glover Garden, which has moving stairs, and "
    "keep the lanes of Dejima, all of it flat, for Sunday before lunch. Book the taxi at your hotel."
)
_USAGE = {"prompt_tokens": 98, "completion_tokens": 47, "total_tokens": 145}


class Target(Struct, frozen=True):
    """Where a request goes and what it carries besides the question."""

    port: int
    model: str
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = PATH
    stream: bool = False

    @property
    def body(self) -> bytes:
        """The question."""
        asked: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}],
            "max_tokens": 64,
            "temperature": 0.2,
        }
        if self.stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps(asked).encode()

    @property
    def all_headers(self) -> dict[str, str]:
        """Every header but `Host` and the length."""
        return {"content-type": "application/json", **self.headers}

    def request(self) -> bytes:
        """The whole request as it goes over the wire."""
        body = self.body
        fields = {"host": f"127.0.0.1:{self.port}", **self.all_headers, "content-length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


def answer() -> bytes:
    """The whole answer of the mock upstream."""
    message = {"role": "assistant", "content": _WORDS, "refusal": None}
    return _encoded("chat.completion", ANSWER_MODEL, [{"index": 0, "message": message, "finish_reason": "stop"}], _USAGE)


def chunks() -> list[bytes]:
    """The server-sent events of the mock upstream, `CHUNKS` of them, the last with usage and the end marker."""
    words = _WORDS.split(" ")
    spoken = CHUNKS - 1
    found = []
    for place in range(spoken):
        text = " ".join(words[place * len(words) // spoken : (place + 1) * len(words) // spoken])
        delta = {"role": "assistant", "content": text} if place == 0 else {"content": f" {text}"}
        finish = "stop" if place == spoken - 1 else None
        found.append(_event(_chunk([{"index": 0, "delta": delta, "finish_reason": finish}], None)))
    return [*found, _event(_chunk([], _USAGE)) + _event(b"[DONE]")]


def _chunk(choices: list[dict[str, Any]], usage: Mapping[str, int] | None) -> bytes:
    return _encoded("chat.completion.chunk", STREAM_MODEL, choices, usage)


def _encoded(kind: str, model: str, choices: list[dict[str, Any]], usage: Mapping[str, int] | None) -> bytes:
    head = {"id": "chatcmpl-bench", "object": kind, "created": 1767225600, "model": model, "choices": choices}
    return json.dumps({**head, "usage": usage, "system_fingerprint": "fp_bench"}, separators=(",", ":")).encode()


def _event(payload: bytes) -> bytes:
    return b"data: " + payload + b"\n\n"
