"""Who may judge an answer and read what was said of it, whatever its label has become."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import KyozonError, NotFound
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.provenance import StoredValue
from kyozon.services.feedback import FeedbackService, Said
from kyozon.services.provenance import Wish
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.record_samples import a_decision, an_outcome

LABELS = st.builds(Label, st.sampled_from(list(Level)), st.frozensets(st.sampled_from(["pii", "jp-only"])))
CLEARANCES = st.builds(Clearance, st.sampled_from(list(Level)), st.frozensets(st.sampled_from(["pii", "jp-only", "*"])))
SECRET = "the merger is off"


async def asked(house: FakeInstallation, **changes: object) -> Said:
    """What may be said of an answer that is on record."""
    decision = a_decision(**changes)
    house.book.decisions_by_id[decision.id] = decision
    house.book.outcomes[decision.id] = an_outcome(decision)
    return Said(decision.id, 0.25, comment=SECRET)


def service(house: FakeInstallation) -> FeedbackService:
    return house.services().feedback


def caller(name: str, clearance: Clearance = Clearance(Level.RESTRICTED, frozenset({"*"})), **changes: object) -> Caller:  # noqa: B008 - it never changes
    return Caller(structs.replace(api_key(name), tenant="acme", clearance=clearance, **changes))


@settings(deadline=None)
@given(own=LABELS, source=LABELS, raised=LABELS, clearance=CLEARANCES, reader=st.sampled_from(["asker", "admin", "other"]))
async def test_words_are_read_by_who_is_cleared_for_what_they_are_about(
    own: Label, source: Label, raised: Label, clearance: Clearance, reader: str
) -> None:
    house = FakeInstallation()
    await house.stored.add(StoredValue("doc", "acme", "document", house.time.now, source, (), "0" * 64))
    said = await asked(house, label=own, sources=("doc",), key_id="key_asker")
    await service(house).give(caller("writer"), said)
    new = source.join(raised)
    await house.provenance.raise_label(Wish("acme", "doc", new, "ann", "it was wrong"))
    who = caller(reader, clearance, admin=reader == "admin")
    need = own.join(new)
    open_to = clearance.level.rank >= need.level.rank and (
        "*" in clearance.compartments or need.compartments <= clearance.compartments
    )
    if not open_to:
        for tried in (service(house).of(who, said.decision_id), service(house).give(who, said)):
            with pytest.raises(NotFound) as refused:
                await tried
            assert SECRET not in str(refused.value)
        return
    found = await service(house).of(who, said.decision_id)
    assert [one.comment for one in found] == ([] if reader == "other" else [SECRET])
    told = [event.user for event in house.trail.events if event.action == "feedback:read"]
    assert told == ([] if reader == "other" else ["ann"])
    assert SECRET not in str(house.trail.events)


@settings(deadline=None)
@given(
    minds=st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([None, "why"]), st.integers(1, 3)), max_size=6)
)
async def test_each_mind_counts_once_however_often_a_client_sends_it(minds: list[tuple[float, str | None, int]]) -> None:
    house = FakeInstallation()
    said = await asked(house)
    for score, comment, times in minds:
        for _ in range(times):
            house.time.advance(seconds=1)
            await service(house).give(caller("writer"), structs.replace(said, score=score, comment=comment))
    kept = [(one.score, one.comment) for one in await house.said.of(said.decision_id, "acme")]
    different = [one for place, one in enumerate(minds) if not place or one[:2] != minds[place - 1][:2]]
    assert kept == [one[:2] for one in different]


async def test_what_cannot_be_recorded_is_not_counted() -> None:
    house = FakeInstallation()
    said = await asked(house)
    house.said.failing.add("add")
    with pytest.raises(KyozonError):
        await service(house).give(caller("writer"), said)
    assert b'kyozon_feedback_total{source="person"} 0.0' in house.metrics.exposition()


async def test_people_at_the_terminal_see_what_a_reader_of_a_clearance_may() -> None:
    house = FakeInstallation()
    said = await asked(house, label=Label(Level.CONFIDENTIAL))
    await service(house).give(caller("writer"), said)
    decision = house.book.decisions_by_id[said.decision_id]
    assert [one.comment for one in await service(house).shown(decision, "")] == [SECRET]
    assert await service(house).shown(decision, "", Clearance(Level.INTERNAL)) == ()
    gone = structs.replace(decision, id="dec_gone")
    assert await service(house).shown(gone, "", Clearance(Level.RESTRICTED)) == ()
