"""The words in a request's JSON: each string with the name it stands under, and the same JSON with other words in it."""

import json
import re
import string
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

Change = Callable[[str, str], str]
"""Takes a name and the words under it, and gives what is to stand in their place."""

# What a wire format means by these is no speech; a token there would be rejected, or make of a reference another one.
_STRUCTURE = frozenset(
    {
        "role",
        "type",
        "id",
        "tool_call_id",
        "tool_use_id",
        "call_id",
        "model",
        "object",
        "finish_reason",
        "signature",
        "media_type",
        "detail",
        "format",
    }
)
_SPEECH = frozenset({"content", "text", "thinking", "input", "arguments", "reasoning_content", "partial_json"})
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z_$.-]*[0-9]{0,2}")
_PLAIN_REFERENCE = re.compile(r"[A-Za-z0-9_.:/+=-]*")
_ENCODED = ("file_data", "data", "audio")
_BASE64 = (string.ascii_letters + string.digits + "+/=_-").encode()
_LEAST_ENCODED, _LEAST_LINE = 64, 30
_DATA_URL = re.compile(r"data:[^,\s]{0,200};base64,")
_DATA_URL_BEGUN = re.compile(r"data:[a-z]+/[\w.+-]+[;,]", re.IGNORECASE)
_LEAST_DIGITS = 7
_MOST_EXACT = 2**53


def looked_at(name: str, words: str) -> str:
    """The words as detectors see them: behind their name, unless that only says that they are words."""
    return words if name in _SPEECH else f"{name}: {words}"


def changed(value: Any, change: Change, name: str = "", *, given: bool = False) -> Any:
    """JSON of the same shape with every string, and every number of many digits, given to `change`.

    `given`: a tool's arguments, in which no wire format says what a name means.
    """
    if isinstance(value, str):
        return _string(value, change, name)
    if isinstance(value, dict):
        return {
            key: one if _is_reference(key, one, given=given) else changed(one, change, key, given=given or _gives(key, one))
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [changed(one, change, name, given=given) for one in value]
    if (digits := _digits(value)) is not None:
        other = change(name, digits)
        return value if other == digits else other
    return value


def unreadable(value: Any, name: str = "") -> bool:
    """Whether something stands in the JSON that detectors cannot read: an image, a sound, a file, tokens."""
    if isinstance(value, str):
        inside = _arguments(name, value)
        return _opaque(name, value) or _DATA_URL_BEGUN.match(value) is not None or unreadable(inside)
    if isinstance(value, dict):
        return value.get("type") in ("image", "image_url", "input_audio", "file", "document", "container_upload") or any(
            unreadable(one, key) for key, one in value.items()
        )
    if not isinstance(value, list):
        return False
    tokens = name == "input" and any(isinstance(one, int) for one in value)
    return tokens or any(unreadable(one, name) for one in value)


def structure(value: Any) -> Iterator[str]:
    """The names in the JSON, and the strings that `changed` leaves alone: what leaves without having been changed."""
    return (text for text, _ in _left_alone(value, given=False))


def doubtful(value: Any) -> Iterator[str]:
    """Of the structure what may be somebody's words: names and references in a form that programs do not give them."""
    for text, plain in _left_alone(value, given=False):
        if not plain.fullmatch(text):
            yield text


def _left_alone(value: Any, *, given: bool) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Each text that `changed` leaves alone, with the form that it has where no words stand in it."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key, _PLAIN_NAME
            if _is_reference(key, one, given=given):
                yield one, _PLAIN_REFERENCE
            elif (inside := _arguments(key, one)) is not None:
                yield from _left_alone(inside, given=True)
            else:
                yield from _left_alone(one, given=given or _gives(key, one))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _left_alone(one, given=given)


def _is_reference(name: str, value: Any, *, given: bool) -> bool:
    return not given and name in _STRUCTURE and isinstance(value, str)


def _gives(name: str, value: Any) -> bool:
    """Whether Anthropic's dialect has a tool's arguments here."""
    return name == "input" and isinstance(value, dict)


def _digits(value: Any) -> str | None:
    """A number of many digits, as people write it. JSON knows no difference between 7.0 and 7."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_EXACT:
        value = int(value)
    digits = str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    return digits if len(digits) >= _LEAST_DIGITS else None


def _opaque(name: str, value: str) -> bool:
    """Whether a file, an image or a sound is written in a string. Its name alone says nothing: words may stand there."""
    if begun := _DATA_URL.match(value):
        return _is_base64(value[begun.end() :])
    return name in _ENCODED and len(value) >= _LEAST_ENCODED and _is_base64(value)


def _is_base64(value: str) -> bool:
    """Words look otherwise: there are blanks and signs in them, and their lines end sooner."""
    if not value.isascii():
        return False
    rest = value.encode().translate(None, _BASE64)
    return not rest.strip(b"\r\n") and len(rest) * _LEAST_LINE <= len(value)


def _string(value: str, change: Change, name: str) -> str:
    """Arguments of tools are JSON in a string: they are changed inside, so that they stay JSON."""
    if _opaque(name, value):
        return value
    inside = _arguments(name, value)
    if inside is None:
        return change(name, value)
    other = changed(inside, change, given=True)
    return value if other == inside else msgspec.json.encode(other).decode()


def _arguments(name: str, value: Any) -> Any:
    """A tool's arguments; None for anything else, and for JSON that says a name twice: one of both would not be seen."""
    if name != "arguments" or not isinstance(value, str) or value[:1] not in ("{", "["):
        return None
    try:
        json.loads(value, object_pairs_hook=_once)
        return msgspec.json.decode(value)
    except (ValueError, RecursionError):  # msgspec's own is a ValueError
        return None


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name is said twice")
