"""The words in a request's JSON: each string with the name it stands under, and the same JSON with other words in it."""

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
_ENCODED = ("file_data", "data", "audio")
_DATA_URL = "data:"
_LEAST_DIGITS = 7


def looked_at(name: str, words: str) -> str:
    """The words as detectors see them: behind their name, unless that only says that they are words."""
    return words if name in _SPEECH else f"{name}: {words}"


def changed(value: Any, change: Change, name: str = "") -> Any:
    """JSON of the same shape with every string, and every number of many digits, given to `change`."""
    if isinstance(value, str):
        return _string(value, change, name)
    if isinstance(value, dict):
        return {
            key: one if key in _STRUCTURE and isinstance(one, str) else changed(one, change, key)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [changed(one, change, name) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and len(digits := str(value)) >= _LEAST_DIGITS:
        other = change(name, digits)
        return value if other == digits else other
    return value


def unreadable(value: Any, name: str = "") -> bool:
    """Whether something stands in the JSON that detectors cannot read: an image, a sound, a file, tokens."""
    if isinstance(value, str):
        return value.startswith(_DATA_URL) or (name in _ENCODED and len(value) > _LEAST_DIGITS and not value.isspace())
    if isinstance(value, dict):
        return value.get("type") in ("image", "image_url", "input_audio", "file", "document", "container_upload") or any(
            unreadable(one, key) for key, one in value.items()
        )
    return isinstance(value, list) and any(unreadable(one, name) for one in value)


def structure(value: Any) -> Iterator[str]:
    """The names in the JSON, and the strings that `changed` leaves alone: what leaves without having been changed."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            if key in _STRUCTURE and isinstance(one, str):
                yield one
            else:
                yield from structure(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from structure(one)


def _string(value: str, change: Change, name: str) -> str:
    """Arguments of tools are JSON in a string: they are changed inside, so that they stay JSON."""
    if value.startswith(_DATA_URL) or name in _ENCODED:
        return value
    if name == "arguments" and value[:1] in "{[":
        try:
            inside = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return change(name, value)
        other = changed(inside, change)
        return value if other == inside else msgspec.json.encode(other).decode()
    return change(name, value)
