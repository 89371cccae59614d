"""What the upstreams say: words that name their request and their place, usage as the plan wants it, in both dialects."""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from bench.reliability.plan import TOKENS_PER_WORD, Asked, Report

Json = dict[str, Any]

_LIES: dict[str, Any] = {"zero": 0, "text": "many", "huge": 10**12}
_INFLATED = 10
_CACHED, _WRITTEN = 4, 3


class Said(Struct, frozen=True):
    """One event of a stream: its bytes, how many words have been said with it, and the usage told with it."""

    payload: bytes
    words: int
    told: Json | None = None


def word(number: int, place: int) -> str:
    """The word at a place of a request's answer: eight characters, as in `0004217 `."""
    return f"{number:05d}{place:02d} "


def words(number: int, count: int) -> str:
    """So many of them from the first on."""
    return "".join(word(number, place) for place in range(count))


def openai_usage(request: Asked, said: int, report: Report) -> Json | None:
    """An OpenAI `usage` object after so many words; None where none is reported."""
    prompt, output = _prompt(request), said * TOKENS_PER_WORD
    usage: Json = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    if report == "cached":
        return usage | {"prompt_tokens_details": {"cached_tokens": _CACHED}}
    return _bent(usage, report, "completion_tokens")


def anthropic_usage(request: Asked, said: int, report: Report) -> Json | None:
    """An Anthropic `usage` object after so many words; None where none is reported."""
    usage: Json = {"input_tokens": _prompt(request), "output_tokens": said * TOKENS_PER_WORD}
    if report == "cached":
        return usage | {"cache_read_input_tokens": _CACHED, "cache_creation_input_tokens": _WRITTEN}
    return _bent(usage, report, "output_tokens")


def completion(request: Asked, call: str, model: str, report: Report) -> bytes:
    """A whole OpenAI answer."""
    message = {"role": "assistant", "content": words(request.number, request.words), "refusal": None}
    body = _head(call, model, "chat.completion")
    body["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return _json(body | _usage(openai_usage(request, request.words, report)))


def message(request: Asked, call: str, model: str, report: Report) -> bytes:
    """A whole Anthropic answer."""
    body = _message(call, model) | {"stop_reason": "end_turn"}
    body["content"] = [{"type": "text", "text": words(request.number, request.words)}]
    return _json(body | _usage(anthropic_usage(request, request.words, report)))


def openai_events(request: Asked, call: str, model: str, report: Report) -> Iterator[Said]:
    """The events of a streamed OpenAI answer."""
    head = _head(call, model, "chat.completion.chunk")

    def chunk(delta: Json, finish: str | None = None) -> bytes:
        return _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield Said(chunk({"role": "assistant", "content": ""}), 0)
    for place in range(request.words):
        yield Said(chunk({"content": word(request.number, place)}), place + 1)
    yield Said(chunk({}, "stop"), request.words)
    usage = openai_usage(request, request.words, report)
    if usage is not None:
        yield Said(_event(head | {"choices": [], "usage": usage}), request.words, usage)
    yield Said(b"data: [DONE]\n\n", request.words)


def anthropic_events(request: Asked, call: str, model: str, report: Report) -> Iterator[Said]:
    """The events of a streamed Anthropic answer."""
    start = anthropic_usage(request, 0, report)
    begun = _message(call, model) | {"content": [], "stop_reason": None} | _usage(start)
    yield Said(_named({"type": "message_start", "message": begun}), 0, start)
    yield Said(_named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}), 0)
    for place in range(request.words):
        delta = {"type": "text_delta", "text": word(request.number, place)}
        yield Said(_named({"type": "content_block_delta", "index": 0, "delta": delta}), place + 1)
    yield Said(_named({"type": "content_block_stop", "index": 0}), request.words)
    usage = anthropic_usage(request, request.words, report)
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}} | _usage(usage)
    yield Said(_named(end), request.words, usage)
    yield Said(_named({"type": "message_stop"}), request.words)


def _prompt(request: Asked) -> int:
    """What the upstream counts of the question: never more than Kyozon estimates."""
    return 5 + request.number % 11


def _bent(usage: Json, report: Report, output: str) -> Json | None:
    """The usage as it is reported: as it is, not at all, or as a lie."""
    if report == "absent":
        return None
    if report == "inflated":
        return usage | {output: usage[output] * _INFLATED}
    if report == "negative":
        return {name: -value for name, value in usage.items()}
    return dict.fromkeys(usage, _LIES[report]) if report in _LIES else usage


def _usage(usage: Json | None) -> Json:
    return {} if usage is None else {"usage": usage}


def _head(call: str, model: str, kind: str) -> Json:
    return {"id": call, "object": kind, "created": 1_790_000_000, "model": model}


def _message(call: str, model: str) -> Json:
    return {"id": call, "type": "message", "role": "assistant", "model": model, "stop_sequence": None}


def _event(payload: Json) -> bytes:
    return b"data: " + _json(payload) + b"\n\n"


def _named(payload: Json) -> bytes:
    return f"event: {payload['type']}\n".encode() + _event(payload)


def _json(payload: Json) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()
