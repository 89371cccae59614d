"""A server's prompt cache that all callers share: what an answer tells of it, one caller would learn of another's prompt.

Whoever guesses the beginning of a confidential prompt could read from the count of cached tokens how far that is right.
The time an answer takes still tells a little: side channels of that kind are not closed here.
"""

import msgspec

from kyozon.domain.requests import Json
from kyozon.providers.sse import NOT_JSON

_FIELDS = ("timings", "prompt_progress", "__verbose")
_TELLING = tuple(f'"{name}"'.encode() for name in (*_FIELDS, "prompt_tokens_details"))


def hide(answer: Json) -> bool:
    """Take out how much of the prompt was in the cache; says whether anything was there."""
    usage = answer.get("usage")
    found = [usage.pop("prompt_tokens_details", None)] if isinstance(usage, dict) else []
    found += [answer.pop(name, None) for name in _FIELDS]
    return any(one is not None for one in found)


def hidden(event: bytes) -> bytes:
    """An event without it; the bytes of all others, and of one that is no JSON object, stay as they are."""
    if not any(word in event for word in _TELLING):
        return event
    try:
        chunk = msgspec.json.decode(event, type=Json)
    except NOT_JSON:
        return event
    return msgspec.json.encode(chunk) if hide(chunk) else event
