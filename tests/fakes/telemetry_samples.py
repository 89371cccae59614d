"""Decisions and outcomes to tell, and what a scrape then says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import structs
from prometheus_client.parser import text_string_to_metric_families

from kyozon.domain.decisions import Attempt, Candidate, Decision, Objection, Outcome
from kyozon.domain.labels import Label, Level
from kyozon.domain.language import Text
from kyozon.domain.usage import Charge, Usage

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
USAGE = Usage(uncached=70, cache_read=20, cache_write=10, output=40, reasoning=15)
OBJECTION = Objection("clearance", "confidential", "internal", Text("no", "不可"))
CHEAP = Candidate("cheap", "bargain", "external", rank=1)
DEAR = Candidate("dear", "boutique", "external", (OBJECTION,))
IN_HOUSE = Candidate("in-house", "local", "host", rank=2)

DECISION = Decision(
    id="dec_1",
    at=NOON,
    tenant="secret-tenant",
    key_id="key_secret",
    user="secret-user",
    kind="chat",
    requested_model="auto",
    label=Label(Level.INTERNAL, frozenset({"secret-compartment"})),
    label_sources=(),
    policy_version="p1",
    router="cheapest",
    candidates=(CHEAP, DEAR, IN_HOUSE),
    chosen="cheap",
    reason=Text("cheapest", "最安"),
    input_tokens_estimated=99,
    output_tokens_limit=200,
    body_sha256="00",
)
OUTCOME = Outcome(
    decision_id="dec_1",
    at=NOON + timedelta(milliseconds=1500),
    status="answered",
    model="cheap",
    usage=USAGE,
    charge=Charge(Decimal("0.0012")),
    finish="stop",
    attempts=(Attempt("cheap", "bargain"),),
    first_token_ms=300,
    total_ms=1500,
)


def decision(**changes: Any) -> Decision:
    """A decision for `auto` that chose `cheap`."""
    return structs.replace(DECISION, **changes)


def outcome(**changes: Any) -> Outcome:
    """Its outcome: answered by `cheap` after a second and a half."""
    return structs.replace(OUTCOME, **changes)


def refused(error: str) -> Outcome:
    """The outcome of a refusal."""
    return Outcome("dec_1", NOON, "refused", error=error)


def scraped(exposition: bytes) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Values by sample name and labels, those of the process itself left out."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(exposition.decode()):
        for sample in family.samples:
            if sample.name.startswith("kyozon_"):
                found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found
