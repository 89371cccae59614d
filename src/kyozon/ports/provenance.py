"""Where it is kept what stored values are made from."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from kyozon.domain.audit import AuditEvent
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.labels import Label
from kyozon.domain.provenance import Delivery, Relabelling, StoredValue


class ProvenanceStore(Protocol):
    """Stored values at rest, each within its tenant: no name means anything in another one's.

    A decision is a value without being stored again: its identifier stands for the request and its answer. What it was made
    from are the values that the decision names, and the decision whose kept answer it was given. Every method may raise
    `StorageUnavailable`.
    """

    async def add(self, value: StoredValue) -> bool:
        """Keep a value; False where its tenant has one of that name. Raises `NotFound` for a source it has not."""
        ...

    async def labels(self, tenant: str, values: Sequence[str]) -> Mapping[str, frozenset[Label | None]]:
        """For each of the values its own label and those of everything it was made from; None for what is not there."""
        ...

    async def derived(self, tenant: str, value: str) -> Sequence[str]:
        """The value and everything that was made from it, by name."""
        ...

    async def relabel(self, change: Relabelling, event: AuditEvent) -> bool:
        """Give a value its new label, on record together with the event.

        False, and nothing has changed, where its label is not, or no longer, `change.old`.
        """
        ...

    async def own(self, tenant: str, value: str) -> StoredValue | None:
        """A value as it is kept, with its own label and its sources by name; None where it is not there."""
        ...

    async def changes(self, tenant: str, value: str) -> Sequence[Relabelling]:
        """How a value's own label was changed, oldest first."""
        ...

    async def deliver(self, delivery: Delivery) -> None:
        """Record that values leave, where no decision records it: durable when it returns, so that they may."""
        ...

    async def deliveries(self, tenant: str, values: Sequence[str]) -> Sequence[Delivery]:
        """The deliveries of any of these values that no decision records, oldest first."""
        ...

    async def exchanges(
        self, tenant: str, values: Sequence[str], left_out: list[str] | None = None
    ) -> Sequence[tuple[Decision, Outcome | None]]:
        """Those of these values that are decisions, oldest first.

        The ids of those that this version cannot read are added to `left_out`.
        """
        ...
