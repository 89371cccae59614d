"""From records to a lesson: what is read, what is passed over, and when there is nothing to learn."""

from datetime import timedelta

import pytest
from msgspec import structs

from kyozon.domain.decisions import Candidate
from kyozon.domain.errors import CallerError
from kyozon.domain.feedback import Feedback
from kyozon.domain.quality import Estimate
from kyozon.services.learning import Learner
from tests.fakes.feedback import MemoryFeedback
from tests.fakes.memory import MemoryBook
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome
from tests.unit.routing.estimating.known_world import card, model

CARDS = {"able-1": card("able-1")}


async def store(judged: int, others: int = 0, version: str | None = None) -> MemoryFeedback:
    book = MemoryBook([])
    feedback = MemoryFeedback(book)
    estimate = Estimate(0.6, 0.1, 0.9, reasons=(("domain sums", 0.0),), measured=False)
    choice = Candidate("able-1", "somebody", "external", rank=1, estimate=estimate)
    for number in range(judged + others):
        decision = a_decision(candidates=(choice,), chosen="able-1", estimator=version or model().version)
        book.decisions_by_id[decision.id] = decision
        book.outcomes[decision.id] = an_outcome(decision, model="able-1", provider="somebody", attempts=())
        if number < judged:
            said = Feedback(f"fbk_{number}", decision.id, "acme", LONG_AGO, "person", 1.0, f"hanako {number % 3}", "key_1")
            await feedback.add(said)
    return feedback


async def test_it_learns_from_records() -> None:
    found = await Learner(await store(40, 7), model(), CARDS).learn(LONG_AGO - timedelta(days=1))

    assert (found.decisions, found.judged, found.passed_over) == (47, 40, {"unsaid": 7})
    assert [(one.model, one.judgements, one.people) for one in found.lesson.moved] == [("able-1", 40, 3)]
    assert found.lesson.moved[0].now > found.lesson.moved[0].expected
    assert found.lesson.model.version != model().version


async def test_another_tenant_and_an_earlier_time_are_not_read() -> None:
    learner = Learner(await store(40), model(), CARDS)

    with pytest.raises(CallerError, match=r"no decision is on record since .* Look further back with --since\."):
        await learner.learn(LONG_AGO + timedelta(days=1))
    with pytest.raises(CallerError, match=r"no decision of tenant nobody is on record since .* --tenant"):
        await learner.learn(LONG_AGO - timedelta(days=1), "nobody")


async def test_nothing_to_learn_is_said_with_what_to_do() -> None:
    with pytest.raises(CallerError) as few:
        await Learner(await store(9, 3), model(), CARDS).learn(LONG_AGO)
    with pytest.raises(CallerError) as elsewhere:
        await Learner(await store(40, version="another"), model(), CARDS).learn(LONG_AGO)

    assert "of 12 decisions 9 have" in few.value.text.en
    assert "kyozon feedback give" in few.value.text.en
    assert "9 件" in few.value.text.ja
    assert "40 judged answers were chosen by another version" in elsewhere.value.text.en
    assert "40 件" in elsewhere.value.text.ja


async def test_a_model_that_is_served_no_more_is_not_learnt_of() -> None:
    with pytest.raises(CallerError, match="nothing to learn"):
        await Learner(await store(40), model(), {}).learn(LONG_AGO)


async def test_records_hold_all_that_is_read() -> None:
    feedback = await store(40)
    feedback.by_id = {name: structs.replace(one, comment="Zanzibar") for name, one in feedback.by_id.items()}
    found = await Learner(feedback, model(), CARDS).learn(LONG_AGO)

    assert b"Zanzibar" not in found.lesson.model.write()
    assert b"hanako" not in found.lesson.model.write()
