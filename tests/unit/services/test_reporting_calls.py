"""The calls behind a decision, read from its record: none is missed, none counted twice, and what they cost adds up."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.decisions import Attempt, CacheUse
from kyozon.domain.errors import KyozonError, StreamBroken, UpstreamFailed
from kyozon.domain.labels import Label, Level
from kyozon.domain.usage import Charge, Usage
from kyozon.services.reporting.calls import Made, calls_of
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, ask
from tests.fakes.record_samples import a_decision, an_outcome
from tests.fakes.scripted import HANG, hello, piece


def newest(house: FakeInstallation) -> tuple[Made, ...]:
    decision = max(house.book.decisions_by_id.values(), key=lambda one: one.id)
    return calls_of(decision, house.book.outcomes.get(decision.id))


async def test_a_fallback_is_two_calls_and_the_second_one_answered() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 503, "ill")]]
    await house.chat.answer(ask())
    found = newest(house)
    assert [(one.provider, one.model, one.zone, one.status) for one in found] == [
        ("bargain", "cheap", "external", "failed"),
        ("local", "in-house", "host", "answered"),
    ]
    assert [one.usage.input for one in found] == [0, 100]


def test_what_a_model_used_counts_for_the_try_that_answered() -> None:
    decision = a_decision()
    attempts = (Attempt("local/small", "local", error="provider_failed", status=500), Attempt("local/small", "local"))
    outcome = an_outcome(decision, attempts=attempts)
    assert [(one.status, one.usage.input) for one in calls_of(decision, outcome)] == [
        ("failed", 0),
        ("answered", outcome.usage.input),
    ]


@pytest.mark.parametrize("ends", ["broken", "left"])
async def test_a_stream_that_does_not_end_is_one_call(ends: str) -> None:
    house = FakeInstallation()
    rest = [StreamBroken("bargain", "cut")] if ends == "broken" else [HANG]
    house.chats["bargain"].scripts = [[piece(role="assistant"), piece("Hello"), *rest]]
    streamed = await house.chat.stream(ask())
    with suppress(KyozonError):
        async for _ in streamed.pieces:
            if ends == "left":
                break
    await streamed.close()
    (only,) = newest(house)
    assert (only.model, only.status) == ("cheap", ends)
    assert only.charge is not None
    assert only.charge.amount > 0


async def test_a_refusal_and_a_kept_answer_are_no_calls() -> None:
    house = FakeInstallation()
    with suppress(KyozonError):
        await house.chat.answer(ask("dear", declared=CONFIDENTIAL))
    assert newest(house) == ()
    hit = an_outcome(a_decision(), model=None, attempts=(), cache=CacheUse("hit-exact"))
    assert calls_of(a_decision(), hit) == ()


async def test_one_that_runs_or_died_may_have_reached_the_chosen_model() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[HANG], hello()]
    task = asyncio.create_task(house.chat.answer(ask()))
    while not house.sent:  # noqa: ASYNC110 - the log has no event for it
        await asyncio.sleep(0)
    assert [(one.model, one.status) for one in newest(house)] == [("cheap", "open")]
    task.cancel()
    await asyncio.wait([task])
    await house.drain()
    assert [(one.model, one.status) for one in newest(house)] == [("cheap", "left")]
    decision = a_decision()
    lost = an_outcome(decision, status="lost", model="local/small", attempts=())
    assert [(one.provider, one.model, one.status) for one in calls_of(decision, lost)] == [("local", "local/small", "lost")]


def test_what_was_not_sent_is_no_call_and_an_embedding_is_one() -> None:
    decision = a_decision()
    asked = Attempt("e5", "here", usage=Usage(uncached=3), charge=Charge(Decimal("0.5")))
    attempts = (Attempt("openai/gpt", "openai", error="circuit_open"), Attempt("local/small", "local"))
    outcome = an_outcome(decision, attempts=attempts, cache=CacheUse("miss", embedding=asked))
    found = calls_of(decision, outcome)
    assert [(one.model, one.aside, one.zone) for one in found] == [("local/small", False, "host"), ("e5", True, None)]
    assert sum(one.charge.amount for one in found if one.charge) == outcome.charge.amount + Decimal("0.5")


def test_masked_words_leave_under_their_own_label() -> None:
    plain = a_decision()
    candidates = tuple(structs.replace(one, masked=one.provider == "local") for one in plain.candidates)
    decision = structs.replace(plain, candidates=candidates, masked_label=Label(Level.INTERNAL))
    (made,) = calls_of(decision, an_outcome(decision))
    assert (made.masked, str(made.label)) == (True, "internal")
