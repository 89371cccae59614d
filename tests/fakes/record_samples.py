"""Decisions, outcomes and keys to record."""

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from kyozon.domain.callers import ApiKey, Limits
from kyozon.domain.decisions import Attempt, Candidate, Decision, Exclusion, Outcome
from kyozon.domain.labels import Label, LabelSource, Level
from kyozon.domain.language import Text
from kyozon.domain.usage import Charge, Usage

LONG_AGO = datetime(2026, 5, 4, 12, 0, 0, 123456, UTC)


def a_decision(**changes: Any) -> Decision:
    label = Label(Level.CONFIDENTIAL, frozenset({"pii", "jp-only"}))
    exclusion = Exclusion("clearance", "confidential", "public")
    decision = Decision(
        id=f"dec_{secrets.token_hex(8)}",
        at=LONG_AGO,
        tenant="acme",
        key_id="key_1",
        user="hanako",
        kind="chat",
        requested_model="auto",
        label=label,
        label_sources=(LabelSource(Text("header", "ヘッダー"), label),),
        policy_version="1",
        router="cheapest",
        candidates=(
            Candidate("local/small", "local", "host", predicted_cost=Decimal("0.0000001"), rank=1),
            Candidate("openai/gpt", "openai", "external", (exclusion,)),
        ),
        chosen="local/small",
        reason=Text("the cheapest permitted model", "許可された中で最も安いモデル"),
        input_tokens_estimated=12,
        output_tokens_limit=256,
        body_sha256="0" * 64,
        held=Decimal("0.25"),
    )
    return msgspec.structs.replace(decision, **changes)


def an_outcome(decision: Decision, **changes: Any) -> Outcome:
    outcome = Outcome(
        decision_id=decision.id,
        at=decision.at,
        status="answered",
        model="local/small",
        usage=Usage(uncached=10, cache_read=4, cache_write=1, output=7, reasoning=2),
        charge=Charge(Decimal("0.0123456789012345678901")),
        finish="stop",
        attempts=(Attempt("local/small", "local"),),
        first_token_ms=12,
        total_ms=34,
    )
    return msgspec.structs.replace(outcome, **changes)


def a_key(**changes: Any) -> ApiKey:
    key = ApiKey(
        id=f"key_{secrets.token_hex(4)}",
        tenant="acme",
        user="hanako",
        name="laptop",
        sha256=secrets.token_hex(32),
        prefix="kz_abc",
        created_at=LONG_AGO,
        default_label=Label(Level.INTERNAL),
        limits=Limits(requests_per_minute=10, money_per_month=Decimal("12.50")),
    )
    return msgspec.structs.replace(key, **changes)
