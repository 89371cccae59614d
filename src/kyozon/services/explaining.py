"""Reading decisions back: by whom they may be read, page by page, and what is told of one to whom."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import MissingPiece, NotFound
from kyozon.domain.knowledge import Named, Reader
from kyozon.domain.labels import Clearance
from kyozon.domain.language import Text
from kyozon.domain.policy import Basis
from kyozon.ports.document_names import DocumentNames
from kyozon.ports.policies import Policies
from kyozon.ports.records import Records
from kyozon.routing.measured import loss, surest
from kyozon.services.counterfactuals import Counterfactual, counterfactuals, ranked, weighed_together
from kyozon.services.knowledge.rights import reader_of
from kyozon.services.registry import Registry

_ROWS = 200

Recorded = tuple[Decision, Outcome | None]


class Redacted(Struct, frozen=True, kw_only=True):
    """What of a decision is told to a reader who is not cleared for its label: that it was made and how it ended.

    Not told are the label, where it came from, which stored values and models stood behind it, the reason, and the hash;
    nor the model that was asked for, what the caller stated and the tools offered, which are the caller's own text.
    """

    id: str
    at: datetime
    tenant: str
    key_id: str
    user: str
    kind: str
    policy_version: str
    status: str | None
    redacted: Literal[True] = True


class Reasons(Struct, frozen=True):
    """What follows from a record and is not stored in it.

    `margin` is what the runner-up would have cost beyond the choice; `quality_margin` is how far beyond its goal the choice
    surely comes, as a share of the surest, None where it is the surest. `code_version` is Kyozon's, at the decision.
    """

    code_version: str | None = None
    runner_up: str | None = None
    margin: Decimal | None = None
    counterfactuals: tuple[Counterfactual, ...] = ()
    quality_margin: float | None = None


class Explained(Struct, frozen=True):
    """A decision, its outcome (None while it runs) and its reasons.

    `documents` are the names of those documents in the request that its reader may see at this moment.
    """

    decision: Decision
    outcome: Outcome | None
    reasons: Reasons
    documents: tuple[Named, ...] = ()


class ExplainService:
    """Explains what was decided. A key sees its tenant's decisions; of those above its clearance only that they were made.

    Without `policies` nothing is derived from what decisions were made from, without `names` no document is named.
    """

    def __init__(
        self,
        records: Records,
        policies: Policies | None = None,
        as_of: Callable[[Basis], Registry] | None = None,
        names: DocumentNames | None = None,
    ) -> None:
        self._records = records
        self._policies = policies
        self._as_of = as_of
        self._names = names

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
        if isinstance(told, Redacted):
            return told
        return Explained(*told, await self.reasons(told[0]), await self.documents(told[0], reader_of(caller)))

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
        if basis is None:
            return reasons_of(decision)
        return structs.replace(reasons_of(decision, self._known(basis)), code_version=basis.code)

    async def documents(self, decision: Decision, reader: Reader) -> tuple[Named, ...]:
        """The names of those documents in the request that this reader may see at this moment."""
        return () if self._names is None else await self._names.named(reader, decision.sources)

    def _known(self, basis: Basis) -> Registry | None:
        """What was known then; None where a rule of that time is not installed any more."""
        try:
            return None if self._as_of is None else self._as_of(basis)
        except MissingPiece:
            return None


def reasons_of(decision: Decision, registry: Registry | None = None) -> Reasons:
    """What follows from a decision; what would have changed it only with `registry`, which is as its basis says."""
    order = ranked(decision)
    margin, second = None, order[1] if len(order) > 1 else None
    if second and second.predicted_cost is not None and order[0].predicted_cost is not None:
        margin = second.predicted_cost - order[0].predicted_cost
    runner_up = f"{second.provider}/{second.model}" if second else None
    flips = () if registry is None else counterfactuals(decision, registry)
    return Reasons(None, runner_up, margin, flips, quality_margin(decision))


def quality_margin(decision: Decision) -> float | None:
    """How far beyond its goal the choice surely comes, as a share of the surest; None where it is the surest itself.

    None for a cascade, too: there the goal is that of all of it together.
    """
    if decision.cascade is not None:
        return None
    found = [one.estimate for one in weighed_together(decision) if one.estimate is not None]
    lost = loss(found[0], surest(found)) if found else 0.0
    return round(1 - lost - decision.quality.share, 4) if lost and decision.quality is not None else None


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
        policy_version=decision.policy_version,
        status=None if outcome is None else outcome.status,
    )


def _own(caller: Caller, decision: Decision) -> bool:
    return decision.tenant == caller.tenant and (caller.key.admin or decision.key_id == caller.key.id)
