"""Counting, as cheaply as it can be done: an observation costs a few increments, everything else waits for the scrape."""

from bisect import bisect_left
from collections import defaultdict
from decimal import Decimal

from msgspec import Struct, field

from kyozon.domain.decisions import Attempt, Outcome
from kyozon.domain.usage import Charge, Usage

BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36)
"""Upper bounds in seconds: those of OpenTelemetry's GenAI durations, and three more up to the patience of a request."""


class Histogram(Struct):
    """Observations per bound, the last place for those above all of them, and their sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def observe(self, milliseconds: int) -> None:
        """Count one duration."""
        seconds = milliseconds / 1000
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts by upper bound, as Prometheus has them."""
        found, below = [], 0
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self.counts, strict=True):
            below += count
            found.append((bound, float(below)))
        return found


class Tally(Struct):
    """Everything counted of one kind of request at one model in one zone; `money` and `statuses` grow with their keys."""

    zone: str
    statuses: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    attempts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    money: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    unpriced: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    seconds: Histogram = field(default_factory=Histogram)
    first_token: Histogram = field(default_factory=Histogram)

    def ended(self, outcome: Outcome) -> None:
        """Count the end of a request."""
        self.statuses[outcome.status] += 1
        self._spent(outcome.usage, outcome.charge)
        if outcome.total_ms is not None:
            self.seconds.observe(outcome.total_ms)
        if outcome.first_token_ms is not None:
            self.first_token.observe(outcome.first_token_ms)

    def tried(self, attempt: Attempt) -> None:
        """Count one call, and what it cost where another model took over."""
        self.attempts[attempt.error or "answered"] += 1
        if attempt.usage is not None and attempt.charge is not None:
            self._spent(attempt.usage, attempt.charge)

    def _spent(self, usage: Usage, charge: Charge) -> None:
        read = usage.input
        if not read and not usage.output:
            return
        self.input += read
        self.output += usage.output
        self.cache_read += usage.cache_read
        self.cache_write += usage.cache_write
        if charge.priced:
            self.money[charge.currency] += charge.amount
        else:
            self.unpriced += 1
