"""Anthropic's messages and stream events, read and turned into OpenAI's chat completions. Pure."""

from typing import Any

import msgspec

from kyozon.domain.requests import Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_anthropic
from kyozon.ports.provider import Answer, Piece
from kyozon.providers.completions import Head, chunk, completion, spoken, tool_call, usage_chunk

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""Anthropic's stop reasons in OpenAI's words; one that is not here means `stop`."""

ERROR_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status an error type would have had, had it come before the stream began."""

_SPOKEN = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
_THOUGHTS = ("thinking", "redacted_thinking")


def finish_of(stop_reason: str | None) -> str | None:
    """OpenAI's word for a stop reason; None while there is none."""
    return FINISH.get(stop_reason, "stop") if stop_reason else None


def native_answer(payload: bytes, message: Json) -> Answer:
    """A message as it came, and what the ledger needs from it."""
    usage = message.get("usage")
    return Answer(
        payload=payload,
        usage=from_anthropic(usage) if usage else None,
        text=spoken(_message(message)),
        finish=finish_of(message.get("stop_reason")),
    )


def to_completion(message: Json, created: int) -> Answer:
    """A message as a chat completion. `created` is in seconds since 1970.

    Thinking blocks go twice: their text as `reasoning_content`, and whole, with the signatures that Anthropic wants
    back, in `extra_content.anthropic.thinking`.
    """
    finish = finish_of(message.get("stop_reason")) or "stop"
    native = native_answer(b"", message)
    head = Head(message.get("id", ""), message.get("model", ""), created)
    choice = {"index": 0, "message": _message(message), "logprobs": None, "finish_reason": finish}
    return Answer(completion(head, [choice], native.usage), native.usage, native.text, finish)


def _message(message: Json) -> Json:
    blocks = message["content"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    calls = [
        tool_call(block["id"], block["name"], msgspec.json.encode(block.get("input") or {}).decode())
        for block in blocks
        if block["type"] == "tool_use"
    ]
    said: Json = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
    if message.get("stop_reason") == "refusal":
        said["refusal"] = (message.get("stop_details") or {}).get("explanation")
    if thoughts := [block for block in blocks if block["type"] in _THOUGHTS]:
        said["reasoning_content"] = "".join(block.get("thinking", "") for block in thoughts)
        said["extra_content"] = {"anthropic": {"thinking": thoughts}}
    if calls:
        said["tool_calls"] = calls
    return said


class Tally:
    """What the ledger needs from a stream of events: the text of each, the usage so far, the end."""

    def __init__(self) -> None:
        self.ended = False
        self._usage: Json = {}

    @property
    def usage(self) -> Usage | None:
        """Cumulative; None before the provider has said any."""
        return from_anthropic(self._usage) if self._usage else None

    def piece(self, name: str, payload: bytes, event: Json) -> Piece:
        """The event as it came."""
        kind = event.get("type")
        delta: Json = event.get("delta") or {}
        reported = event.get("usage") or (event.get("message") or {}).get("usage") or {}
        self._usage |= {field: value for field, value in reported.items() if value is not None}
        self.ended = self.ended or kind == "message_stop"
        return Piece(
            payload=payload,
            event=name,
            text=delta.get(_SPOKEN.get(delta.get("type", ""), ""), ""),
            usage=self.usage if reported else None,
            finish=finish_of(delta.get("stop_reason")) if kind == "message_delta" else None,
        )


class Chunks:
    """Turns stream events into chunks of a chat completion. `created` is in seconds since 1970."""

    def __init__(self, created: int) -> None:
        self._head = Head("", "", created)
        self._tally = Tally()
        self._blocks: dict[int, Json] = {}
        self._calls = 0
        self._steps = {
            "message_start": self._start,
            "content_block_start": self._open,
            "content_block_delta": self._grow,
            "content_block_stop": self._close,
            "message_delta": self._finish,
            "message_stop": self._stop,
        }

    @property
    def ended(self) -> bool:
        """Whether the provider has said that the message is whole."""
        return self._tally.ended

    def feed(self, event: Json) -> list[Piece]:
        """The chunks for one event; events of other types (`ping`) say nothing in OpenAI's shape."""
        self._tally.piece("", b"", event)
        step = self._steps.get(event.get("type", ""))
        return [] if step is None else step(event)

    def _start(self, event: Json) -> list[Piece]:
        message = event["message"]
        self._head = Head(message.get("id", ""), message.get("model", ""), self._head.created)
        return [chunk(self._head, {"role": "assistant", "content": ""})]

    def _open(self, event: Json) -> list[Piece]:
        block: Json = {**event["content_block"], "json": ""}
        self._blocks[event["index"]] = block
        if block["type"] == "tool_use":
            block["call"] = self._calls
            self._calls += 1
            return [self._delta("tool_calls", [tool_call(block["id"], block["name"], "", block["call"])])]
        if block["type"] == "thinking" and block.get("thinking"):
            return [self._delta("reasoning_content", block["thinking"])]
        if block["type"] == "text" and block.get("text"):
            return [self._delta("content", block["text"])]
        return []

    def _grow(self, event: Json) -> list[Piece]:
        delta = event["delta"]
        block = self._blocks[event["index"]]
        match delta["type"]:
            case "text_delta":
                return [self._delta("content", delta["text"])]
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta["thinking"]
                return [self._delta("reasoning_content", delta["thinking"])]
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta" if "call" in block and delta["partial_json"]:
                block["json"] += delta["partial_json"]
                return [self._arguments(block, delta["partial_json"])]
        return []

    def _close(self, event: Json) -> list[Piece]:
        """Arguments that never streamed stood whole in the block's start: none at all, or those of another vendor."""
        block = self._blocks[event["index"]]
        if "call" in block and not block["json"]:
            return [self._arguments(block, msgspec.json.encode(block.get("input") or {}).decode())]
        return []

    def _finish(self, event: Json) -> list[Piece]:
        details: Json = event["delta"].get("stop_details") or {}
        delta: Json = {"refusal": details["explanation"]} if details.get("explanation") else {}
        thoughts = [block for block in self._blocks.values() if block["type"] in _THOUGHTS]
        if thoughts:
            whole = [{name: value for name, value in block.items() if name != "json"} for block in thoughts]
            delta["extra_content"] = {"anthropic": {"thinking": whole}}
        return [chunk(self._head, delta, finish=finish_of(event["delta"].get("stop_reason")) or "stop")]

    def _stop(self, _: Json) -> list[Piece]:
        return [usage_chunk(self._head, self._tally.usage or Usage())]

    def _delta(self, field: str, value: Any) -> Piece:
        return chunk(self._head, {field: value})

    def _arguments(self, block: Json, arguments: str) -> Piece:
        return self._delta("tool_calls", [{"index": block["call"], "function": {"arguments": arguments}}])
