"""Stored values: labelled when they are used, raised and lowered on record, followed wherever they went."""

import pytest
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotAllowed, NotFound, NotPermitted
from kyozon.domain.labels import Label, parse_clearance, parse_label
from kyozon.domain.provenance import CALLER, Delivery, StoredValue
from kyozon.governance.provenance import carried, covers, joined
from kyozon.services.provenance import Wish
from tests.fakes.installation import FakeInstallation, api_key, ask
from tests.fakes.steered import START

PUBLIC, INTERNAL, SECRET = map(parse_label, ("public", "internal", "restricted+pii"))


def value(name: str, *sources: str, label: Label = PUBLIC, tenant: str = "default") -> StoredValue:
    return StoredValue(name, tenant, "document", START, label, sources)


def wish(label: Label, **changes: object) -> Wish:
    return structs.replace(Wish("default", "doc", label, "hanako", "it was wrong"), **changes)


async def test_nothing_is_declared_below_what_it_was_made_from() -> None:
    provenance = FakeInstallation().provenance
    await provenance.add(value("doc", label=SECRET))
    assert await provenance.add(value("chunk", "doc", label=PUBLIC)) == SECRET
    assert await provenance.add(value("own", label=INTERNAL)) == INTERNAL
    assert await provenance.label("default", ("own", "chunk")) == SECRET
    with pytest.raises(InvalidRequest):
        await provenance.add(value("doc"))


async def test_what_is_unknown_is_not_public() -> None:
    provenance = FakeInstallation().provenance
    assert joined([PUBLIC, None]) is None
    assert joined([]) is None
    assert carried(PUBLIC, PUBLIC, None) is None
    for name in ("nothing", "theirs"):
        await provenance.add(value("theirs", tenant="other")) if name == "theirs" else None
        with pytest.raises(NotFound):
            await provenance.label("default", (name,))


async def test_a_raise_binds_what_was_derived_and_says_where_it_has_been() -> None:
    house = FakeInstallation()
    await house.provenance.add(value("doc"))
    await house.provenance.add(value("summary", "doc"))
    answered = await house.chat.answer(ask("cheap", declared=PUBLIC, sources=("summary",)))
    exposure = await house.provenance.raise_label(wish(SECRET))
    (one,) = exposure.deliveries
    assert (one.delivery.zone, one.delivery.model, one.delivery.user, one.permitted_now) == (
        "external",
        "cheap",
        "ann",
        False,
    )
    assert one.delivery.sha256 == house.book.decisions_by_id[answered.decision_id].body_sha256
    assert set(exposure.derived) == {"doc", "summary", answered.decision_id}
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask("cheap", declared=PUBLIC, sources=("summary",)))
    assert [(event.action, event.user) for event in house.stored.events] == [("value:raised", "hanako")]
    assert (await house.provenance.exposure("default", answered.decision_id)).label == SECRET


async def test_raising_an_exchange_stops_its_kept_answers() -> None:
    """Today's stored values: an answer in the cache, and one kept for a repeat."""
    house = FakeInstallation()
    limited = structs.replace(api_key(), clearance=parse_clearance("internal"))
    asked = ask("in-house", key=limited, cache="exact")
    repeated = ask("in-house", key=limited, idempotency_key="k")
    first, kept = await house.chat.answer(asked), await house.chat.answer(repeated)
    hit = await house.chat.answer(asked)
    assert hit.cache is not None
    assert hit.cache.hit
    exposure = await house.provenance.raise_label(wish(SECRET, value=first.decision_id))
    assert [one.delivery.zone for one in exposure.deliveries] == ["host", CALLER]
    again = await house.chat.answer(asked)
    assert again.cache is not None
    assert (again.cache.result, again.cache.source) == ("miss", None)
    await house.provenance.raise_label(wish(SECRET, value=kept.decision_id))
    with pytest.raises(NotPermitted):
        await house.chat.answer(repeated)
    house.assert_settled()


async def test_nobody_lowers_a_label_alone() -> None:
    house = FakeInstallation()
    await house.provenance.add(value("doc", label=SECRET))
    for label in (PUBLIC, parse_label("restricted"), parse_label("confidential+pii+jp-only")):
        with pytest.raises(NotAllowed, match="--lower"):
            await house.provenance.raise_label(wish(label))
    assert house.stored.events == []
    assert await house.provenance.label("default", ("doc",)) == SECRET


@pytest.mark.parametrize("changes", [{"by": " "}, {"reason": ""}])
async def test_a_label_is_changed_by_a_person_and_for_a_reason(changes: dict[str, str]) -> None:
    house = FakeInstallation()
    await house.provenance.add(value("doc"))
    with pytest.raises(InvalidRequest):
        await house.provenance.raise_label(structs.replace(wish(SECRET), **changes))


async def test_an_adapter_goes_where_its_training_data_may() -> None:
    house = FakeInstallation()
    await house.provenance.add(value("doc", label=SECRET))
    await house.provenance.add(value("adapter", "doc"))
    load = Delivery("dlv_1", START, "default", ("adapter",), "host", PUBLIC, "ann", "key_1", "0" * 64)
    assert (await house.provenance.deliver(load)).label == SECRET
    for zone in ("external", "nowhere"):
        with pytest.raises(NotPermitted):
            await house.provenance.deliver(structs.replace(load, zone=zone))
    exposure = await house.provenance.exposure("default", "doc")
    assert [one.delivery.zone for one in exposure.deliveries] == ["host"]


async def test_what_is_handed_to_a_caller_is_within_his_clearance_now_and_on_record() -> None:
    house = FakeInstallation()
    key = structs.replace(api_key("low"), clearance=parse_clearance("internal"))
    await house.provenance.add(value("doc", label=INTERNAL))
    await house.provenance.hand_over(Caller(key), ("doc",))
    await house.provenance.raise_label(wish(SECRET))
    with pytest.raises(NotPermitted):
        await house.provenance.hand_over(Caller(key), ("doc",))
    with pytest.raises(NotFound):
        await house.provenance.hand_over(Caller(structs.replace(key, tenant="other")), ("doc",))
    (one,) = (await house.provenance.exposure("default", "doc")).deliveries
    found = one.delivery
    assert (found.zone, found.user, found.key_id, found.label, found.sha256) == (CALLER, "ann", key.id, INTERNAL, "")
    assert not one.permitted_now


def test_only_what_was_raised_since_the_decision_binds_more_than_the_decision_did() -> None:
    """Words that were masked since have a label of their own, below the decision's."""
    assert carried(INTERNAL, SECRET, SECRET) == INTERNAL
    assert carried(INTERNAL, INTERNAL, SECRET) == SECRET
    assert covers(SECRET, INTERNAL)
    assert not covers(INTERNAL, SECRET)
