"""Stored values: kept with their sources, labelled when they are used, raised on record, and followed."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent, Fact
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.decisions import Decision, Objection
from kyozon.domain.errors import InvalidRequest, NotAllowed, NotFound, NotPermitted
from kyozon.domain.labels import Clearance, Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.provenance import CALLER, COLLECTOR, Delivery, Exposed, Exposure, Relabelling, StoredValue
from kyozon.governance.flow import may_flow
from kyozon.governance.provenance import LOWEST, carried, covers, deliveries_of, joined
from kyozon.ports.provenance import ProvenanceStore
from kyozon.services.registry import Registry
from kyozon.services.world import World


class Wish(Struct, frozen=True):
    """That a value be labelled higher: by which person and why."""

    tenant: str
    value: str
    label: Label
    by: str
    reason: str


class Provenance:
    """What is made from what. Nothing here is asked on behalf of a request that has no stored values in it."""

    def __init__(self, store: ProvenanceStore, registry: Registry, world: World) -> None:
        self._store = store
        self._registry = registry
        self._world = world

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

    async def readable(self, value: str, key: ApiKey) -> None:
        """Raises `NotPermitted` where a value, such as a kept answer's decision, is by now above the clearance of a key."""
        found = joined((await self._store.labels(key.tenant, (value,)))[value])
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

    async def hand_over(self, caller: Caller, values: tuple[str, ...]) -> None:
        """Permit and record that values go to a caller, where no decision records it: durable when it returns.

        No hash stands there: it would tell whoever has a copy what was here, after the values are deleted.

        Raises:
            NotPermitted: their label, as it is now, is above the clearance of the key.
            NotFound: the tenant has no such value.
        """
        key = caller.key
        label = await self.label(key.tenant, values)
        if not label.within(key.clearance):
            raise _not_permitted(label, CALLER, str(key.clearance))
        new, now = self._world.new_id("dlv"), self._world.now()
        await self._store.deliver(Delivery(new, now, key.tenant, values, CALLER, label, key.user, key.id, ""))

    async def own(self, tenant: str, value: str) -> StoredValue:
        """A value as it is kept, with its own label; raises `NotFound`."""
        found = await self._store.own(tenant, value)
        if found is None:
            raise unknown(value)
        return found

    async def raise_label(self, wish: Wish) -> Exposure:
        """Raise a value's own label; where it and everything made from it have been before.

        Raises:
            NotFound: the tenant has no such value, or somebody else relabels it at this moment.
            InvalidRequest: no person or no reason is named.
            NotAllowed: it would lower the label: that takes another person (`services.reviewing`).
        """
        old = (await self.own(wish.tenant, wish.value)).label
        if not wish.by.strip() or not wish.reason.strip():
            raise InvalidRequest(
                Text(
                    "a label is raised by a person and for a reason: name both (of kyozon exposure: --reason).",
                    "ラベルの引き上げには、引き上げる人と理由が必要です（kyozon exposure では --reason）。",
                )
            )
        new = as_labelled(old, wish.label)
        if not covers(new, old):
            raise _lower(wish.value, old, new)
        change = Relabelling(
            self._world.new_id("rlb"), wish.tenant, wish.value, self._world.now(), old, new, wish.by, wish.reason
        )
        if not await self._store.relabel(change, told_of(self._world.new_id("evt"), "value:raised", change)):
            raise unknown(wish.value)
        return await self.exposure(wish.tenant, wish.value)

    async def exposure(self, tenant: str, value: str) -> Exposure:
        """Where a value went, itself or in something made from it; raises `NotFound`."""
        label = await self.label(tenant, (value,))
        names = await self._store.derived(tenant, value)
        left_out: list[str] = []
        exchanges = await self._store.exchanges(tenant, names, left_out)
        found = [*await self._store.deliveries(tenant, names)]
        found += [delivery for decision, outcome in exchanges for delivery in deliveries_of(decision, outcome)]
        found.sort(key=lambda delivery: (delivery.at, delivery.id))
        changes = await self._store.changes(tenant, value)
        decided = {decision.id: decision.label for decision, _ in exchanges}
        exposed = [self._exposed(one, decided.get(one.decision_id or "", one.label), label) for one in found]
        return Exposure(value, tenant, label, tuple(names), tuple(changes), tuple(exposed), tuple(left_out))

    def _exposed(self, delivery: Delivery, decided: Label, now: Label) -> Exposed:
        """Whether a delivery for a request that was labelled `decided` would be permitted with the label of now."""
        if delivery.zone in (CALLER, COLLECTOR):  # which were cleared for the label of then
            return Exposed(delivery, covers(delivery.label, now))
        zone = self._registry.installation.zones.get(delivery.zone)
        if delivery.label == decided:
            return Exposed(delivery, may_flow(now, zone))
        # Masked words: what masking took away is not in them. What was raised since then may be.
        left = now.compartments - (decided.compartments - delivery.label.compartments)
        sent = structs.replace(now, compartments=left) if covers(decided, now) else now
        return Exposed(delivery, zone is not None and zone.masked and may_flow(sent, zone))


def as_labelled(old: Label, wanted: Label) -> Label:
    """The own label that a value gets: people name level and compartments, whether it may be obeyed stays as it is."""
    return structs.replace(wanted, integrity=old.integrity)


def told_of(event_id: str, action: str, change: Relabelling, **more: Fact) -> AuditEvent:
    """The event of a change; `more` are identifiers."""
    detail = {"old": str(change.old), "new": str(change.new), "approval": change.approval, **more}
    return AuditEvent(event_id, change.at, action, change.tenant, change.by, change.value, detail)


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


def _lower(value: str, old: Label, new: Label) -> NotAllowed:
    return NotAllowed(
        Text(
            f"{new} is lower than {old}, and another person has to approve of that. Ask for it: kyozon exposure {value} "
            f"--lower {new} --purpose NAME.",
            f"{new} は {old} より低く、引き下げには別の人の承認が必要です。"
            f"kyozon exposure {value} --lower {new} --purpose 名前 で依頼してください。",
        )
    )


def _not_permitted(label: Label | None, zone: str, have: str) -> NotPermitted:
    need = "unknown" if label is None else str(label)
    text = Text(
        f"stored data labelled {need} may not go to {zone}, which is cleared for {have}.",
        f"ラベル {need} の保存データは {zone}（許可は {have} まで）に渡せません。",
    )
    return NotPermitted(text, {zone: (Objection("provenance", need, have, text),)})
