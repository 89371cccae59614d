"""OpenAI chat completions as Anthropic's messages and stream events: Anthropic's dialect on its way out. Pure."""

from typing import Any, Self

import msgspec

from kyozon.domain.requests import Json
from kyozon.metering.normalise import from_openai

_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def to_message(completion: Json) -> Json:
    """The message that says what the first choice of a chat completion says.

    Reasoning becomes a thinking block. It has Anthropic's signature where the answer carries one in
    `extra_content.anthropic.thinking`, else an empty one. Arguments that are not a JSON object stand under `arguments`.
    """
    choice = completion["choices"][0]
    content = _content(choice["message"])
    called = any(block["type"] == "tool_use" for block in content)
    return {
        "id": completion.get("id", ""),
        "type": "message",
        "role": "assistant",
        "model": completion.get("model", ""),
        "content": content,
        **_stop(choice, called=called),
        "usage": _usage(completion.get("usage") or {}),
    }


def _content(message: Json) -> list[Json]:
    signed = ((message.get("extra_content") or {}).get("anthropic") or {}).get("thinking")
    content: list[Json] = list(signed or [])
    if not signed and message.get("reasoning_content"):
        content.append({"type": "thinking", "thinking": message["reasoning_content"], "signature": ""})
    if text := (message.get("content") or "") + (message.get("refusal") or ""):
        content.append({"type": "text", "text": text})
    for call in message.get("tool_calls") or []:
        function = call["function"]
        block = {"type": "tool_use", "id": call["id"], "name": function["name"], "input": _input(function.get("arguments"))}
        content.append(block)
    return content


def _input(arguments: str | None) -> Json:
    try:
        return msgspec.json.decode(arguments or "{}", type=Json)
    except msgspec.DecodeError:
        return {"arguments": arguments}


def _stop(choice: Json, *, called: bool) -> Json:
    """Some servers say `stop` after tool calls; some (vLLM) name the stop sequence they met in `stop_reason`."""
    finish = choice.get("finish_reason") or "stop"
    met = choice.get("stop_reason")
    reason = "tool_use" if called and finish == "stop" else _STOP.get(finish, "end_turn")
    if reason == "end_turn" and isinstance(met, str):
        return {"stop_reason": "stop_sequence", "stop_sequence": met, "stop_details": None}
    return {"stop_reason": reason, "stop_sequence": None, "stop_details": None}


def _usage(raw: Json) -> Json:
    """OpenAI counts cached tokens among the prompt's, Anthropic beside the input's."""
    usage = from_openai(raw)
    details = {"output_tokens_details": {"thinking_tokens": usage.reasoning}} if usage.reasoning else {}
    return {
        "input_tokens": usage.uncached,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
        **details,
    }


class _Call:
    """One tool call as it arrives: its argument text so far, and how much of it has been passed on."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.text = ""
        self.sent = 0

    def take(self, fragment: Json) -> None:
        function = fragment.get("function") or {}
        self.id = self.id or fragment.get("id") or ""
        self.name = self.name or function.get("name") or ""
        self.text += function.get("arguments") or ""

    @property
    def whole(self) -> bool:
        """Whether the arguments are complete; before the first of them has come, nobody knows."""
        try:
            msgspec.json.decode(self.text)
        except msgspec.DecodeError:
            return False
        return True


class MessageEvents:
    """Turns the payloads of OpenAI chunks into named Anthropic events, each with its JSON.

    Call `start`, `feed` for each payload, then `finish`, or `error` in its place. Blocks follow one another, whatever the
    order in which fragments of parallel tool calls arrive: those of a later call wait until the one before is whole.

    Args:
        message_id: the message's id.
        model: the name of the model that answers.
        input_tokens: an estimate for `message_start`; the provider's own count follows at the end where it gives one.
    """

    def __init__(self, message_id: str, model: str, input_tokens: int) -> None:
        self._id = message_id
        self._model = model
        self._input_tokens = input_tokens
        self._index = -1
        self._open: str | None = None
        self._calls: dict[int, _Call] = {}
        self._current: _Call | None = None
        self._waiting: list[_Call] = []
        self._choice: Json = {}
        self._usage: Json | None = None

    @classmethod
    def resumed(cls, block: int, open_block: str | None) -> Self:
        """In the middle of a message that began elsewhere: `block` is its last block, `open_block` its type while open."""
        events = cls("", "", 0)
        events._index, events._open = block, open_block
        return events

    def start(self) -> list[tuple[str, bytes]]:
        """The event that opens the message."""
        message: Json = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": self._input_tokens, "output_tokens": 0},
        }
        return [_event("message_start", message=message)]

    def feed(self, payload: bytes) -> list[tuple[str, bytes]]:
        """The events for one chunk; choices after the first are passed over, as a message is one answer."""
        chunk: Json = msgspec.json.decode(payload)
        self._usage = chunk.get("usage") or self._usage
        events = []
        for choice in chunk.get("choices") or []:
            if choice.get("index", 0) == 0:
                events += self._delta(choice.get("delta") or {})
                self._choice |= {name: choice[name] for name in ("finish_reason", "stop_reason") if choice.get(name)}
        return events

    def finish(self) -> list[tuple[str, bytes]]:
        """The events that end a whole answer."""
        events = self._flush()
        usage = _usage(self._usage) if self._usage else {"output_tokens": 0}
        delta = _stop(self._choice, called=bool(self._calls))
        return [*events, *self._close(), _event("message_delta", delta=delta, usage=usage), _event("message_stop")]

    def error(self, error_type: str, message: str) -> list[tuple[str, bytes]]:
        """The event that ends an answer which cannot be finished."""
        return [_event("error", error={"type": error_type, "message": message})]

    def _delta(self, delta: Json) -> list[tuple[str, bytes]]:
        events = []
        if thinking := delta.get("reasoning_content"):
            events += self._begin("thinking", {"type": "thinking", "thinking": "", "signature": ""})
            events.append(self._grow({"type": "thinking_delta", "thinking": thinking}))
        if text := (delta.get("content") or "") + (delta.get("refusal") or ""):
            events += self._begin("text", {"type": "text", "text": ""})
            events.append(self._grow({"type": "text_delta", "text": text}))
        for fragment in delta.get("tool_calls") or []:
            events += self._tool(fragment)
        return events

    def _tool(self, fragment: Json) -> list[tuple[str, bytes]]:
        index = fragment.get("index", 0)
        if index not in self._calls:
            self._calls[index] = _Call()
            self._waiting.append(self._calls[index])
        self._calls[index].take(fragment)
        events = self._arguments()
        while self._waiting and (self._current is None or self._current.whole):
            events += self._next()
        return events

    def _next(self) -> list[tuple[str, bytes]]:
        """Begin the block of the call that has waited longest."""
        call = self._current = self._waiting.pop(0)
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        return [*self._close(), *self._begin("tool_use", block), *self._arguments()]

    def _flush(self) -> list[tuple[str, bytes]]:
        events = self._arguments()
        while self._waiting:
            events += self._next()
        self._current = None
        return events

    def _arguments(self) -> list[tuple[str, bytes]]:
        """What the current call has said and was not passed on yet."""
        call = self._current
        if call is None or call.sent == len(call.text):
            return []
        fresh, call.sent = call.text[call.sent :], len(call.text)
        return [self._grow({"type": "input_json_delta", "partial_json": fresh})]

    def _begin(self, kind: str, block: Json) -> list[tuple[str, bytes]]:
        """Open a block of `kind` unless one is open; calls that still wait come before what follows them."""
        if self._open == kind:
            return []
        events = [] if kind == "tool_use" else self._flush()
        events += self._close()
        self._open = kind
        self._index += 1
        return [*events, _event("content_block_start", index=self._index, content_block=block)]

    def _grow(self, delta: Json) -> tuple[str, bytes]:
        return _event("content_block_delta", index=self._index, delta=delta)

    def _close(self) -> list[tuple[str, bytes]]:
        if self._open is None:
            return []
        self._open = None
        return [_event("content_block_stop", index=self._index)]


def _event(name: str, **fields: Any) -> tuple[str, bytes]:
    return name, msgspec.json.encode({"type": name, **fields})
