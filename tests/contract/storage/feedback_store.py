"""What every `FeedbackStore` must do. A store's own test inherits the suite and makes the store."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.decisions import Decision
from kyozon.domain.errors import LimitReached, NotFound
from kyozon.domain.feedback import Feedback
from kyozon.ports.feedback import FeedbackStore
from kyozon.ports.records import Journal
from kyozon.services.feedback import MOST, MOST_OF_KEY
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome


def a_judgement(decision: Decision, name: str = "fbk_1", **changes: Any) -> Feedback:
    said = Feedback(name, decision.id, decision.tenant, LONG_AGO, "person", 0.25, "hanako", "key_1", "山 is\0 wrong")
    return structs.replace(said, **changes)


async def recorded(journal: Journal, **changes: Any) -> Decision:
    """An answered decision."""
    decision = a_decision(**changes)
    await journal.open(decision, None)
    await journal.close(an_outcome(decision), ())
    return decision


class FeedbackStoreSuite:
    """Subclasses have a fixture `stores`: the store, and the journal whose decisions are judged in it."""

    async def test_what_was_said_comes_back_oldest_first(self, stores: tuple[FeedbackStore, Journal]) -> None:
        store, journal = stores
        decision, other = await recorded(journal), await recorded(journal)
        later = a_judgement(decision, at=LONG_AGO + timedelta(seconds=1), score=1.0, comment=None, source="program")
        first = a_judgement(decision, "fbk_2", comment="山 is wrong")
        for said in (later, first, a_judgement(other, "fbk_3")):
            await store.add(said)
        assert await store.of(decision.id, "acme") == (first, later)
        assert await store.of(decision.id, "another tenant") == ()
        assert await store.of("dec_none", "acme") == ()

    async def test_one_id_is_kept_once(self, stores: tuple[FeedbackStore, Journal]) -> None:
        store, journal = stores
        decision = await recorded(journal)
        for score in (0.5, 0.75):
            await store.add(a_judgement(decision, score=score, comment=None))
        assert [said.score for said in await store.of(decision.id, "acme")] == [0.5]

    async def test_what_was_never_asked_cannot_be_judged(self, stores: tuple[FeedbackStore, Journal]) -> None:
        store, journal = stores
        decision, _ = await recorded(journal), await recorded(journal, tenant="another")
        for wrong in (a_judgement(a_decision()), a_judgement(decision, tenant="another")):
            with pytest.raises(NotFound, match="x-kyozon-decision"):
                await store.add(structs.replace(wrong, comment=None))
        assert await store.of(decision.id, "acme") == ()

    async def test_one_key_has_so_much_to_say_of_one_answer(self, stores: tuple[FeedbackStore, Journal]) -> None:
        store, journal = stores
        decision, other = await recorded(journal), await recorded(journal)
        for place in range(MOST):
            await store.add(a_judgement(decision, f"fbk_{place}", comment=None))
        with pytest.raises(LimitReached):
            await store.add(a_judgement(decision, "fbk_more", comment=None))
        await store.add(a_judgement(decision, "fbk_0", comment=None))  # a repeat is none more
        await store.add(a_judgement(decision, "fbk_another_key", key_id="key_2", comment=None))
        await store.add(a_judgement(other, "fbk_another_answer", comment=None))
        assert len(await store.of(decision.id, "acme")) == MOST + 1

    async def test_a_key_has_so_much_to_say_however_many_users_it_names(
        self, stores: tuple[FeedbackStore, Journal]
    ) -> None:
        store, journal = stores
        decision = await recorded(journal)
        for number in range(MOST_OF_KEY // MOST + 1):
            await recorded(journal, user=f"shop/{number}")  # so that they are known
        for place in range(MOST_OF_KEY):
            await store.add(a_judgement(decision, f"fbk_{place}", user=f"shop/{place // MOST}", comment=None))
        with pytest.raises(LimitReached):
            await store.add(a_judgement(decision, "fbk_more", user=f"shop/{MOST_OF_KEY // MOST}", comment=None))

    async def test_every_decision_comes_with_what_was_said_of_it(self, stores: tuple[FeedbackStore, Journal]) -> None:
        store, journal = stores
        third, first, second, elsewhere = [
            await recorded(journal, at=LONG_AGO + timedelta(hours=hours), tenant=tenant)
            for hours, tenant in ((3, "acme"), (1, "acme"), (2, "acme"), (2, "other"))
        ]
        said = a_judgement(second), a_judgement(second, "fbk_2", source="retry", score=0.0, comment=None)
        for one in said:
            await store.add(one)
        start, end = LONG_AGO + timedelta(hours=1), LONG_AGO + timedelta(hours=3)
        found = [one async for one in store.rated(start, end, "acme")]
        assert [one.decision.id for one in found] == [first.id, second.id]
        assert [one.outcome.status for one in found if one.outcome] == ["answered", "answered"]
        assert found[0].feedback == ()
        assert found[1].feedback == tuple(structs.replace(one, comment=None) for one in said)
        assert (found[1].score, found[1].weight) == (0.25, 1.0)
        everybody = {one.decision.id async for one in store.rated(start)}
        assert everybody == {first.id, second.id, third.id, elsewhere.id}
