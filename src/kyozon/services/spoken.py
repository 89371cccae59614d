"""What an answer says in words, in either dialect, whole or streamed; whether it has the form that was asked for. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.requests import Dialect, Json
from kyozon.ports.provider import Answer, Piece
from kyozon.services.settling import Ending

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "integer": (int, float),
}


class Spoken(Struct, frozen=True):
    """An answer that is whole: its words, None where it says anything else than words; and how it stands in `ending`.

    `ending` holds what of it is paid: usage, the tokens of its text, why it finished.
    """

    words: str | None
    ending: Ending


def of_answer(answer: Answer, dialect: Dialect) -> Spoken:
    """A whole answer."""
    ending = Ending(status="answered", usage=answer.usage, finish=answer.finish)
    ending.heard(answer.text, 0.0)
    return Spoken(words_of([answer.payload], dialect), ending)


def of_stream(pieces: Iterable[Piece], dialect: Dialect) -> Spoken:
    """A streamed answer that has come to its end."""
    ending, payloads = Ending(status="answered"), list[bytes]()
    for piece in pieces:
        ending.took(piece, 0.0)
        payloads.append(piece.payload)
    return Spoken(words_of(payloads, dialect), ending)


def has_form(chat: Json, words: str) -> bool:
    """Whether an answer is the JSON that the request asks for; true where it asks for none.

    Of a schema the types, the required members and the listed values are looked at.
    """
    form = _object(chat.get("response_format"))
    if form.get("type") not in ("json_object", "json_schema"):
        return True
    try:
        found = msgspec.json.decode(words.encode())
        schema = _object(form.get("json_schema")).get("schema") if form["type"] == "json_schema" else {"type": "object"}
        return _fits(found, schema)
    except RecursionError:
        return True
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False


def _fits(found: Any, schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _TYPES and not _is(found, kind):
        return False
    listed = schema.get("enum")
    if isinstance(listed, list) and found not in listed:
        return False
    if isinstance(found, list):
        return all(_fits(each, schema.get("items")) for each in found)
    if not isinstance(found, dict):
        return True
    members, required = _object(schema.get("properties")), schema.get("required")
    there = not isinstance(required, list) or all(name in found for name in required if isinstance(name, str))
    return there and all(_fits(value, members.get(name)) for name, value in found.items())


def _object(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def _is(found: Any, kind: str) -> bool:
    if isinstance(found, bool):
        return kind == "boolean"
    whole = kind != "integer" or not isinstance(found, float) or found.is_integer()
    return isinstance(found, _TYPES[kind]) and whole


def words_of(payloads: Iterable[bytes], dialect: Dialect) -> str | None:
    """The words of an answer, of a stream's events together; None for a tool call, a refusal, or what cannot be read."""
    told = list[str]()
    try:
        for payload in payloads:
            event = msgspec.json.decode(payload, type=dict[str, Any])
            for part in _of_anthropic(event) if dialect == "anthropic" else _of_openai(event):
                if part is None:
                    return None
                told.append(part)
        return "".join(told)
    except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError, KeyError, TypeError, RecursionError):
        return None


def _of_openai(event: Json) -> Iterator[str | None]:
    for choice in event.get("choices") or ():
        message = choice.get("message") or choice.get("delta") or {}
        if message.get("tool_calls") or message.get("refusal") or message.get("function_call"):
            yield None
        content = message.get("content") or ""
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if part.get("type") == "text":
                yield part["text"]


def _of_anthropic(event: Json) -> Iterator[str | None]:
    """Of a message its blocks, of a stream's events those that begin or go on with a block."""
    block, delta = event.get("content_block"), event.get("delta") or {}
    for part in [*(event.get("content") or ()), *([block] if block else ())]:
        if part.get("type") == "text":
            yield part["text"]
        elif part.get("type") not in _THOUGHTS:
            yield None
    if delta.get("type") == "text_delta":
        yield delta["text"]
