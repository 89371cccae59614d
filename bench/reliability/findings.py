"""The figures of a run: what was kept, what happened, what the process looked like."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from bench.reliability.checks.accounts import NOT_SENT
from bench.reliability.checks.ceilings import beyond_reservation
from bench.reliability.conductor import SAMPLES, Sample
from bench.reliability.evidence import Evidence, cost, model_at, replayed, told
from bench.reliability.soaking import Soaked

_WARM = 10
"""Of how many parts of a run the first warms the process up."""
_RESTARTS = ("kill", "both", "replace", "drain")
_OK = 200


class Latency(Struct, frozen=True):
    """Milliseconds that answers took which met no trouble, after so many requests of the run."""

    requests: int
    p50: float
    p99: float


class Measured(Struct, frozen=True):
    """A run and what the checks found in it, by the name of the check."""

    soaked: Soaked
    violations: Mapping[str, Sequence[str]]

    @property
    def evidence(self) -> Evidence:
        """What was noted."""
        return self.soaked.evidence

    @property
    def broken(self) -> int:
        """Violations altogether."""
        return sum(map(len, self.violations.values()))

    @property
    def stretch(self) -> tuple[Sample, ...]:
        """Looks at the first process, from the end of its warm-up to its end."""
        samples = self.soaked.samples
        warm = self.evidence.setting.requests // _WARM
        first = [sample for sample in samples if sample.life == samples[0].life]
        return tuple(sample for sample in first if sample.requests >= warm) or tuple(first[-1:])

    @property
    def growth(self) -> float:
        """Of its resident memory over the stretch, as a part of what it was after the warm-up."""
        return self.stretch[-1].mib / self.stretch[0].mib - 1


def metrics(found: Measured) -> dict[str, float]:
    """The flat figures; times end in `_s` or `_ms`, MiB in `_mib`, money in `_usd`."""
    return {
        "requests": found.evidence.setting.requests,
        "seconds_s": found.soaked.seconds,
        "violations": found.broken,
        **{f"violations.{name}": len(texts) for name, texts in found.violations.items()},
        **dict(_clients(found.evidence)),
        **dict(_upstreams(found.evidence)),
        **dict(_books(found.evidence)),
        **dict(_happenings(found.evidence)),
        **dict(_process(found)),
    }


def answered_in(evidence: Evidence) -> list[Latency]:
    """Median and 99th percentile of whole, first answers to which nothing was done, for each part of the run."""
    every = max(1, evidence.setting.requests // SAMPLES)
    times: dict[int, list[float]] = {}
    for heard in evidence.notes.heard:
        if heard.whole and not heard.turn and not evidence.asked(heard.number).stream:
            times.setdefault(heard.number // every, []).append((heard.ended - heard.began) * 1000)
    return [Latency(part * every, *_middle_and_edge(times[part])) for part in sorted(times)]


def undercharged(evidence: Evidence) -> Decimal:
    """What upstreams reported for requests that a kill cut off, beyond what was charged for them."""
    missing = Decimal(0)
    for booked in evidence.books.decisions:
        if booked.status == "lost":
            calls = evidence.calls_of.get(booked.id, [])
            due = sum((cost(model_at(call.provider), used) for call in calls if (used := told(call))), Decimal(0))
            missing += max(Decimal(0), due - booked.amount)
    return missing


def _clients(evidence: Evidence) -> Iterator[tuple[str, float]]:
    heard = evidence.notes.heard
    yield "sent", sum(one.failure != "refused" for one in heard)
    yield "answered", sum(one.whole and not replayed(one) for one in heard)
    yield "replayed", sum(replayed(one) for one in heard)
    yield "left", sum(one.failure == "left" for one in heard)
    yield "cut_by_kill", sum(one.failure == "broken" for one in heard)
    yield "broken_off", sum(one.status == _OK and not one.whole and not one.failure for one in heard)
    for code, count in Counter(one.code for one in heard if one.status not in (0, _OK)).items():
        yield f"failure.{code}", count


def _upstreams(evidence: Evidence) -> Iterator[tuple[str, float]]:
    yield "upstream.calls", len(evidence.notes.served)
    for how, count in Counter(call.how for call in evidence.notes.served).items():
        yield f"upstream.{how}", count


def _books(evidence: Evidence) -> Iterator[tuple[str, float]]:
    books = evidence.books
    yield "decisions", len(books.decisions)
    for status, count in Counter(booked.status or "open" for booked in books.decisions).items():
        yield f"decision.{status}", count
    tries = [tried for booked in books.decisions for tried in booked.attempts]
    yield "attempts", sum(tried.error not in NOT_SENT for tried in tries)
    yield "transactions", len(books.entries)
    yield "charged_usd", float(sum(entry.amount for entry in books.entries if entry.kind == "settle"))
    yield "beyond_reservation_usd", float(sum(map(beyond_reservation, books.decisions)))
    yield "lost_undercharged_usd", float(undercharged(evidence))


def _happenings(evidence: Evidence) -> Iterator[tuple[str, float]]:
    happenings = evidence.notes.happenings
    for what in ("database", *_RESTARTS):
        times = [one.ended - one.began for one in happenings if one.what == what]
        yield f"{what}.times", len(times)
        yield f"{what}.longest_s", max(times, default=0.0)
    yield "recovered", sum(one.recovered for one in happenings)


def _process(found: Measured) -> Iterator[tuple[str, float]]:
    warm, end = found.stretch[0], found.stretch[-1]
    yield "stretch_requests", end.requests - warm.requests
    yield "memory.warm_mib", warm.mib
    yield "memory.end_mib", end.mib
    yield "memory.most_mib", max(sample.mib for sample in found.stretch)
    yield "memory.growth", found.growth
    for name in ("files", "threads"):
        counts = [getattr(sample, name) for sample in found.stretch]
        yield f"{name}.warm", counts[0]
        yield f"{name}.end", counts[-1]
        yield f"{name}.most", max(counts)


def _middle_and_edge(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    return statistics.median(values), statistics.quantiles(values, n=100, method="inclusive")[98]
