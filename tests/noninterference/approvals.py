"""The oracle's own book of what people have decided: which words may leave once, and which answers may be read by whom."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from tests.noninterference.oracle import Secrecy, tokens_in

_HOW_IT_COMES = {"stream", "stream_options", "max_tokens", "max_completion_tokens"}


class Sender(Struct, frozen=True):
    """Who sends a request, and what for."""

    tenant: str
    person: str
    purpose: str


class Leaving(Struct, frozen=True):
    """Words on their way into a zone, and how secret they are at this moment."""

    sender: Sender | None
    zone: str
    words: Any
    secrecy: Secrecy
    policy: int
    at: datetime


class Approval(Struct):
    """A person's word that something may go to one zone, once: what stood before the person who gave it."""

    sender: Sender
    zone: str
    words: Any
    shown: Secrecy
    policy: int
    until: datetime
    used: bool = False

    def fits(self, leaving: Leaving) -> bool:
        """Whether these are the words, for that zone, of that person and purpose, no more secret than they were shown."""
        same = (self.sender, self.zone, self.words, self.policy)
        return (
            same == (leaving.sender, leaving.zone, leaving.words, leaving.policy)
            and self.shown.with_(leaving.secrecy) == self.shown
            and leaving.at < self.until
        )


class Hold(Struct):
    """An answer that a person is to look at first: whose it is, and until when it may be read, once approved."""

    person: str
    until: datetime | None = None

    def may_read(self, person: str, at: datetime) -> bool:
        return self.until is not None and person == self.person and at < self.until


class Watch(Struct, frozen=True):
    """Which answers a person is to look at first."""

    people: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    least: tuple[Secrecy, ...] = ()

    def holds(self, who: str, zones: set[str], secrecy: Secrecy) -> bool:
        """Whether an answer to `who`, spoken in these zones, to a request as secret as that, is one of them."""
        return who in self.people or bool(self.zones & zones) or any(secrecy.with_(one) == secrecy for one in self.least)


class Approvals:
    """Every approval and every answer that was held back."""

    def __init__(self) -> None:
        self.given: list[Approval] = []
        self.held: dict[str, Hold] = {}
        """By the canary that stands in the answer and nowhere else."""

    def cover(self, leaving: Leaving) -> bool:
        """Whether somebody has approved that, used since or not."""
        return any(approval.fits(leaving) for approval in self.given)

    def use(self, leaving: Leaving) -> bool:
        """Whether somebody has approved that, for a first time."""
        found = next((approval for approval in self.given if approval.fits(leaving) and not approval.used), None)
        if found is None:
            return False
        found.used = True
        return True


def words_of(payload: bytes) -> Any:
    """What is said in bytes; of a request, without how its answer is to come."""
    return without_how(json.loads(payload)) if payload.startswith(b"{") else payload


def without_how(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body without the switches about how its answer comes: where words stand in those, they are words."""
    return {name: value for name, value in body.items() if name not in _HOW_IT_COMES or tokens_in(str(value))}
