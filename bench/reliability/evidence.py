"""Everything that was noted in a run, put side by side: what clients heard, upstreams served, and the books say."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any

from msgspec import Struct

from bench.reliability.books import Booked, Books, Entry, Tokens
from bench.reliability.journals import Happening, Heard, Life, Served
from bench.reliability.parties import MODELS
from bench.reliability.plan import TOKENS_PER_WORD, Asked, asked

_MILLION = Decimal(1_000_000)
_MOST = 10**9
DOWN = ("kill", "both")
AWAY = ("database", "both")
_GRACE = 2.0
"""Seconds after a kill in which its last victims may still be told: a journal that waits looks again once a second."""


class Setting(Struct, frozen=True):
    """What a run was: its seed, its number of requests, and the name of each key by its id."""

    seed: int
    requests: int
    keys: Mapping[str, str]


class Notes(Struct, frozen=True):
    """What was noted while it ran."""

    served: Sequence[Served]
    heard: Sequence[Heard]
    happenings: Sequence[Happening]
    lives: Sequence[Life]


class Evidence:
    """The notes and the books of one run, joined by the number of the request."""

    def __init__(self, setting: Setting, notes: Notes, books: Books) -> None:
        self.setting = setting
        self.notes = notes
        self.books = books

    def asked(self, number: int) -> Asked:
        """The plan of a request."""
        return asked(self.setting.seed, number)

    @cached_property
    def decisions(self) -> dict[str, Booked]:
        """By id."""
        return {booked.id: booked for booked in self.books.decisions}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of a request by what the records call it."""
        return {heard.body_sha256: heard.number for heard in self.notes.heard}

    @cached_property
    def heard_of(self) -> dict[int, list[Heard]]:
        """What was heard, by number."""
        return _grouped(self.notes.heard, "number")

    @cached_property
    def decisions_of(self) -> dict[int, list[Booked]]:
        """Decisions by number, oldest first; those of no request that was ever asked stand under -1."""
        found = defaultdict(list)
        for booked in sorted(self.books.decisions, key=lambda booked: booked.at):
            found[self.numbers.get(booked.body_sha256, -1)].append(booked)
        return found

    @cached_property
    def entries_of(self) -> dict[str, list[Entry]]:
        """The ledger's transactions by decision."""
        return _grouped(self.books.entries, "decision_id")

    @cached_property
    def calls_of(self) -> dict[str, list[Served]]:
        """What the upstreams served by decision, oldest first: each call belongs to the last one made before it.

        Those before which there was none stand under the empty name.
        """
        found = defaultdict(list)
        for call in sorted(self.notes.served, key=lambda call: call.began):
            decisions = self.decisions_of.get(call.number, [])
            place = bisect_right(decisions, call.began, key=lambda booked: booked.at)
            found[decisions[place - 1].id if place else ""].append(call)
        return found

    @cached_property
    def seen_of(self) -> dict[str, int]:
        """Words that a client saw of a decision's own answer."""
        found: dict[str, int] = {}
        for heard in self.notes.heard:
            if heard.decision and not replayed(heard):
                found[heard.decision] = heard.words
        return found

    def during(self, heard: Heard, kinds: Sequence[str]) -> bool:
        """Whether one of these things happened while a request was under way, or had just happened."""
        happened = (one for one in self.notes.happenings if one.what in kinds)
        return any(heard.began <= one.ended + _GRACE and heard.ended >= one.began for one in happened)


def replayed(heard: Heard) -> bool:
    """Whether a kept answer was given again."""
    return heard.headers.get("x-kyozon-replayed") == "true"


def told(call: Served) -> Tokens | None:
    """The usage that an upstream reported, as its vendor's documentation says that it is to be read; None for no number.

    This is a second reading beside Kyozon's own, from the journal of the upstream.
    """
    raw = call.told or {}
    if call.format == "anthropic":
        found = Tokens(
            uncached=_count(raw.get("input_tokens")),
            cache_read=_count(raw.get("cache_read_input_tokens")),
            cache_write=_count(raw.get("cache_creation_input_tokens")),
            output=_count(raw.get("output_tokens")),
        )
    else:
        prompt = _count(raw.get("prompt_tokens"))
        cached = min(prompt, _count((raw.get("prompt_tokens_details") or {}).get("cached_tokens")))
        found = Tokens(uncached=prompt - cached, cache_read=cached, output=_count(raw.get("completion_tokens")))
    return found if found.all else None


def spoken(words: int) -> int:
    """The tokens of so many words."""
    return words * TOKENS_PER_WORD


def model_at(provider: str) -> str:
    """The model that a provider serves."""
    return next(name for name, model in MODELS.items() if provider in model.providers)


def cost(model: str, used: Tokens) -> Decimal:
    """What so many tokens of a model cost, exactly."""
    price = MODELS[model]
    amount = used.uncached * price.input + used.cache_read * price.cached + used.cache_write * price.written
    return (amount + used.output * price.output) / _MILLION


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value <= _MOST else 0


def _grouped(rows: Sequence[Any], name: str) -> dict[Any, list[Any]]:
    found = defaultdict(list)
    of = attrgetter(name)
    for row in rows:
        found[of(row)].append(row)
    return found
