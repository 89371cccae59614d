"""Prometheus metrics: counted in plain numbers on the request path, put into words when somebody scrapes them.

The client library's own counters cost more than everything else that is told of a request; it writes the exposition.
"""

import platform
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import NotPermitted
from kyozon.domain.feedback import Source
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.ports.telemetry import Gauge, GaugeSource, Words
from kyozon.telemetry.reached import reached
from kyozon.telemetry.tally import Tally

Place = tuple[str, str]
"""Provider and model."""

NOWHERE: Place = ("", "")
OTHER: Place = ("other", "other")
_PLACE = ("kind", "model", "provider", "zone")
_TIMES = {
    "kyozon_request_seconds": ("Seconds from the decision to the end of the answer.", "seconds"),
    "kyozon_first_token_seconds": (
        "Seconds to the first words of an answer; of a whole answer, to all of it.",
        "first_token",
    ),
}


class PrometheusMetrics:
    """A `ports.telemetry.Telemetry` that counts.

    A model's name becomes a label only where a card of that name is registered; every other one is counted as `other`. So
    neither the number of series nor their labels depend on what callers write.
    """

    def __init__(self, cards: Callable[[], Iterable[ModelCard]], gauges: Sequence[GaugeSource], version: str) -> None:
        self._cards = cards
        self._gauges = gauges
        self._version = version
        self._tallies: dict[tuple[str, Place], Tally] = {}
        self._refusals: defaultdict[str, int] = defaultdict(int)
        self._judgements: dict[str, int] = dict.fromkeys(get_args(Source), 0)
        self._running: set[str] = set()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def hears(self, label: Label) -> bool:  # noqa: ARG002 - the port's signature
        """Never: numbers need no words."""
        return False

    def exports(self, label: Label) -> bool:  # noqa: ARG002 - the port's signature
        """Never."""
        return False

    def decided(self, decision: Decision) -> None:
        """Count a request as running."""
        self._running.add(decision.id)

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:  # noqa: ARG002 - see above
        """Count its end, its calls, and for a refusal the rules that objected."""
        self._running.discard(decision.id)
        kind = decision.kind
        self._tally(kind, reached(decision, outcome)).ended(outcome)
        for attempt in outcome.attempts:
            self._tally(kind, (attempt.provider, attempt.model)).tried(attempt)
        if outcome.status == "refused":
            for rule in _rules(decision, outcome):
                self._refusals[rule] += 1

    def judged(self, source: Source) -> None:
        """Count a judgement of an answer."""
        self._judgements[source] += 1

    def exposition(self) -> bytes:
        """Everything as it stands, in Prometheus's text format 0.0.4, UTF-8."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What the client library asks for at a scrape."""
        yield InfoMetricFamily(
            "kyozon_build", "The version that runs.", {"version": self._version, "python": platform.python_version()}
        )
        yield GaugeMetricFamily("kyozon_requests_running", "Requests decided and not yet ended.", len(self._running))
        yield _counter(
            "kyozon_refusals",
            "Refusals by each rule that objected, or by the limit that was reached.",
            ("rule",),
            self._refused(),
        )
        yield _counter(
            "kyozon_feedback",
            "Judgements of answers: said by a person or a program, or seen where the same was asked again.",
            ("source",),
            (((source,), count) for source, count in self._judgements.items()),
        )
        yield from self._counted()
        yield from self._timed()
        yield from _levels(gauge for source in self._gauges for gauge in source())

    def _tally(self, kind: str, place: Place | None) -> Tally:
        place = place or NOWHERE
        return self._tallies.get((kind, place)) or self._admitted(kind, place)

    def _admitted(self, kind: str, place: Place) -> Tally:
        """The tally of a place not met before; one without a card is counted under `OTHER` and not remembered."""
        zones = {NOWHERE: "", OTHER: OTHER[1]} | {card.place: card.zone for card in self._cards()}
        known = place if place in zones else OTHER
        return self._tallies.setdefault((kind, known), Tally(zones[known]))

    def _refused(self) -> Iterator[tuple[tuple[str, ...], float]]:
        for rule, count in self._refusals.items():
            yield (rule,), count

    def _each(self) -> Iterator[tuple[tuple[str, str, str, str], Tally]]:
        for (kind, (provider, model)), tally in self._tallies.items():
            yield (kind, model, provider, tally.zone), tally

    def _counted(self) -> Iterator[Metric]:
        each = list(self._each())
        yield _counter(
            "kyozon_requests",
            "Requests by how they ended; the model is empty where none was reached.",
            (*_PLACE, "status"),
            (((*place, status), count) for place, tally in each for status, count in tally.statuses.items()),
        )
        yield _counter(
            "kyozon_attempts",
            "Calls to models by result: answered, or the code of the error.",
            (*_PLACE, "result"),
            (((*place, result), count) for place, tally in each for result, count in tally.attempts.items()),
        )
        yield _counter(
            "kyozon_tokens",
            "Tokens read (input) and written (output) by models.",
            (*_PLACE, "direction"),
            (((*place, name), getattr(tally, name)) for place, tally in each for name in ("input", "output")),
        )
        yield _counter(
            "kyozon_cached_tokens",
            "Input tokens that the provider's cache gave (read) or took (write); they are input tokens, too.",
            (*_PLACE, "operation"),
            (((*place, name), getattr(tally, f"cache_{name}")) for place, tally in each for name in ("read", "write")),
        )
        yield _counter(
            "kyozon_charges",
            "Money charged, in units of its currency.",
            (*_PLACE, "currency"),
            (((*place, currency), float(sum_)) for place, tally in each for currency, sum_ in tally.money.items()),
        )
        yield _counter(
            "kyozon_unpriced_answers",
            "Answers that no price is known for.",
            _PLACE,
            ((place, tally.unpriced) for place, tally in each),
        )

    def _timed(self) -> Iterator[Metric]:
        for name, (about, attribute) in _TIMES.items():
            family = HistogramMetricFamily(name, about, labels=_PLACE)
            for place, tally in self._each():
                histogram = getattr(tally, attribute)
                family.add_metric(place, histogram.buckets(), histogram.total)
            yield family


def _counter(
    name: str, about: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=labels)
    for found, value in values:
        family.add_metric(found, value)
    return family


def _levels(gauges: Iterable[Gauge]) -> Iterator[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for gauge in gauges:
        family = families.setdefault(gauge.name, GaugeMetricFamily(gauge.name, gauge.about, labels=tuple(gauge.labels)))
        family.add_metric(tuple(gauge.labels.values()), gauge.value)
    yield from families.values()


def _rules(decision: Decision, outcome: Outcome) -> set[str]:
    """The rules that objected to any model; the error's code where it was a limit, or where there is no model at all."""
    objections = [objection.rule for candidate in decision.candidates for objection in candidate.objections]
    return set(objections) if objections and outcome.error == NotPermitted.code else {outcome.error or "unknown"}
