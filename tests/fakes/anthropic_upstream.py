"""A fake of Anthropic's Messages API that checks what it receives with the `anthropic` package's own types."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf
from typing import Any

import msgspec
from anthropic.types import (
    Message,
    MessageCountTokensParams,
    MessageCreateParams,
    MessageTokensCount,
    RawMessageStreamEvent,
)
from anthropic.types.message_create_params import MessageCreateParamsBase
from pydantic import TypeAdapter

from tests.fakes.server import Behaviour, FakeServer, Received

USAGE = {
    "input_tokens": 11,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 20,
    "output_tokens": 7,
    "output_tokens_details": {"thinking_tokens": 3},
}
SIGNATURE = "c2lnbmVkIGJ5IHRoZSBmYWtl"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'

_CREATE: TypeAdapter[Any] = TypeAdapter(MessageCreateParams)
_COUNT: TypeAdapter[Any] = TypeAdapter(MessageCountTokensParams)
_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
# The package dropped the sampling parameters, which models before Claude 4.7 still take.
_FIELDS = {*MessageCreateParamsBase.__annotations__, "stream", "temperature", "top_p", "top_k"}


class AnthropicUpstream(FakeServer):
    """Answers `…/messages` and `…/messages/count_tokens`; `cut_after` counts the `ping` among the events."""

    def check(self, received: Received) -> None:
        if received.headers.get("authorization", "") != "Bearer sk-fake":
            raise ValueError("the key is not sent as the package sends it")
        if "anthropic-version" not in received.headers:
            raise ValueError("anthropic-version: header is required")
        if unknown := set(received.json) - _FIELDS:
            raise ValueError(f"{sorted(unknown)}: Extra inputs are not permitted")
        if received.path.endswith("/count_tokens"):
            if "max_tokens" in received.json:
                raise ValueError("max_tokens: Extra inputs are not permitted")
            exhaust(_COUNT.validate_python(_long_form(received.json)))
        else:
            exhaust(_CREATE.validate_python(_long_form(received.json)))
        _check_turns(received.json["messages"])
        _check_thinking(received.json)

    def streams(self, received: Received) -> bool:
        return bool(received.json.get("stream"))

    def body(self, received: Received, behaviour: Behaviour) -> bytes:
        if received.path.endswith("/count_tokens"):
            body = msgspec.json.encode({"input_tokens": 42})
            MessageTokensCount.model_validate_json(body)
            return body
        message = _head(received) | {
            "content": list(_blocks(behaviour)),
            "stop_reason": _stop(behaviour),
            "usage": behaviour.usage or USAGE,
        }
        body = msgspec.json.encode(message)
        Message.model_validate_json(body)
        return body

    def events(self, received: Received, behaviour: Behaviour) -> Iterator[bytes]:
        usage = dict(behaviour.usage or USAGE)
        start = _head(received) | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
        yield _event({"type": "message_start", "message": start})
        yield PING
        for index, block in enumerate(_blocks(behaviour)):
            yield from _streamed(index, block)
        delta = {"stop_reason": _stop(behaviour), "stop_sequence": None}
        cumulative = {name: value for name, value in usage.items() if name.startswith("output")}
        yield _event({"type": "message_delta", "delta": delta, "usage": cumulative})
        yield _event({"type": "message_stop"})

    def error_body(self, status: int, message: str) -> bytes:
        kind = {400: "invalid_request_error", 429: "rate_limit_error", 529: "overloaded_error"}.get(status, "api_error")
        return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})


def _long_form(value: Any) -> Any:
    """Contents as lists of blocks: pydantic, asked for a string or an iterable, takes a string for an iterable."""
    if isinstance(value, list):
        return [_long_form(item) for item in value]
    if not isinstance(value, dict):
        return value
    short = {name: text for name, text in value.items() if name in ("content", "system") and isinstance(text, str)}
    blocks = {name: [{"type": "text", "text": text}] for name, text in short.items()}
    return {name: blocks.get(name) or _long_form(item) for name, item in value.items()}


def exhaust(value: Any) -> None:
    """Walk to the end: pydantic checks the items of an `Iterable` only when they are asked for."""
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return
    for item in value:
        exhaust(item)


def _check_turns(messages: list[dict[str, Any]]) -> None:
    """What the API refuses though the types allow it."""
    for earlier, later in pairwise([{"role": "assistant", "content": []}, *messages]):
        if earlier["role"] == later["role"]:
            raise ValueError("messages: the translation should alternate roles")
        used = {block["id"] for block in _listed(earlier) if block["type"] == "tool_use"}
        answered = {block["tool_use_id"] for block in _listed(later) if block["type"] == "tool_result"}
        if used != answered:
            raise ValueError(f"tool_use {used} must be answered in the next turn, found {answered}")
        if any(block["type"] == "text" and not block["text"].strip() for block in _listed(later)):
            raise ValueError("text content blocks must contain non-whitespace text")


def _listed(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def _check_thinking(body: dict[str, Any]) -> None:
    thinking = body.get("thinking", {"type": "disabled"})
    if thinking["type"] == "enabled" and not 1024 <= thinking["budget_tokens"] < body.get("max_tokens", inf):
        raise ValueError("thinking.budget_tokens: at least 1024 and less than max_tokens")
    if thinking["type"] != "disabled" and body.get("tool_choice", {}).get("type") in ("any", "tool"):
        raise ValueError("Thinking may not be enabled when tool_choice forces tool use.")


def _head(received: Received) -> dict[str, Any]:
    model = received.json["model"]
    return {"id": "msg_fake", "type": "message", "role": "assistant", "model": model, "stop_sequence": None}


def _stop(behaviour: Behaviour) -> str:
    return behaviour.finish or ("tool_use" if behaviour.tool_calls else "end_turn")


def _blocks(behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    if behaviour.reasoning:
        yield {"type": "thinking", "thinking": behaviour.reasoning, "signature": SIGNATURE}
    if behaviour.text:
        yield {"type": "text", "text": behaviour.text}
    for call in behaviour.tool_calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": msgspec.json.decode(call.arguments)}


def _streamed(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    kind = block["type"]
    if kind == "tool_use":
        text = msgspec.json.encode(block["input"]).decode()
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in ("", *_halves(text))]
        empty = block | {"input": {}}
    else:
        deltas = [{"type": f"{kind}_delta", kind: part} for part in _halves(block[kind])]
        empty = block | {kind: ""}
    if kind == "thinking":
        deltas.append({"type": "signature_delta", "signature": SIGNATURE})
        empty["signature"] = ""
    yield _event({"type": "content_block_start", "index": index, "content_block": empty})
    for delta in deltas if block.get("input") != {} else deltas[:1]:
        yield _event({"type": "content_block_delta", "index": index, "delta": delta})
    yield _event({"type": "content_block_stop", "index": index})


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]


def _event(event: dict[str, Any]) -> bytes:
    data = msgspec.json.encode(event)
    _EVENT.validate_json(data)
    return f"event: {event['type']}\ndata: ".encode() + data + b"\n\n"
