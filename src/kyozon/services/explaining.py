"""Reading decisions back: by whom they may be read, page by page, and what is told of one to whom."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import MissingPiece, NotFound
from kyozon.domain.labels import Clearance
from kyozon.domain.language import Text
from kyozon.domain.policy import Basis
from kyozon.ports.policies import Policies
from kyozon.ports.records import Records
from kyozon.services.counterfactuals import Counterfactual, counterfactuals, ranked
from kyozon.services.registry import Registry

_ROWS = 200

Recorded = tuple[Decision, Outcome | None]


class Redacted(Struct, frozen=True, kw_only=True):
    """What of a decision is told to a reader who is not cleared for its label: that it was made and how it ended.

    Not told are the label, where it came from, which stored values and models stood behind it, the reason, and the hash.
    """

    id: str
    at: datetime
    tenant: str
    key_id: str
    user: str
    kind: str
    requested_model: str
    policy_version: str
    status: str | None
    redacted: Literal[True] = True


class Reasons(Struct, frozen=True):
    """What follows from a record and is not stored in it.

    `margin` is what the runner-up would have cost beyond the choice. `code_version` is Kyozon's, at the decision.
    """

    code_version: str | None = None
    runner_up: str | None = None
    margin: Decimal | None = None
    counterfactuals: tuple[Counterfactual, ...] = ()


class Explained(Struct, frozen=True):
    """A decision, its outcome (None while it runs) and its reasons."""

    decision: Decision
    outcome: Outcome | None
    reasons: Reasons


class ExplainService:
    """Explains what was decided. A key sees its tenant's decisions; of those above its clearance only that they were made.

    Without `policies` nothing is derived from what decisions were made from.
    """

    def __init__(
        self, records: Records, policies: Policies | None = None, as_of: Callable[[Basis], Registry] | None = None
    ) -> None:
        self._records = records
        self._policies = policies
        self._as_of = as_of

    async def decision(self, caller: Caller, decision_id: str) -> Explained | Redacted:
        """A decision as this caller may read it; raises `NotFound` where there is none of his."""
        found = await self._records.decision(decision_id)
        if found is None or not _own(caller, found[0]):
            raise NotFound(
                Text(
                    f"there is no decision {decision_id!r} that this key may read.",
                    f"このキーで読める決定記録 {decision_id!r} はありません。",
                )
            )
        told = told_to(caller.key.clearance, found)
        return told if isinstance(told, Redacted) else Explained(*told, await self.reasons(told[0]))

    async def page(self, caller: Caller, after: str | None, limit: int) -> list[Recorded | Redacted]:
        """Up to `limit` decisions, newest first, after the one with id `after`."""
        found: list[Recorded | Redacted] = []
        while len(found) < limit:
            rows = await self._records.decisions(caller.tenant, after, _ROWS)
            found += [told_to(caller.key.clearance, pair) for pair in rows if _own(caller, pair[0])]
            if len(rows) < _ROWS:
                break
            after = rows[-1][0].id
        return found[:limit]

    async def reasons(self, decision: Decision) -> Reasons:
        """What follows from the record, as far as what it was made from is kept and still installed."""
        basis = await self._policies.basis(decision.basis) if self._policies and decision.basis else None
        order = ranked(decision)
        margin, second = None, order[1] if len(order) > 1 else None
        if second and second.predicted_cost is not None and order[0].predicted_cost is not None:
            margin = second.predicted_cost - order[0].predicted_cost
        runner_up = f"{second.provider}/{second.model}" if second else None
        return Reasons(basis.code if basis else None, runner_up, margin, self._flips(decision, basis))

    def _flips(self, decision: Decision, basis: Basis | None) -> tuple[Counterfactual, ...]:
        if basis is None or self._as_of is None:
            return ()
        try:
            return counterfactuals(decision, self._as_of(basis))
        except MissingPiece:  # a rule of that time is not installed any more
            return ()


def told_to(clearance: Clearance, recorded: Recorded) -> Recorded | Redacted:
    """A record as a reader of this clearance may read it."""
    decision, outcome = recorded
    if decision.label.within(clearance):
        return recorded
    return Redacted(
        id=decision.id,
        at=decision.at,
        tenant=decision.tenant,
        key_id=decision.key_id,
        user=decision.user,
        kind=decision.kind,
        requested_model=decision.requested_model,
        policy_version=decision.policy_version,
        status=None if outcome is None else outcome.status,
    )


def _own(caller: Caller, decision: Decision) -> bool:
    return decision.tenant == caller.tenant and (caller.key.admin or decision.key_id == caller.key.id)
