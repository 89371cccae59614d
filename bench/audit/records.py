"""Records as traffic makes them: a decision over six models with its hold, and the outcome that settles it."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct

from kyozon.domain.decisions import Attempt, Candidate, Decision, Exclusion, Outcome
from kyozon.domain.labels import Label, LabelSource, Level
from kyozon.domain.language import Text
from kyozon.domain.usage import Charge, Transaction, Usage
from kyozon.metering.posting import hold, release, settle

_numbers = itertools.count()
_LABEL = Label(Level.INTERNAL, frozenset({"jp-only"}))
_EXCLUDED = Exclusion("clearance", "internal+jp-only", "internal")
_CANDIDATES = (
    Candidate("small-instruct", "local", "host", predicted_cost=Decimal("0.00042"), rank=1),
    Candidate("large-instruct", "gpu-box", "lan", predicted_cost=Decimal("0.0031"), rank=2),
    *(Candidate(name, "vendor", "external", (_EXCLUDED,)) for name in ("quick", "good", "better", "best")),
)


class Request(Struct, frozen=True):
    """All that is recorded of one request."""

    decision: Decision
    held: Transaction | None
    outcome: Outcome
    settled: list[Transaction]


def request(user: str) -> Request:
    """A request that was answered at once."""
    now = datetime.now(UTC)
    decision = Decision(
        id=f"dec_{next(_numbers):024x}",
        at=now,
        tenant="acme",
        key_id="key_000000000000000000000001",
        user=user,
        kind="chat",
        requested_model="auto",
        label=_LABEL,
        label_sources=(LabelSource(Text("declared by the caller", "呼び出し側の宣言"), _LABEL),),
        policy_version="0123456789ab",
        router="cheapest",
        candidates=_CANDIDATES,
        chosen="small-instruct",
        reason=Text("the cheapest permitted model", "許可された中で最も安いモデル"),
        input_tokens_estimated=420,
        output_tokens_limit=1024,
        body_sha256="0" * 64,
        held=Decimal("0.00042"),
    )
    outcome = Outcome(
        decision_id=decision.id,
        at=now,
        status="answered",
        model="small-instruct",
        usage=Usage(uncached=400, cache_read=20, output=180),
        charge=Charge(Decimal("0.00021"), price_from=date(2026, 1, 1)),
        finish="stop",
        attempts=(Attempt("small-instruct", "local"),),
        first_token_ms=80,
        total_ms=900,
    )
    booked = [release(decision, now), settle(decision, outcome)]
    return Request(decision, hold(decision, now), outcome, [each for each in booked if each is not None])
