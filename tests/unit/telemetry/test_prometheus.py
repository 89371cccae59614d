"""What is told is counted once, under names that callers cannot choose."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.decisions import Attempt, Candidate, Decision, Outcome, OutcomeStatus
from kyozon.domain.models import ModelCard
from kyozon.domain.usage import Charge, Usage
from kyozon.ports.telemetry import Gauge
from kyozon.telemetry.prometheus import PrometheusMetrics
from tests.fakes.telemetry_samples import CHEAP, DEAR, DECISION, IN_HOUSE, decision, outcome, refused, scraped

CARDS = [ModelCard(found.model, found.provider, found.model, found.zone) for found in (CHEAP, DEAR, IN_HOUSE)]
AT_CHEAP = {"kind": "chat", "model": "cheap", "provider": "bargain", "zone": "external"}
AT_IN_HOUSE = {"kind": "chat", "model": "in-house", "provider": "local", "zone": "host"}
AT_OTHER = {"kind": "chat", "model": "other", "provider": "other", "zone": "other"}
NOWHERE = {"kind": "chat", "model": "", "provider": "", "zone": ""}


def metrics(cards: list[ModelCard] = CARDS) -> PrometheusMetrics:
    return PrometheusMetrics(lambda: cards, (), "1.2.3")


def value(found: PrometheusMetrics, name: str, **labels: str) -> float | None:
    return scraped(found.exposition()).get(name, {}).get(frozenset(labels.items()))


def test_an_answer_is_counted_once() -> None:
    watching = metrics()
    watching.decided(DECISION)
    assert value(watching, "kyozon_requests_running") == 1
    watching.ended(DECISION, outcome())
    assert value(watching, "kyozon_requests_running") == 0
    assert value(watching, "kyozon_requests_total", **AT_CHEAP, status="answered") == 1
    assert value(watching, "kyozon_attempts_total", **AT_CHEAP, result="answered") == 1
    assert value(watching, "kyozon_tokens_total", **AT_CHEAP, direction="input") == 100
    assert value(watching, "kyozon_tokens_total", **AT_CHEAP, direction="output") == 40
    assert value(watching, "kyozon_cached_tokens_total", **AT_CHEAP, operation="read") == 20
    assert value(watching, "kyozon_cached_tokens_total", **AT_CHEAP, operation="write") == 10
    assert value(watching, "kyozon_charges_total", **AT_CHEAP, currency="USD") == pytest.approx(0.0012)
    assert value(watching, "kyozon_unpriced_answers_total", **AT_CHEAP) == 0
    assert value(watching, "kyozon_request_seconds_sum", **AT_CHEAP) == pytest.approx(1.5)
    assert value(watching, "kyozon_first_token_seconds_count", **AT_CHEAP) == 1


def test_durations_stand_in_the_bucket_whose_bound_they_reach() -> None:
    watching = metrics()
    for milliseconds in (10, 11, 700_000):
        watching.ended(DECISION, outcome(total_ms=milliseconds))
    bounds = {"0.01": 1, "0.02": 2, "655.36": 2, "+Inf": 3}
    assert {le: value(watching, "kyozon_request_seconds_bucket", **AT_CHEAP, le=le) for le in bounds} == bounds


def test_what_a_broken_attempt_cost_is_counted_where_it_was_spent() -> None:
    broken = Attempt("cheap", "bargain", "stream_broken", None, Usage(uncached=50), Charge(Decimal("0.5")))
    watching = metrics()
    watching.ended(DECISION, outcome(model="in-house", attempts=(broken, Attempt("in-house", "local"))))
    assert value(watching, "kyozon_attempts_total", **AT_CHEAP, result="stream_broken") == 1
    assert value(watching, "kyozon_tokens_total", **AT_CHEAP, direction="input") == 50
    assert value(watching, "kyozon_charges_total", **AT_CHEAP, currency="USD") == 0.5
    assert value(watching, "kyozon_requests_total", **AT_CHEAP, status="answered") is None
    assert value(watching, "kyozon_requests_total", **AT_IN_HOUSE, status="answered") == 1


def test_money_without_a_price_is_no_money() -> None:
    watching = metrics()
    watching.ended(DECISION, outcome(charge=Charge(Decimal(0), priced=False)))
    assert value(watching, "kyozon_unpriced_answers_total", **AT_CHEAP) == 1
    assert value(watching, "kyozon_charges_total", **AT_CHEAP, currency="USD") is None


@pytest.mark.parametrize("error", ["rate_limit_exceeded", "insufficient_quota"])
def test_a_limit_is_no_objection(error: str) -> None:
    watching = metrics()
    watching.ended(DECISION, refused(error))
    assert scraped(watching.exposition())["kyozon_refusals_total"] == {frozenset({("rule", error)}): 1}


def test_a_refusal_names_each_rule_once() -> None:
    watching = metrics()
    candidates = (DEAR, structs.replace(DEAR, model="dearer"))
    watching.ended(decision(candidates=candidates, chosen=None), refused("not_permitted"))
    assert scraped(watching.exposition())["kyozon_refusals_total"] == {frozenset({("rule", "clearance")}): 1}
    assert value(watching, "kyozon_requests_total", **NOWHERE, status="refused") == 1


def test_a_failure_belongs_to_the_model_tried_last() -> None:
    watching = metrics()
    attempts = (Attempt("cheap", "bargain", "provider_failed", 500), Attempt("in-house", "local", "model_not_ready"))
    watching.ended(DECISION, outcome(status="failed", model=None, usage=Usage(), attempts=attempts))
    assert value(watching, "kyozon_requests_total", **AT_IN_HOUSE, status="failed") == 1


def test_a_caller_who_left_early_left_the_model_that_was_asked() -> None:
    watching = metrics()
    watching.ended(DECISION, outcome(status="left", attempts=()))
    assert value(watching, "kyozon_requests_total", **AT_CHEAP, status="left") == 1


def test_a_model_is_known_as_soon_as_it_has_a_card() -> None:
    cards = list[ModelCard]()
    watching = metrics(cards)
    watching.ended(DECISION, outcome())
    cards += CARDS
    watching.ended(DECISION, outcome())
    assert value(watching, "kyozon_requests_total", **AT_OTHER, status="answered") == 1
    assert value(watching, "kyozon_requests_total", **AT_CHEAP, status="answered") == 1


def test_gauges_are_asked_at_the_scrape() -> None:
    states = {"cheap": 0.0, "dear": 1.0}

    def breakers() -> list[Gauge]:
        return [Gauge("kyozon_breaker_state", "0 closed.", state, {"model": name}) for name, state in states.items()]

    watching = PrometheusMetrics(list, [breakers, lambda: [Gauge("kyozon_journal_pending", "Waiting.", 7)]], "1.2.3")
    assert value(watching, "kyozon_breaker_state", model="dear") == 1
    assert value(watching, "kyozon_journal_pending") == 7
    states["dear"] = 2.0
    assert value(watching, "kyozon_breaker_state", model="dear") == 2


def test_the_build_and_the_process_are_there() -> None:
    text = metrics().exposition().decode()
    assert 'version="1.2.3"' in text
    assert "process_cpu_seconds_total" in text


WEIRD = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["cheap", "other", '"}', "\\", "\n"]
)
STATUSES: list[OutcomeStatus] = ["answered", "broken", "left", "failed", "refused", "lost"]
ALLOWED: dict[str, set[str]] = {
    "kind": {"chat"},
    "model": {"cheap", "dear", "in-house", "other", ""},
    "provider": {"bargain", "boutique", "local", "other", ""},
    "zone": {"external", "host", "other", ""},
    "status": {*STATUSES},
    "result": {"answered", "provider_failed"},
    "direction": {"input", "output"},
    "operation": {"read", "write"},
    "currency": {"USD"},
    "source": {"person", "program", "retry", "edit", "escalation"},
    "rule": {"clearance", "not_permitted", "rate_limit_exceeded"},
}


@st.composite
def told(draw: st.DrawFn) -> tuple[Decision, Outcome]:
    """Whatever a caller writes and whichever model a record names."""
    model, provider = draw(WEIRD), draw(WEIRD)
    status = draw(st.sampled_from(STATUSES))
    attempts = (Attempt(model, provider, draw(st.sampled_from([None, "provider_failed"]))),) if draw(st.booleans()) else ()
    candidates = (*DECISION.candidates, Candidate(draw(WEIRD), draw(WEIRD), draw(WEIRD), rank=3))
    asked = {name: draw(WEIRD) for name in ("id", "requested_model", "user", "tenant", "key_id")}
    error = draw(st.sampled_from(["not_permitted", "rate_limit_exceeded"])) if status == "refused" else None
    ended = outcome(status=status, model=draw(st.sampled_from([None, model])), attempts=attempts, error=error)
    return decision(candidates=candidates, **asked), structs.replace(ended, finish=draw(WEIRD))


@settings(deadline=None)
@given(st.lists(told(), max_size=10))
def test_no_label_says_anything_but_registered_names(requests: list[tuple[Decision, Outcome]]) -> None:
    watching = metrics()
    for made, ended in requests:
        watching.decided(made)
        watching.ended(made, ended)
    found = scraped(watching.exposition())
    found.pop("kyozon_build_info")
    said = {label for series in found.values() for labels in series for label in labels if label[0] != "le"}
    assert {(name, text) for name, text in said if text not in ALLOWED[name]} == set()
    assert sum(found.get("kyozon_requests_total", {}).values()) == len(requests)
    assert sum(1 for _ in watching._tallies) <= len(CARDS) + 2


@settings(deadline=None)
@given(WEIRD, WEIRD)
def test_a_registered_name_comes_back_as_it_is(name: str, provider: str) -> None:
    watching = metrics([ModelCard(name, provider, name, "external")])
    watching.ended(DECISION, outcome(model=name, attempts=(Attempt(name, provider),)))
    place = {"kind": "chat", "model": name, "provider": provider, "zone": "external"}
    assert value(watching, "kyozon_requests_total", **place, status="answered") == 1
