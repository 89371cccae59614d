"""Stored values: kept with their sources, labelled when they are used, raised and lowered on record, and followed."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Decision, Objection
from kyozon.domain.errors import InvalidRequest, NotAllowed, NotFound, NotPermitted
from kyozon.domain.labels import Clearance, Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.provenance import CALLER, COLLECTOR, Delivery, Exposed, Exposure, Relabelling, StoredValue
from kyozon.governance.flow import may_flow
from kyozon.governance.provenance import LOWEST, carried, covers, deliveries_of, joined
from kyozon.governance.releasing import lacking, roles_to_lower
from kyozon.ports.audit import AuditTrail
from kyozon.ports.provenance import ProvenanceStore
from kyozon.services.registry import Registry
from kyozon.services.world import World


class Wish(Struct, frozen=True):
    """That a value be labelled otherwise: by which person and why. Lowering needs the key of somebody else who approves."""

    tenant: str
    value: str
    label: Label
    by: str
    reason: str
    approver: ApiKey | None = None


class Provenance:
    """What is made from what. Nothing here is asked on behalf of a request that has no stored values in it."""

    def __init__(self, store: ProvenanceStore, registry: Registry, world: World, trail: AuditTrail) -> None:
        self._store = store
        self._registry = registry
        self._world = world
        self._trail = trail

    async def add(self, value: StoredValue) -> Label:
        """Keep a value; its effective label, which may be above what it declares.

        Raises:
            NotFound: it names a source that its tenant has not.
            InvalidRequest: its tenant has another value of that name.
        """
        if not await self._store.add(value):
            raise InvalidRequest(
                Text(
                    f"there is a stored value {value.id!r} already; give the new one a name of its own.",
                    f"保存値 {value.id!r} は既にあります。別の名前を付けてください。",
                )
            )
        return await self.label(value.tenant, (value.id,))

    async def labels(self, tenant: str, values: Sequence[str]) -> Mapping[str, Label]:
        """The effective label of each value, as it is now; raises `NotFound` for one that the tenant has not."""
        found = {}
        for value, parts in (await self._store.labels(tenant, values)).items() if values else ():
            label = joined(parts)
            if label is None:
                raise unknown(value)
            found[value] = label
        return found

    async def label(self, tenant: str, values: Sequence[str]) -> Label:
        """The join over several values; raises `NotFound` as `labels` does."""
        return joined((await self.labels(tenant, values)).values()) or LOWEST

    async def fit(self, tenant: str, values: Sequence[str], reader: Clearance, zone: Zone | None = None) -> tuple[str, ...]:
        """Those of the values that `reader` may see and, where a zone is named, that may go there."""
        labels = await self.labels(tenant, values)
        allowed = (v for v in values if labels[v].within(reader) and (zone is None or may_flow(labels[v], zone)))
        return tuple(allowed)

    async def now(self, label: Label, decision: Decision) -> Label | None:
        """The label of what is about to leave for a decision, with what was raised meanwhile; None is unknown."""
        parts = await self._store.labels(decision.tenant, decision.sources)
        decided = label if label == decision.masked_label else decision.label
        return carried(label, decided, joined(part for value in parts.values() for part in value))

    async def still(self, decision_id: str, tenant: str, label: Label) -> bool:
        """Whether a kept answer may still pass for `label`: nothing that it was made from has been raised above that."""
        found = joined((await self._store.labels(tenant, (decision_id,)))[decision_id])
        return found is not None and covers(label, found)

    async def readable(self, decision_id: str, key: ApiKey) -> None:
        """Raises `NotPermitted` where a kept answer is, by now, above the clearance of the key that it was given to."""
        found = joined((await self._store.labels(key.tenant, (decision_id,)))[decision_id])
        if found is None or not found.within(key.clearance):
            raise _not_permitted(found, CALLER, str(key.clearance))

    async def deliver(self, delivery: Delivery) -> Delivery:
        """Permit and record that values leave other than in a request to a model: an adapter to an engine, an export.

        Whoever sends them asks here first. The label that counts is the one of now, and it is recorded.

        Raises:
            NotPermitted: the label may not go to that zone.
            NotFound: the tenant has no such value.
        """
        label = await self.label(delivery.tenant, delivery.values)
        zone = self._registry.installation.zones.get(delivery.zone)
        if not may_flow(label, zone):
            raise _not_permitted(label, delivery.zone, str(zone.clearance) if zone else "unknown")
        recorded = structs.replace(delivery, label=label)
        await self._store.deliver(recorded)
        return recorded

    async def relabel(self, wish: Wish) -> Exposure:
        """Change a value's own label; where it and everything made from it have been before.

        Raising needs a person and a reason. Lowering also needs another person, who may.

        Raises:
            NotFound: the tenant has no such value, or somebody else relabels it at this moment.
            InvalidRequest: no person or no reason is named.
            NotAllowed: it would lower the label and nobody, or the wrong person, approves.
        """
        old = await self._store.own_label(wish.tenant, wish.value)
        if old is None:
            raise unknown(wish.value)
        if not wish.by.strip() or not wish.reason.strip():
            raise InvalidRequest(
                Text(
                    "a label is changed by a person and for a reason: name both (of kyozon exposure: --reason).",
                    "ラベルの変更には、変更する人と理由が必要です（kyozon exposure では --reason）。",
                )
            )
        new = structs.replace(wish.label, integrity=old.integrity)
        raised = covers(new, old)
        if not raised:
            _check_approval(wish, old)
        await self._record(wish, old, new, raised=raised)
        return await self.exposure(wish.tenant, wish.value)

    async def exposure(self, tenant: str, value: str) -> Exposure:
        """Where a value went, itself or in something made from it; raises `NotFound`."""
        label = await self.label(tenant, (value,))
        names = await self._store.derived(tenant, value)
        exchanges = await self._store.exchanges(tenant, names)
        found = [*await self._store.deliveries(tenant, names)]
        found += [delivery for decision, outcome in exchanges for delivery in deliveries_of(decision, outcome)]
        found.sort(key=lambda delivery: (delivery.at, delivery.id))
        changes = await self._store.changes(tenant, value)
        return Exposure(value, tenant, label, tuple(names), tuple(changes), tuple(self._exposed(found, label)))

    async def _record(self, wish: Wish, old: Label, new: Label, *, raised: bool) -> None:
        approval = wish.approver.id if wish.approver is not None and not raised else None
        at, name = self._world.now(), self._world.new_id("rlb")
        action = "value:raised" if raised else "value:lowered"
        detail = {"old": str(old), "new": str(new), "approval": approval}
        event = AuditEvent(self._world.new_id("evt"), at, action, wish.tenant, wish.by, wish.value, dict(detail))
        await self._trail.record(event)
        change = Relabelling(name, wish.tenant, wish.value, at, old, new, wish.by, wish.reason, approval)
        if not await self._store.relabel(change):
            raise unknown(wish.value)

    def _exposed(self, deliveries: Iterable[Delivery], label: Label) -> Iterable[Exposed]:
        zones = self._registry.installation.zones
        for delivery in deliveries:
            if delivery.zone in (CALLER, COLLECTOR):  # which were cleared for the label of then
                yield Exposed(delivery, covers(delivery.label, label))
            else:
                yield Exposed(delivery, may_flow(label, zones.get(delivery.zone)))


def _check_approval(wish: Wish, old: Label) -> None:
    """Raises `NotAllowed` unless somebody else approves, who is cleared for what is lowered and may release it."""
    key = wish.approver
    needed = roles_to_lower(old, wish.label)
    fitting = key is not None and key.tenant == wish.tenant and old.within(key.clearance)
    if key is None or not fitting or key.user == wish.by or lacking(key.roles, needed):
        roles = ", ".join(sorted(needed))
        raise NotAllowed(
            Text(
                f"lowering {old} to {wish.label} needs the approval of a second person of this tenant, whose key is "
                f"cleared for {old} and has the roles {roles}.",
                f"{old} から {wish.label} への引き下げには、申請者とは別の人の承認が必要です。"
                f"承認できるのは、{old} まで許可され、ロール {roles} を持つ、このテナントの人です。",
            )
        )


def unknown(value: str) -> NotFound:
    """There is nothing of that name; or nothing that whoever asks may know of."""
    return NotFound(
        Text(
            f"there is no stored value {value!r} here, or its label has just been changed: check the name (of "
            "decisions: kyozon decisions list), then try again.",
            f"保存値 {value!r} はありません。または、ラベルが変更された直後です。名前を確認し"
            "（決定記録は kyozon decisions list）、もう一度お試しください。",
        )
    )


def _not_permitted(label: Label | None, zone: str, have: str) -> NotPermitted:
    need = "unknown" if label is None else str(label)
    text = Text(
        f"stored data labelled {need} may not go to {zone}, which is cleared for {have}.",
        f"ラベル {need} の保存データは {zone}（許可は {have} まで）に渡せません。",
    )
    return NotPermitted(text, {zone: (Objection("provenance", need, have, text),)})
