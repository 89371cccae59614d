"""A run of a few requests made up for tests: clients, upstreams and books agree in everything."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import Struct, field, structs

from bench.reliability.asking import sha256
from bench.reliability.books import Booked, Books, Entry, Price, Tokens, Tried
from bench.reliability.evidence import Evidence, Notes, Setting, cost
from bench.reliability.journals import Happening, Heard, Life, Served
from bench.reliability.plan import Asked, asked

SEED = 7
ESTIMATED, CEILING = 20, 64
HELD = Decimal("0.01")
MODEL, PROVIDER = "swift", "east"


class Story(Struct):
    """What was noted and booked so far; each request has ten seconds of its own."""

    served: list[Served] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    decisions: list[Booked] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    lives: list[Life] = field(default_factory=lambda: [Life(0.0, 10_000.0)])
    extra: list[Entry] = field(default_factory=list)

    def evidence(self) -> Evidence:
        """As the checks read it; the ledger is as the decisions want it, and what stands in `extra`."""
        entries = [entry for booked in self.decisions for entry in ledger(booked)]
        names = {entry.id for entry in self.extra}
        entries = [entry for entry in entries if entry.id not in names] + [entry for entry in self.extra if entry.kind]
        notes = Notes(self.served, self.heard, self.happenings, self.lives)
        held = {f"key:{booked.key_id}:held": booked.held for booked in self.decisions if booked.status is None}
        sums = {"USD": sum((entry.total for entry in entries), Decimal(0))}
        return Evidence(
            Setting(SEED, 1_000, {"key_1": "open"}), notes, Books(tuple(self.decisions), tuple(entries), sums, held)
        )

    def answered(self, request: Asked, **changes: Any) -> Heard:
        """A whole answer."""
        used = Tokens(uncached=10, output=2 * request.words)
        booked = self.decided(request, status="answered", model=MODEL, used=used, attempts=(Tried(MODEL, PROVIDER),))
        told = {"prompt_tokens": 10, "completion_tokens": 2 * request.words}
        self.called(request, how="whole", words=request.words, told=told, began_answer=True)
        heard = {"status": 200, "decision": booked.id, "whole": True, "words": request.words, "answer": "a", "digest": "d"}
        return self.told(request, **heard | changes)

    def decided(self, request: Asked, **changes: Any) -> Booked:
        """A decision with its outcome, charged as the price wants it."""
        at = moment(request)
        plain = Booked(
            id=f"dec_{len(self.decisions)}",
            at=at,
            key_id="key_1",
            tenant="default",
            user="somebody",
            chosen=MODEL,
            body_sha256=sha256(request),
            estimated=ESTIMATED,
            ceiling=CEILING,
            held=HELD,
            tried=(MODEL,),
            ended=at + 2,
        )
        booked = structs.replace(plain, **changes)
        if booked.model is not None:
            booked = structs.replace(booked, amount=cost(booked.model, booked.used))
        self.decisions.append(booked)
        return booked

    def called(self, request: Asked, **changes: Any) -> None:
        """A call that an upstream got."""
        at = moment(request) + 0.5
        id_ = f"{PROVIDER}-{request.number:05d}-{len(self.served)}"
        plain = Served(id_, request.number, PROVIDER, "openai", request.stream, at, at + 1, "left")
        self.served.append(structs.replace(plain, **changes))

    def told(self, request: Asked, **changes: Any) -> Heard:
        """What a client heard."""
        at = moment(request)
        heard = structs.replace(Heard(request.number, 0, at - 1, at + 3, sha256(request)), **changes)
        self.heard.append(heard)
        return heard

    def change(self, rows: str, place: int, **changes: Any) -> None:
        """Alter one line."""
        listed = getattr(self, rows)
        listed[place] = structs.replace(listed[place], **changes)


def ledger(booked: Booked) -> list[Entry]:
    """The transactions that a decision should have."""
    found = [_entry("hold", booked, booked.held)] if booked.held else []
    if booked.status is not None and booked.held:
        found.append(_entry("release", booked, booked.held))
    if booked.amount:
        found.append(_entry("settle", booked, booked.amount))
    charged = ((place, tried.charge) for place, tried in enumerate(booked.attempts, start=1) if tried.charge is not None)
    return [*found, *(_entry("settle", booked, charge.amount, f":attempt-{place}") for place, charge in charged)]


def broken_attempt() -> Tried:
    """An attempt whose answer broke before its first words."""
    used = Tokens(uncached=ESTIMATED)
    return Tried(MODEL, PROVIDER, "stream_broken", used, Price(cost(MODEL, used)))


def request_that(fits: Callable[[Asked], bool], nth: int = 0) -> Asked:
    """The nth request of the plan that fits."""
    return [request for request in (asked(SEED, number) for number in range(1_000)) if fits(request)][nth]


def plain(request: Asked) -> bool:
    """Whether nothing is particular about it."""
    return not (request.mistake or request.repeats or request.leaves_after or request.leaves_words)


def moment(request: Asked) -> float:
    """When it is decided."""
    return 100.0 + 10 * request.number


def _entry(kind: str, booked: Booked, amount: Decimal, part: str = "") -> Entry:
    return Entry(f"{kind}:{booked.id}{part}", kind, booked.id, "USD", Decimal(0), amount)
