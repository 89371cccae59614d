"""Stored values in memory, by the pure code."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.provenance import EXCHANGE, Delivery, Relabelling, StoredValue
from kyozon.governance.provenance import closure
from tests.fakes.memory import MemoryBook, Troubled


class MemoryProvenance(Troubled):
    """Implements `ProvenanceStore`; the decisions are those of `book`."""

    def __init__(self, book: MemoryBook) -> None:
        super().__init__(book.log)
        self.book = book
        self.values: dict[tuple[str, str], StoredValue] = {}
        self.relabelled: list[Relabelling] = []
        self.events: list[AuditEvent] = []
        self.delivered: list[Delivery] = []

    async def add(self, value: StoredValue) -> bool:
        await self._take_time("add")
        if self._value(value.tenant, value.id) is not None:
            return False
        for source in value.sources:
            if self._value(value.tenant, source) is None:
                raise NotFound(Text(f"there is no {source}.", f"{source} はありません。"))
        self.values[value.tenant, value.id] = value
        return True

    async def labels(self, tenant: str, values: Sequence[str]) -> Mapping[str, frozenset[Label | None]]:
        await self._take_time("labels")
        return {value: frozenset(self._parts(tenant, value)) for value in values}

    async def derived(self, tenant: str, value: str) -> Sequence[str]:
        await self._take_time("derived")
        every = [name for owner, name in self.values if owner == tenant] + list(self.book.decisions_by_id)
        return sorted(closure(value, lambda made: [name for name in every if made in self._sources(tenant, name)]))

    async def relabel(self, change: Relabelling, event: AuditEvent) -> bool:
        await self._take_time("relabel")
        return self.relabelled_at_once(change, event)

    def relabelled_at_once(self, change: Relabelling, event: AuditEvent) -> bool:
        """As `relabel`, with nobody in between."""
        value = self._value(change.tenant, change.value)
        if value is None or value.label != change.old:
            return False
        self.values[change.tenant, change.value] = structs.replace(value, label=change.new)
        self.relabelled.append(change)
        self.events.append(event)
        return True

    async def own(self, tenant: str, value: str) -> StoredValue | None:
        await self._take_time("own")
        return self._value(tenant, value)

    async def changes(self, tenant: str, value: str) -> Sequence[Relabelling]:
        await self._take_time("changes")
        return [change for change in self.relabelled if (change.tenant, change.value) == (tenant, value)]

    async def deliver(self, delivery: Delivery) -> None:
        await self._take_time("deliver")
        self.delivered.append(delivery)

    async def deliveries(self, tenant: str, values: Sequence[str]) -> Sequence[Delivery]:
        await self._take_time("deliveries")
        return [found for found in self.delivered if found.tenant == tenant and set(values) & set(found.values)]

    async def exchanges(
        self,
        tenant: str,
        values: Sequence[str],
        left_out: list[str] | None = None,  # noqa: ARG002 - the port's signature
    ) -> Sequence[tuple[Decision, Outcome | None]]:
        await self._take_time("exchanges")
        found = (self.book.decisions_by_id.get(value) for value in sorted(values))
        return [(d, self.book.outcomes.get(d.id)) for d in found if d is not None and d.tenant == tenant]

    def _value(self, tenant: str, name: str) -> StoredValue | None:
        decision = self.book.decisions_by_id.get(name)
        if (tenant, name) in self.values or decision is None or decision.tenant != tenant:
            return self.values.get((tenant, name))
        return StoredValue(name, tenant, EXCHANGE, decision.at, decision.label, decision.sources, decision.body_sha256)

    def _sources(self, tenant: str, name: str) -> tuple[str, ...]:
        value, outcome = self._value(tenant, name), self.book.outcomes.get(name)
        if value is None:
            return ()
        made_from = value.sources
        given_again = outcome.cache.source if outcome is not None and outcome.cache is not None else None
        return made_from if given_again is None else (*made_from, given_again)

    def _parts(self, tenant: str, value: str) -> Iterator[Label | None]:
        for name in closure(value, lambda made: self._sources(tenant, made)):
            found = self._value(tenant, name)
            yield found.label if found is not None else None


class MemoryTrail:
    """Implements `AuditTrail`."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    async def record(self, event: AuditEvent) -> None:
        self.events.append(event)
