"""The answer cache within the life of a request: asked after the decision, paid, visible, never in the way."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.decisions import Outcome
from kyozon.domain.errors import NotPermitted
from kyozon.domain.requests import CacheWish
from kyozon.domain.usage import Usage
from kyozon.services.cache import LARGEST_ANSWER, CacheOptions
from kyozon.services.streaming import Streamed
from tests.fakes.installation import CHEAP, CONFIDENTIAL, EMBEDDER, IN_HOUSE, INTERNAL, FakeInstallation, api_key, ask
from tests.fakes.scripted import HANG, USAGE, Line, hello, piece, reported
from tests.fakes.waiting import until

FRANCE, ALSO_FRANCE, GERMANY = (
    [{"role": "user", "content": text}]
    for text in ("What is the capital of France?", "Tell me the capital of France", "What is the capital of Germany?")
)


def outcome(house: FakeInstallation, decision_id: str) -> Outcome:
    return house.book.outcomes[decision_id]


async def results(house: FakeInstallation, *messages: list[dict[str, str]], cache: CacheWish | None) -> list[str | None]:
    found: list[str | None] = []
    for one in messages:
        answered = await house.chat.answer(ask(messages=one, cache=cache))
        found.append(answered.cache.result if answered.cache else None)
    house.assert_settled()
    return found


async def read(streamed: Streamed) -> list[bytes]:
    payloads = [piece.payload async for piece in streamed.pieces]
    await streamed.close()
    return payloads


async def test_off_unless_somebody_says_otherwise() -> None:
    house = FakeInstallation()
    assert await results(house, FRANCE, FRANCE, cache=None) == [None, None]
    assert house.answers.kept == []
    assert await results(house, FRANCE, FRANCE, cache="exact") == ["miss", "hit-exact"]


async def test_the_operator_turns_it_on_and_off_and_the_caller_chooses() -> None:
    house = FakeInstallation()
    house.use_cache(CacheOptions(exact=True))
    assert await results(house, FRANCE, FRANCE, cache=None) == ["miss", "hit-exact"]
    assert await results(house, FRANCE, cache="off") == [None]
    house.use_cache(CacheOptions(exact=True, semantic=True))
    assert await results(house, GERMANY, GERMANY, cache=None) == ["miss", "hit-exact"]
    house.use_cache(CacheOptions(enabled=False, exact=True))
    assert await results(house, FRANCE, cache="exact") == [None]


async def test_an_exact_hit_costs_nothing_and_says_what_it_saved() -> None:
    house = FakeInstallation()
    first = await house.chat.answer(ask(cache="exact"))
    again = await house.chat.answer(ask(cache="exact"))
    assert (again.payload, again.model, again.dialect) == (first.payload, "cheap", "openai")
    assert again.decision_id != first.decision_id
    paid, saved = outcome(house, first.decision_id), outcome(house, again.decision_id)
    assert (saved.status, saved.usage, saved.charge.amount) == ("answered", Usage(), Decimal(0))
    assert saved.attempts == ()
    assert saved.cache is not None
    assert (saved.cache.source, saved.cache.saved) == (first.decision_id, paid.charge)
    assert paid.cache is not None
    assert (saved.cache.partition, paid.cache.result) == (paid.cache.partition, "miss")
    assert house.book.total("key:key_test:spend") == paid.charge.amount > 0
    assert house.sent == ["cheap"]
    house.assert_settled()


async def test_the_decision_is_recorded_before_anything_is_asked_and_a_refusal_asks_nothing() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(cache="semantic"))
    assert house.log.index("open") < house.log.index("send embedder")
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask("cheap", declared=CONFIDENTIAL, cache="semantic"))
    assert house.sent == ["embedder", "cheap"]
    house.assert_settled()


async def test_a_question_worded_differently_costs_its_embedding() -> None:
    house = FakeInstallation()
    house.embedder.usage = Usage(uncached=9)
    assert await results(house, FRANCE, ALSO_FRANCE, GERMANY, cache="semantic") == ["miss", "hit-semantic", "miss"]
    first, second, _ = house.book.outcomes.values()
    assert second.cache is not None
    assert second.cache.similarity == pytest.approx(1.0, abs=0.01)
    assert second.cache.embedding is not None
    assert second.cache.embedding.usage == Usage(uncached=9)
    cost = Decimal("0.000018")  # 9 tokens at 2 a million
    assert house.book.total("provider:local:payable") == -3 * cost
    assert second.charge.amount == 0
    assert first.cache is not None
    assert [call.charge.amount for call in first.calls if call.charge] == [cost]
    assert house.limiter.remaining(api_key()) == {}


async def test_less_similar_than_the_threshold_is_a_miss() -> None:
    house = FakeInstallation()
    house.use_cache(CacheOptions(similarity=1.01))
    assert await results(house, FRANCE, ALSO_FRANCE, FRANCE, cache="semantic") == ["miss", "miss", "hit-exact"]


async def test_noise_in_the_request_does_not_kill_the_hits() -> None:
    """The mend for answers that crossed users compared whole requests: then nothing was ever found."""
    house = FakeInstallation()
    for number, messages in enumerate((FRANCE, ALSO_FRANCE)):
        noise: dict[str, Any] = {"metadata": {"trace": f"id-{number}"}, "prompt_cache_key": str(number)}
        await house.chat.answer(ask(messages=messages, cache="semantic", **noise))
    assert house.sent.count("cheap") == 1


async def test_refresh_asks_a_model_and_replaces_what_was_kept() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[piece("old"), piece(finish="stop"), reported(USAGE)], hello()]
    assert await results(house, FRANCE, cache="exact") == ["miss"]
    assert await results(house, FRANCE, cache="refresh") == ["refresh"]
    assert b"Hello world" in (await house.chat.answer(ask(messages=FRANCE, cache="exact"))).payload
    assert len(house.sent) == 2


async def test_a_stream_is_given_again_as_a_stream() -> None:
    house = FakeInstallation()
    first = await read(await house.chat.stream(ask(stream=True, cache="exact")))
    again = await house.chat.stream(ask(stream=True, cache="exact"))
    assert again.cache is not None
    assert again.cache.hit
    assert (again.model, await read(again)) == ("cheap", first)
    assert len(house.sent) == 1
    assert await results(house, FRANCE, cache="exact") == ["miss"]  # a whole answer is another form
    house.assert_settled()


@pytest.mark.parametrize(
    "script",
    [
        [piece("Too lo"), piece(finish="length"), reported(USAGE)],
        [piece("I can"), piece(finish="content_filter"), reported(USAGE)],
        [piece("x" * LARGEST_ANSWER), piece(finish="stop"), reported(USAGE)],
        [piece("no end")],
    ],
)
async def test_what_is_not_kept(script: list[Line]) -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [script]
    await house.chat.answer(ask(cache="exact"))
    await read(await house.chat.stream(ask(stream=True, cache="exact")))
    assert house.answers.kept == []
    house.assert_settled()


async def test_what_passes_the_cache_by_says_why() -> None:
    house = FakeInstallation()
    answered = await house.chat.answer(ask(temperature=0.7, cache="exact"))
    assert answered.cache is not None
    assert (answered.cache.result, answered.cache.reason) == ("bypass", "temperature")
    assert house.answers.kept == []


async def test_an_answer_expires() -> None:
    house = FakeInstallation()
    assert await results(house, FRANCE, cache="exact") == ["miss"]
    house.time.advance(minutes=59)
    assert await results(house, FRANCE, cache="exact") == ["hit-exact"]
    house.time.advance(minutes=1)
    assert await results(house, FRANCE, cache="exact") == ["miss"]


@pytest.mark.parametrize("failing", ["same", "nearest", "keep", "tidy"])
async def test_a_store_that_fails_is_in_nobodys_way(failing: str) -> None:
    house = FakeInstallation()
    house.answers.failing = {failing}
    assert await results(house, FRANCE, cache="semantic") == ["miss"]
    await house.cache.drain()


async def test_the_embedder_sees_only_what_its_zone_may_have() -> None:
    house = FakeInstallation((IN_HOUSE, CHEAP, structs.replace(EMBEDDER, zone="external")))
    for label, sent in ((INTERNAL, ["embedder", "cheap"]), (CONFIDENTIAL, ["embedder", "cheap", "in-house"])):
        answered = await house.chat.answer(ask(declared=label, cache="semantic"))
        assert answered.cache is not None
        assert (answered.cache.result, house.sent) == ("miss", sent)


async def test_who_leaves_during_the_search_is_settled() -> None:
    house = FakeInstallation()
    house.embedder.hangs = True
    asking = asyncio.create_task(house.chat.answer(ask(messages=FRANCE, cache="semantic")))
    await until(lambda: "send embedder" in house.log)
    asking.cancel()
    await asyncio.wait([asking])
    await house.drain()
    (ended,) = house.book.outcomes.values()
    assert (ended.status, ended.error, ended.charge.amount) == ("left", "caller_left", Decimal(0))
    house.assert_settled()


async def test_a_slow_embedder_is_not_waited_for() -> None:
    house = FakeInstallation()
    house.embedder.hangs = True
    began = asyncio.get_running_loop().time()
    assert await results(house, FRANCE, cache="semantic") == ["miss"]
    assert asyncio.get_running_loop().time() - began < 10


async def test_many_at_once_get_whole_answers_of_their_own_user() -> None:
    house = FakeInstallation()
    keys = [api_key(name) for name in ("one", "two")]
    asks = [ask(key=keys[n % 2], user=f"guest-{n % 3}", cache="exact") for n in range(60)]
    await asyncio.gather(*(house.chat.answer(one) for one in asks))
    again = await asyncio.gather(*(house.chat.answer(one) for one in asks))
    assert all(one.cache is not None and one.cache.hit for one in again)
    assert len(house.answers.kept) == 6  # three guests of each key, though both keys are ann's
    house.assert_settled()


async def test_an_idempotency_key_keeps_a_hit_too() -> None:
    house = FakeInstallation()
    await house.chat.answer(ask(cache="exact"))
    first = await house.chat.answer(ask(cache="exact", idempotency_key="once"))
    second = await house.chat.answer(ask(cache="exact", idempotency_key="once"))
    assert (first.replayed, second.replayed, second.payload) == (False, True, first.payload)
    house.assert_settled()


async def test_a_broken_stream_is_not_kept_and_a_left_one_neither() -> None:
    house = FakeInstallation()
    house.chats["bargain"].scripts = [[piece("Hello"), HANG]]
    streamed = await house.chat.stream(ask(stream=True, cache="exact"))
    await anext(aiter(streamed.pieces))
    await streamed.close()
    assert house.answers.kept == []
    house.assert_settled()


async def test_what_is_not_looked_for_by_similarity_keeps_nothing_to_be_found_by() -> None:
    """litellm#24928: vectors of prompts were stored although prompts were not to be."""
    house = FakeInstallation()
    await house.chat.answer(ask(cache="exact"))
    (kept,) = house.answers.kept
    assert (kept.vector, kept.essence) == (None, None)
    assert house.embedder.calls == []
