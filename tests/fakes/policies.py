"""What decisions were made from, in memory, over the decisions of a `MemoryBook`."""

from collections.abc import AsyncIterator
from datetime import datetime

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.policy import Basis
from tests.fakes.memory import MemoryBook


class MemoryPolicies:
    """Implements `Policies`; `kept` counts how often each basis came."""

    def __init__(self, book: MemoryBook | None = None) -> None:
        self.book = book
        self.bases: dict[str, Basis] = {}
        self.kept: list[str] = []

    async def keep(self, basis: Basis) -> None:
        self.kept.append(basis.id)
        self.bases.setdefault(basis.id, basis)

    async def basis(self, basis_id: str) -> Basis | None:
        return self.bases.get(basis_id)

    async def recorded(
        self,
        since: datetime,
        tenant: str | None = None,
        left_out: list[str] | None = None,  # noqa: ARG002 - the port's; everything in memory can be read
    ) -> AsyncIterator[tuple[Decision, Outcome | None]]:
        assert self.book is not None
        for decision in sorted(self.book.decisions_by_id.values(), key=lambda decision: decision.id):
            if decision.at >= since and tenant in (None, decision.tenant):
                yield decision, self.book.outcomes.get(decision.id)
