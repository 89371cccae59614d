"""What a stream had said when it broke, where another model can go on from that, and how it is asked to. Pure.

The words so far go back as the assistant's turn, and a turn of the user's asks for the rest: several vendors refuse a
conversation that ends with the assistant's own turn, and none refuses this one.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.requests import Dialect, Json

GO_ON = (
    "The connection was lost and your answer above was cut off. Write only the rest of it, beginning with the very next "
    "character: repeat nothing, announce nothing, apologise for nothing, and keep its language and its format."
)

_HEAD = ("id", "object", "created", "model")
_WORDS = frozenset({"role", "content", "reasoning_content", "reasoning", "reasoning_details"})
_BLOCKS = (None, "text", "thinking", "redacted_thinking")
_DELTAS = ("text_delta", "thinking_delta", "signature_delta")
_FORMS = (
    "grammar",
    "guided_choice",
    "guided_grammar",
    "guided_json",
    "guided_regex",
    "json_schema",
    "output_format",
    "structured_outputs",
)
"""What servers beside OpenAI's own call an output that must follow a form."""


class SoFar(Struct, frozen=True):
    """The words of an answer so far, and what its stream must keep to.

    `head` is what all chunks of an OpenAI stream share. `block` is the index of the last block of an Anthropic message,
    `open_block` its type unless it is closed.
    """

    text: str
    head: Json = {}
    block: int = -1
    open_block: str | None = None


def may_go_on(chat: Json) -> bool:
    """Whether the rest of an answer to this request can come from another model.

    Several answers at once, log-probabilities, and answers that must follow a schema or a grammar cannot: a model would
    begin the form again from its start.
    """
    form = chat.get("response_format") or {"type": "text"}
    several = (chat.get("n") or 1) > 1
    return not (several or chat.get("logprobs") or form.get("type") != "text" or any(chat.get(name) for name in _FORMS))


def so_far(payloads: Sequence[bytes], dialect: Dialect) -> SoFar | None:
    """What was said in the events passed on; None where nobody could honestly go on from there.

    So it is where the answer has said no words yet (thoughts are those of the model that thought them), where it says
    anything but words (a tool call, a refusal, a citation), and where it had already come to its end.
    """
    try:
        found = _of_events(payloads) if dialect == "anthropic" else _of_chunks(payloads)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found is not None and found.text.strip() else None


def go_on_from(chat: Json, text: str) -> Json:
    """The request for the rest of an answer that has said `text`."""
    *before, last = chat["messages"]
    said: Json = {"role": "assistant", "content": text}
    if last.get("role") == "assistant" and isinstance(last.get("content"), str) and not last.get("tool_calls"):
        said = {**last, "content": last["content"] + text}  # the caller had begun the answer himself
    else:
        before.append(last)
    return {**chat, "messages": [*before, said, {"role": "user", "content": GO_ON}]}


def limited(chat: Json, ceiling: int | None) -> Json:
    """The request with a ceiling of output tokens; as it is without one."""
    if ceiling is None:
        return chat
    return {name: value for name, value in chat.items() if name != "max_tokens"} | {"max_completion_tokens": ceiling}


class _Choice(Struct):
    index: int = 0
    delta: Json | None = None
    finish_reason: Any = None


class _Chunk(Struct):
    choices: list[_Choice] | None = None


def _of_chunks(payloads: Sequence[bytes]) -> SoFar | None:
    text = []
    for payload in payloads:
        for choice in msgspec.json.decode(payload, type=_Chunk).choices or []:
            delta = choice.delta or {}
            words = delta.get("content") or ""
            more = any(value for name, value in delta.items() if name not in _WORDS)
            if choice.index or choice.finish_reason or more or not isinstance(words, str):
                return None
            text.append(words)
    last = msgspec.json.decode(payloads[-1], type=Json)  # some vendors leave the head of the first chunk empty
    return SoFar("".join(text), {name: last[name] for name in _HEAD if name in last})


class _Part(Struct):
    type: str | None = None
    text: str | None = None


class _Event(Struct):
    type: str
    index: int = 0
    content_block: _Part | None = None
    delta: _Part | None = None


def _of_events(payloads: Sequence[bytes]) -> SoFar | None:
    text, block, kind = [], -1, None
    for payload in payloads:
        event = msgspec.json.decode(payload, type=_Event)
        match event:
            case _Event(type="message_start" | "ping"):
                continue
            case _Event(type="content_block_start", content_block=_Part() as part):
                block, kind = event.index, part.type
            case _Event(type="content_block_delta", delta=_Part() as part) if part.type in _DELTAS:
                pass
            case _Event(type="content_block_stop"):
                part, kind = _Part(), None
            case _:
                return None
        if kind not in _BLOCKS:
            return None
        text.append(part.text or "")
    return SoFar("".join(text), block=block, open_block=kind) if kind in (None, "text") else None
