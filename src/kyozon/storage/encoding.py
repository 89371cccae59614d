"""Values to and from `jsonb`. PostgreSQL text holds no NUL character: where a caller sent one, U+FFFD stands for it."""

import re
from typing import Any

import msgspec

_ESCAPE = re.compile(rb"\\(u0000|.)", re.DOTALL)
_encoder = msgspec.json.Encoder(order="deterministic")


def to_json(value: Any) -> str:
    """JSON of a domain value: decimals as strings (no digit is lost), times in ISO 8601, sets in one order."""
    encoded = _encoder.encode(value)
    if rb"\u0000" in encoded:
        encoded = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] == b"u0000" else found[0], encoded)
    return encoded.decode()


def to_text(value: str) -> str:
    """A string PostgreSQL can hold."""
    return value.replace("\0", "\ufffd")
