"""What every `ProvenanceStore` must do. A store's own test inherits the suite and makes the store."""

import pytest
from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.decisions import CacheUse, Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Integrity, Label, parse_label
from kyozon.domain.provenance import EXCHANGE, Delivery, Relabelling, StoredValue
from kyozon.ports.provenance import ProvenanceStore
from kyozon.ports.records import Journal
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

INTERNAL, SECRET = parse_label("internal"), parse_label("restricted+jp-only")
TRUSTED = Label(integrity=Integrity.TRUSTED)


def value(name: str, *sources: str, label: Label = INTERNAL, tenant: str = "acme") -> StoredValue:
    return StoredValue(name, tenant, "document", LONG_AGO, label, sources, "0" * 64)


def change(name: str, old: Label, new: Label) -> Relabelling:
    return Relabelling(f"rlb_{name}_{new}", "acme", name, LONG_AGO, old, new, "hanako", "it was wrong")


def event(change: Relabelling) -> AuditEvent:
    return AuditEvent(f"evt_{change.id}", change.at, "value:raised", change.tenant, change.by, change.value)


async def changed(store: ProvenanceStore, name: str, old: Label, new: Label) -> bool:
    made = change(name, old, new)
    return await store.relabel(made, event(made))


class ProvenanceStoreSuite:
    """Subclasses have a fixture `stores`: the store, and the journal whose decisions are values in it."""

    async def test_a_value_has_its_own_label_and_all_those_it_was_made_from(
        self, stores: tuple[ProvenanceStore, Journal]
    ) -> None:
        store, _ = stores
        for one in (
            value("doc", label=SECRET),
            value("other", label=TRUSTED),
            value("chunk", "doc"),
            value("sum", "chunk", "other"),
        ):
            assert await store.add(one)
        assert await store.labels("acme", ("sum", "chunk")) == {
            "sum": frozenset({SECRET, TRUSTED, INTERNAL}),
            "chunk": frozenset({SECRET, INTERNAL}),
        }
        assert set(await store.derived("acme", "doc")) == {"doc", "chunk", "sum"}
        assert await store.own("acme", "chunk") == value("chunk", "doc")

    async def test_a_name_is_taken_once(self, stores: tuple[ProvenanceStore, Journal]) -> None:
        store, journal = stores
        decision = await _recorded(journal)
        assert await store.add(value("doc", label=SECRET))
        assert not await store.add(value("doc"))
        assert not await store.add(value(decision.id, label=TRUSTED))
        assert await store.own("acme", "doc") == value("doc", label=SECRET)
        kept = StoredValue(decision.id, "acme", EXCHANGE, decision.at, decision.label, (), decision.body_sha256)
        assert await store.own("acme", decision.id) == kept

    async def test_what_is_not_there_is_unknown_and_nothing_is_made_from_it(
        self, stores: tuple[ProvenanceStore, Journal]
    ) -> None:
        store, _ = stores
        with pytest.raises(NotFound):
            await store.add(value("chunk", "nothing"))
        assert await store.labels("acme", ("chunk", "nothing")) == {
            "chunk": frozenset({None}),
            "nothing": frozenset({None}),
        }
        assert await store.own("acme", "chunk") is None

    async def test_tenants_never_mix(self, stores: tuple[ProvenanceStore, Journal]) -> None:
        store, journal = stores
        decision = await _recorded(journal)
        await store.add(value("doc", label=SECRET))
        await store.add(value("doc", tenant="other"))
        for foreign in ("mine", decision.id):
            with pytest.raises(NotFound):
                await store.add(value("stolen", "doc", foreign, tenant="other"))
        assert await store.labels("other", ("doc",)) == {"doc": frozenset({INTERNAL})}
        assert await store.labels("other", (decision.id,)) == {decision.id: frozenset({None})}
        assert await store.exchanges("other", (decision.id,)) == []
        assert await store.own("other", decision.id) is None

    async def test_a_decision_is_made_from_what_it_names_and_from_the_answer_it_was_given(
        self, stores: tuple[ProvenanceStore, Journal]
    ) -> None:
        store, journal = stores
        await store.add(value("doc", label=SECRET))
        first = await _recorded(journal, sources=("doc",), label=INTERNAL)
        again = await _recorded(journal, CacheUse("hit-exact", source=first.id), label=INTERNAL)
        await store.add(value("memory", again.id))
        assert await store.labels("acme", ("memory",)) == {"memory": frozenset({SECRET, INTERNAL})}
        assert set(await store.derived("acme", "doc")) == {"doc", first.id, again.id, "memory"}
        assert {found.id for found, _ in await store.exchanges("acme", ("doc", first.id, again.id))} == {first.id, again.id}

    async def test_a_label_changes_on_record_and_only_from_what_it_was(
        self, stores: tuple[ProvenanceStore, Journal]
    ) -> None:
        store, journal = stores
        decision = await _recorded(journal, label=INTERNAL)
        await store.add(value("doc"))
        for name in ("doc", decision.id):
            assert not await changed(store, name, TRUSTED, SECRET)
            assert await changed(store, name, INTERNAL, SECRET)
            assert await store.labels("acme", (name,)) == {name: frozenset({SECRET})}
            assert await store.changes("acme", name) == [change(name, INTERNAL, SECRET)]
        assert not await changed(store, "nothing", INTERNAL, SECRET)

    async def test_deliveries_come_back_by_what_they_carried(self, stores: tuple[ProvenanceStore, Journal]) -> None:
        store, _ = stores
        await store.add(value("doc"))
        sent = Delivery("dlv_1", LONG_AGO, "acme", ("doc", "sum"), "host", SECRET, "hanako", "key_1", "0" * 64)
        await store.deliver(sent)
        assert await store.deliveries("acme", ("sum", "else")) == [sent]
        assert await store.deliveries("acme", ("else",)) == []
        assert await store.deliveries("other", ("sum",)) == []


async def _recorded(journal: Journal, cache: CacheUse | None = None, **changes: object) -> Decision:
    decision = a_decision(**changes)
    outcome: Outcome = structs.replace(an_outcome(decision), cache=cache)
    await journal.open(decision, None)
    await journal.close(outcome, ())
    return decision
