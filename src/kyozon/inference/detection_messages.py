"""What a server and its detection processes say to each other: msgpack behind four bytes that say how long it is."""

import msgspec
from msgspec import Struct

from kyozon.domain.masking import Span

HEAD_BYTES = 4


class FindRequest(Struct, tag="find"):
    """Look for personal data and secrets."""

    texts: list[str]


class LeftoversRequest(Struct, tag="leftovers"):
    """Look whether anything of `removed`, or anything else, is left."""

    texts: list[str]
    removed: list[str]


class Found(Struct, tag="found"):
    """The answer to `FindRequest`."""

    spans: list[tuple[Span, ...]]


class Leftovers(Struct, tag="left"):
    """The answer to `LeftoversRequest`: names of checks."""

    failed: list[str]


Question = FindRequest | LeftoversRequest
Reply = Found | Leftovers


def framed(message: Question | Reply) -> bytes:
    """A message as it goes over the pipe."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(HEAD_BYTES, "big") + body
