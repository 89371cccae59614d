"""A conversation stays where it is cached as long as that saves; the results of tools go to who has called them."""

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from kyozon.domain.decisions import Decision
from kyozon.domain.models import Price
from kyozon.domain.quality import Goal
from kyozon.domain.requests import Before
from kyozon.domain.usage import Usage
from kyozon.services.conversations import Conversations
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE, FakeInstallation, api_key, ask
from tests.fakes.scripted import hello
from tests.fakes.steered import Steered

KEY = api_key()
SAID: dict[str, Any] = {"role": "assistant", "content": "Hello."}
CALLED: dict[str, Any] = {
    "role": "assistant",
    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}],
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def chat(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"model": "auto", "messages": list(messages)}


RESULT = {"role": "tool", "tool_call_id": "1", "content": "4"}


def test_who_answered_is_found_by_what_was_said_before_the_answer() -> None:
    known = Conversations(Steered().world)
    known.answered(KEY, chat(user("Hi")), CHEAP, Usage(uncached=10, cache_read=20, cache_write=5))
    assert known.before(KEY, chat(user("Hi"), SAID, user("And?"))) == Before("bargain", "cheap", 25)
    assert known.before(KEY, chat(user("Hi"), CALLED, RESULT)) == Before("bargain", "cheap", 25, loop=True)
    assert known.before(KEY, chat(user("Hi"), CALLED, RESULT, user("Hurry."))) == Before("bargain", "cheap", 25, loop=True)
    assert known.before(KEY, chat(user("Hi"))) is None
    assert known.before(KEY, chat(user("Ho"), SAID, user("And?"))) is None
    assert known.before(api_key("another"), chat(user("Hi"), SAID, user("And?"))) is None
    assert known.before(structs.replace(KEY, tenant="another"), chat(user("Hi"), SAID, user("And?"))) is None


def test_after_five_minutes_nothing_is_taken_to_be_cached() -> None:
    time = Steered()
    known = Conversations(time.world)
    known.answered(KEY, chat(user("Hi")), CHEAP, Usage(cache_read=20))
    time.advance(seconds=301)
    assert known.before(KEY, chat(user("Hi"), SAID, user("And?"))) == Before("bargain", "cheap", 0)


def test_the_oldest_are_forgotten_and_no_word_is_kept() -> None:
    known = Conversations(Steered().world, most=2)
    for text in ("one", "two", "three"):
        known.answered(KEY, chat(user(text)), CHEAP, None)
    assert known.before(KEY, chat(user("one"), SAID, user("And?"))) is None
    assert known.before(KEY, chat(user("three"), SAID, user("And?"))) is not None
    assert b"three" not in msgspec.json.encode(list(known._turns.values()))


async def decided(house: FakeInstallation, *messages: dict[str, Any], quality: float = 0.9) -> Decision:
    answered = await house.chat.answer(ask(messages=list(messages), quality=Goal(quality), max_tokens=20))
    return house.book.decisions_by_id[answered.decision_id]


async def test_the_results_of_tools_go_to_the_model_that_called_them() -> None:
    house = FakeInstallation()
    house.measure(KnowsThree())
    hard = user("a hard and hard question")
    first = await decided(house, hard)
    again = await decided(house, hard, CALLED, RESULT, quality=0.0)
    assert (first.chosen, again.chosen) == ("dear", "dear")
    assert again.reason.en == "dear called the tools whose results these are, so it goes on"
    # A new question of the same conversation is free to go elsewhere.
    assert (await decided(house, hard, SAID, user("Thanks."), quality=0.0)).chosen == "cheap"


async def test_a_cache_is_left_only_where_another_model_is_cheaper_all_the_same() -> None:
    """A long conversation: what is cached at the dearer model costs there less than all of it elsewhere, or more."""
    long = user("word " * 4000)
    for cached, chosen in (("0.1", "dear"), ("9.9", "in-house")):
        kept = structs.replace(DEAR, prices=(_price(cached),))
        house = FakeInstallation((CHEAP, kept, IN_HOUSE))
        house.measure(KnowsThree())
        house.chats["boutique"].scripts = [hello(Usage(cache_write=5000, output=1))]
        assert (await decided(house, long, quality=1.0)).chosen == "dear"
        again = await decided(house, long, SAID, user("And what of the second part of it all? Say it in full."))
        assert again.chosen == chosen
        assert again.needs is not None
        assert again.needs.before == Before("boutique", "dear", 5000)


def _price(cached: str) -> Price:
    return structs.replace(DEAR.prices[0], cached_input=Decimal(cached))
