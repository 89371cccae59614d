"""Who asks again: what is concluded of the answer before, from whom nothing is, and that nobody waits for it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.errors import HeldForReview, StreamBroken, UpstreamFailed
from kyozon.domain.quality import parse_goal
from kyozon.domain.requests import Json, Stated
from kyozon.domain.review import ReviewRules
from kyozon.services.asked_again import SECONDS, AskedAgain
from kyozon.services.cache import CacheOptions
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import CHEAP, FakeInstallation, api_key, ask
from tests.fakes.scripted import hello

FIRST: list[Json] = [{"role": "user", "content": "Which year was it?"}]
NEXT = [*FIRST, {"role": "assistant", "content": "1868."}, {"role": "user", "content": "And who ruled?"}]
REWORDED = [*NEXT[:2], {"role": "user", "content": "Who was shogun then?"}]


class Person:
    """Somebody who reads an answer for a while before he asks on."""

    def __init__(self, house: FakeInstallation) -> None:
        self.house = house
        self.noticing: AskedAgain = house.learn_from_use()

    async def asks(self, messages: list[Json] = FIRST, model: str = "auto", *, reads: float = 20, **fields: Any) -> str:
        """The decision of an answer that was read."""
        answered = await self.house.chat.answer(ask(model, messages=messages, **fields))
        await self.house.drain()
        self.house.time.advance(seconds=reads)
        return answered.decision_id

    async def seen(self) -> list[tuple[str, str, float]]:
        """What was concluded, of which decision, when all was quiet."""
        self.house.time.advance(seconds=SECONDS)
        self.noticing.conclude()
        await self.house.drain()
        return [(one.decision_id, one.source, one.score) for one in self.house.said.by_id.values()]


@pytest.fixture
def house() -> FakeInstallation:
    return FakeInstallation()


@pytest.fixture
def person(house: FakeInstallation) -> Person:
    return Person(house)


async def test_the_same_again_is_no_praise(person: Person) -> None:
    first = await person.asks()
    await person.asks()
    assert await person.seen() == [(first, "retry", 0.0)]
    (said,) = person.house.said.by_id.values()
    assert (said.user, said.key_id, said.comment, said.outright) == ("ann", "key_test", None, False)
    assert b'kyozon_feedback_total{source="retry"} 1.0' in person.house.metrics.exposition()


async def test_nothing_is_concluded_before_all_is_quiet(person: Person) -> None:
    for _ in range(2):
        await person.asks()
    person.noticing.conclude()
    await person.house.drain()
    assert person.house.said.by_id == {}
    await person.noticing.drain()
    assert len(person.house.said.by_id) == 1


async def test_the_question_in_other_words(person: Person) -> None:
    await person.asks(FIRST)
    second = await person.asks(NEXT)
    await person.asks(REWORDED)
    assert await person.seen() == [(second, "edit", 0.25)]


async def test_examples_before_a_question_are_no_conversation_that_was_had_here(person: Person) -> None:
    await person.asks(NEXT)
    await person.asks(REWORDED)
    await person.asks([{"role": "user", "content": "Something else."}])
    assert await person.seen() == []


async def test_going_on_is_content(person: Person) -> None:
    await person.asks(FIRST)
    await person.asks(NEXT)
    assert await person.seen() == []


async def test_a_dearer_model_for_the_same(person: Person) -> None:
    first = await person.asks(model="cheap")
    await person.asks(model="dear")
    assert await person.seen() == [(first, "escalation", 0.0)]


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("models", [("dear", "cheap"), ("cheap", "auto"), ("auto", "cheap")])
async def test_a_cheaper_one_or_any_may_be_a_comparison(person: Person, models: tuple[str, str], *, measured: bool) -> None:
    if measured:
        person.house.measure(KnowsThree())
    for model in models:
        await person.asks(model=model)
    assert await person.seen() == []


async def test_nobody_names_the_dearer_one_that_was_chosen(person: Person) -> None:
    person.house.measure(KnowsThree())
    await person.asks(model="cheap")
    await person.asks(quality=parse_goal("max"))
    assert person.house.sent == ["cheap", "dear"]
    assert await person.seen() == []


@pytest.mark.parametrize(
    ("goals", "source"), [(("economy", "max"), "escalation"), (("max", "economy"), None), (("high", "high"), "retry")]
)
async def test_a_higher_goal_for_the_same(person: Person, goals: tuple[str, str], source: str | None) -> None:
    person.house.measure(KnowsThree())
    first = await person.asks(quality=parse_goal(goals[0]))
    await person.asks(quality=parse_goal(goals[1]))
    assert [one[:2] for one in await person.seen()] == ([] if source is None else [(first, source)])


@pytest.mark.parametrize("times", [4, 9])
async def test_a_loop_says_nothing(person: Person, times: int) -> None:
    for _ in range(times):
        await person.asks(reads=SECONDS - 60)
    assert await person.seen() == []


async def test_a_loop_that_never_falls_silent_is_not_remembered_ever_longer(person: Person) -> None:
    for _ in range(3):
        await person.asks(reads=5)
    (place,) = person.noticing._places.values()
    assert len(place.seen) == 2
    for _ in range(20):
        await person.asks(reads=5)
    assert (place.asked, place.seen) == (23, [])
    assert list(person.noticing._places.values()) == [place]
    assert await person.seen() == []


async def test_a_run_that_asks_everything_twice_says_nothing(person: Person) -> None:
    for place in range(20):
        for model in ("cheap", "dear"):
            await person.asks([{"role": "user", "content": f"Question {place}"}], model)
    assert await person.seen() == []


async def test_a_person_is_heard_once_the_run_is_over(person: Person) -> None:
    for place in range(20):
        for model in ("cheap", "dear"):
            await person.asks([{"role": "user", "content": f"Question {place}"}], model)
    person.house.time.advance(seconds=SECONDS)
    last = await person.asks()
    await person.asks()
    assert await person.seen() == [(last, "retry", 0.0)]


async def test_a_person_among_many_questions_is_heard(person: Person) -> None:
    for place in range(20):
        for _ in range(1 + (place % 5 == 0)):
            await person.asks([{"role": "user", "content": f"Question {place}"}])
    assert len(await person.seen()) == 4


async def test_nobody_reads_so_fast(person: Person) -> None:
    await person.asks(reads=1)
    await person.asks()
    assert await person.seen() == []


async def test_ten_minutes_later_it_is_another_matter(person: Person) -> None:
    await person.asks(reads=SECONDS)
    await person.asks()
    assert await person.seen() == []


@pytest.mark.parametrize(
    "other",
    [
        {"key": api_key("other")},
        {"stated": Stated(session="another")},
        {"user": "customer-2"},
        {"safety_identifier": "2"},
        {"retry": True, "sdk": True},
    ],
)
async def test_another_one_or_the_wire_is_not_the_same_person(person: Person, other: dict[str, Any]) -> None:
    await person.asks()
    await person.asks(**other)
    assert await person.seen() == []


async def test_what_the_wire_swallowed_is_an_answer_when_it_came_at_last(person: Person) -> None:
    await person.asks(retry=True, sdk=True)
    second = await person.asks(NEXT, retry=True, sdk=True)
    await person.asks(REWORDED)
    assert await person.seen() == [(second, "edit", 0.25)]


async def test_nobody_is_blamed_for_an_answer_that_waits_for_a_reviewer(person: Person) -> None:
    review = ReviewRules(keys=frozenset({"test"}))
    person.house.registry.installation = structs.replace(person.house.registry.installation, review=review)
    for _ in range(2):
        with pytest.raises(HeldForReview):
            await person.asks()
        person.house.time.advance(seconds=20)
    assert await person.seen() == []


async def test_it_is_concluded_while_the_server_runs(person: Person) -> None:
    for _ in range(2):
        await person.asks()
    watching = asyncio.create_task(person.noticing.watch())
    for _ in range(200):
        await asyncio.sleep(0)
    watching.cancel()
    assert [one.source for one in person.house.said.by_id.values()] == ["retry"]


async def test_answers_from_the_cache_are_asked_for_again_gladly(person: Person) -> None:
    person.house.use_cache(CacheOptions(enabled=True, exact=True))
    for _ in range(3):
        await person.asks()
    assert len(person.house.sent) == 1
    assert await person.seen() == []


async def test_what_was_not_answered_has_not_failed_to_please(person: Person) -> None:
    person.house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 500, "down")], hello()]
    with pytest.raises(UpstreamFailed):
        await person.asks(model="cheap")
    await person.asks(model="cheap")
    assert await person.seen() == []


async def test_what_broke_off_was_no_answer(person: Person) -> None:
    person.house.chats["bargain"].scripts = [[*hello()[:3], StreamBroken("bargain", "gone")], hello()]
    streamed = await person.house.chat.stream(ask("cheap", messages=FIRST, stream=True))
    with pytest.raises(StreamBroken):
        assert [piece async for piece in streamed.pieces]
    await person.house.drain()
    person.house.time.advance(seconds=20)
    await person.asks(model="cheap")
    assert await person.seen() == []


async def test_one_answer_gets_one_of_each_source(person: Person) -> None:
    first = await person.asks(model="cheap")
    person.house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 500, "down")], hello()]
    with pytest.raises(UpstreamFailed):
        await person.asks(model="cheap")
    person.house.time.advance(seconds=20)
    await person.asks(model="cheap")
    assert await person.seen() == [(first, "retry", 0.0)]


async def test_where_there_is_one_model_nothing_is_remembered() -> None:
    person = Person(FakeInstallation((CHEAP,)))
    for _ in range(2):
        await person.asks()
    assert await person.seen() == []
    assert person.noticing._places == {}


async def test_trouble_with_the_store_reaches_nobody(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    person.house.said.failing.add("add")
    for place in range(3):
        for _ in range(2):
            await person.asks([{"role": "user", "content": f"Question {place}"}])
    assert await person.seen() == []
    assert caplog.text.count("is not recorded: StorageUnavailable") == 1
    assert b'source="retry"} 0.0' in person.house.metrics.exposition()


async def test_what_the_store_will_not_take_keeps_nothing_else_out(person: Person) -> None:
    first, second = [{"role": "user", "content": "one"}], [{"role": "user", "content": "two"}]
    gone = await person.asks(first)
    await person.asks(first)
    kept = await person.asks(second)
    await person.asks(second)
    del person.house.book.decisions_by_id[gone]
    assert [one[0] for one in await person.seen()] == [kept]


async def test_streams_are_answers_too(person: Person) -> None:
    first = ""
    for _ in range(2):
        streamed = await person.house.chat.stream(ask(messages=FIRST, stream=True))
        assert [piece async for piece in streamed.pieces]
        await streamed.close()
        await person.house.drain()
        person.house.time.advance(seconds=20)
        first = first or streamed.decision_id
    assert await person.seen() == [(first, "retry", 0.0)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["auto", "cheap", "dear"]), st.integers(0, 900)), max_size=12))
async def test_whoever_asks_whatever_one_of_each_source_is_said_of_an_answer(asked: list[tuple[int, str, int]]) -> None:
    person = Person(FakeInstallation())
    for place, model, seconds in asked:
        await person.asks([{"role": "user", "content": str(place)}], model, reads=seconds)
    seen = await person.seen()
    assert len({one[:2] for one in seen}) == len(seen)
    assert {one[0] for one in seen} <= set(person.house.book.outcomes)
