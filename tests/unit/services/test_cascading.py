"""The first answer is judged, then delivered, held against a second opinion, or given up for a stronger model's."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.bootstrap.estimating import verifier
from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.callers import Limits
from kyozon.domain.cascades import Hold
from kyozon.domain.errors import NotPermitted, UpstreamFailed, UpstreamUnreachable
from kyozon.domain.quality import Goal
from kyozon.domain.usage import Usage
from kyozon.routing.judging import Judge
from kyozon.services.cache import CacheOptions
from kyozon.services.cascading import Cascading
from kyozon.services.forecasting import Forecaster
from kyozon.services.replaying import replay
from kyozon.services.reporting.calls import calls_of
from tests.fakes.cascades import GOAL, LARGE, SMALL, USED, House, acts, asked, said, saying
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE, api_key
from tests.fakes.scripted import HANG, Line, hello
from tests.fakes.waiting import until
from tests.samples.sums import BAD, GOOD, QUESTION


async def test_a_good_answer_is_delivered() -> None:
    house = House()
    answered, decision, outcome = await house.answered()
    assert (said(answered), answered.model) == (GOOD, "cheap")
    assert decision.cascade is not None
    assert (decision.chosen, decision.cascade.first, decision.cascade.strong) == ("cheap", "cheap", "dear")
    assert acts(outcome) == [("cheap", "accept", None)]
    assert (outcome.model, outcome.usage, outcome.charge.amount) == ("cheap", USED, SMALL)
    assert outcome.verifier == verifier().version
    assert house.sent == ["cheap"]
    assert house.spent() == SMALL
    house.assert_settled()


async def test_a_bad_one_is_given_up_for_the_strong_models_and_both_are_paid() -> None:
    house = House(first=BAD)
    answered, decision, outcome = await house.answered()
    assert (said(answered), answered.model) == (GOOD, "dear")
    first, last = outcome.attempts
    assert acts(outcome) == [("cheap", "escalate", None), ("dear", None, None)]
    assert (first.usage, first.charge and first.charge.amount) == (USED, SMALL)
    assert (last.usage, last.charge, outcome.model, outcome.charge.amount) == (None, None, "dear", LARGE)
    assert first.judged is not None
    assert first.judged.good < first.judged.stronger
    assert house.spent() == SMALL + LARGE <= decision.held
    assert house.book.total("provider:bargain:payable") == -SMALL
    assert [(made.model, made.status) for made in calls_of(decision, outcome)] == [
        ("cheap", "answered"),
        ("dear", "answered"),
    ]
    house.assert_settled()


async def test_nothing_of_the_words_is_recorded() -> None:
    house = House(first=BAD)
    _, decision, outcome = await house.answered()
    record = msgspec.json.encode([decision, outcome]).decode()
    assert not any(word in record for word in ("apples", "crates", "401", "391"))


async def test_a_doubtful_answer_is_held_beside_a_second_opinion() -> None:
    house = House((IN_HOUSE, CHEAP, DEAR))
    answered, decision, outcome = await house.answered()
    assert decision.cascade is not None
    assert (decision.chosen, decision.cascade.opinion, decision.cascade.strong) == ("in-house", "cheap", "dear")
    assert answered.model == "in-house"
    assert acts(outcome) == [("cheap", "ask", None), ("in-house", "accept", None)]
    before, after = (one.judged for one in outcome.attempts)
    assert before is not None
    assert after is not None
    assert after.good > before.good  # both say the same
    assert house.spent() == SMALL + Decimal("0.0003")
    house.assert_settled()


async def test_where_the_second_opinion_differs_the_strong_model_is_asked() -> None:
    house = House((IN_HOUSE, CHEAP, DEAR))
    house.chats["bargain"].scripts = [saying("17 * 23 = 381.\n#### 381")]
    answered, _, outcome = await house.answered()
    assert answered.model == "dear"
    assert acts(outcome) == [("in-house", "escalate", None), ("cheap", "ask", None), ("dear", None, None)]
    assert house.spent() == Decimal("0.0003") + SMALL + LARGE
    house.assert_settled()


@pytest.mark.parametrize(
    "trouble",
    [UpstreamUnreachable("boutique", "refused"), UpstreamFailed("boutique", 500, ""), RuntimeError("a mistake")],
)
async def test_where_the_strong_model_fails_the_answer_that_is_there_is_delivered(trouble: Exception) -> None:
    house = House(first=BAD)
    house.chats["boutique"].scripts = [[trouble]]
    answered, _, outcome = await house.answered()
    assert (said(answered), answered.model) == (BAD, "cheap")
    assert outcome.status == "answered"
    assert acts(outcome)[-1] == ("cheap", "escalate", None)
    assert (outcome.attempts[-1].charge, outcome.charge.amount, house.spent()) == (None, SMALL, SMALL)
    house.assert_settled()


async def test_a_second_opinion_that_fails_is_done_without() -> None:
    house = House((IN_HOUSE, CHEAP, DEAR))
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")]]
    answered, _, outcome = await house.answered()
    assert answered.model in ("in-house", "dear")
    assert ("cheap", None, "provider_unreachable") in acts(outcome)
    house.assert_settled()


async def test_labels_hold_the_strong_model_back() -> None:
    """The zone's clearance is taken away between the decision and the escalation."""
    house = House(first=BAD)
    chat = house.chats["bargain"]

    async def lowered(call: Any) -> Any:
        found = await type(chat).answer(chat, call)
        cards = (CHEAP, structs.replace(DEAR, zone="nowhere"))
        house.registry.installation = structs.replace(house.registry.installation, cards=cards)
        return found

    chat.answer = lowered  # type: ignore[method-assign] # the moment in between
    answered, _, _ = await house.answered()
    assert answered.model == "cheap"
    assert house.sent == ["cheap"]
    assert house.spent() == SMALL
    house.assert_settled()


@pytest.mark.parametrize(
    ("script", "fields", "why"),
    [
        (saying(""), {}, "says nothing"),
        (saying("  \n"), {}, "says nothing"),
        (saying(GOOD, finish="length"), {}, "stopped by its limit"),
        (saying(GOOD, finish="length"), {"max_tokens": None}, "stopped by its limit"),
        (saying(GOOD), {"response_format": {"type": "json_object"}}, "not the form asked for"),
    ],
)
async def test_what_is_no_answer_is_escalated_at_once(script: list[Line], fields: dict[str, Any], why: str) -> None:
    house = House()
    house.chats["bargain"].scripts = [script]
    answered, _, outcome = await house.answered(**fields)
    assert answered.model == "dear"
    judged = outcome.attempts[0].judged
    assert judged is not None
    assert (judged.act, judged.reasons) == ("escalate", ((why, 0.0),))
    assert outcome.verifier == ""  # nobody weighed it
    house.assert_settled()


async def test_as_long_as_the_caller_lets_it_be_it_is_delivered() -> None:
    house = House(first=BAD)
    house.chats["bargain"].scripts = [saying(BAD, finish="length", usage=Usage(uncached=100, output=200))]
    answered, _, outcome = await house.answered()
    assert (answered.model, outcome.attempts[0].judged) == ("cheap", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "cheap"},
        {"quality": Goal(1.0, "max")},
        {"n": 2},
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": {}}}]},
        {"messages": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "The"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
        {"grant": "grt_1"},
    ],
)
async def test_not_where_words_alone_do_not_say_how_good_it_is(fields: dict[str, Any]) -> None:
    house = House(first=BAD)
    cards = tuple(structs.replace(card, modalities=frozenset({"text", "image"})) for card in (CHEAP, DEAR))
    house.registry.installation = structs.replace(house.registry.installation, cards=cards)
    try:
        _, decision, outcome = await house.answered(**fields)
    except NotPermitted:
        (decision,), (outcome,) = house.book.decisions_by_id.values(), house.book.outcomes.values()
    assert decision.cascade is None
    assert all(attempt.judged is None for attempt in outcome.attempts)
    house.assert_settled()


async def test_a_provider_that_reports_nothing_is_paid_by_estimate() -> None:
    house = House()
    house.chats["bargain"].scripts = [saying(BAD, usage=None)]
    _, _, outcome = await house.answered()
    aside = outcome.attempts[0]
    assert aside.usage is not None
    assert aside.charge is not None
    assert aside.usage.estimated
    assert aside.usage.output > 0
    assert house.spent() == aside.charge.amount + outcome.charge.amount
    house.assert_settled()


async def test_an_answer_that_cannot_be_judged_is_delivered(caplog: pytest.LogCaptureFixture) -> None:
    house = House(first=BAD)

    def broken() -> Judge:
        raise OSError("gone")

    house.cascading = Cascading(broken, house.attempts, house.settler, Hold(), house.time.world)
    house.use_cache(house.cache_options)
    answered, _, outcome = await house.answered()
    assert (answered.model, acts(outcome), outcome.verifier) == ("cheap", [("cheap", None, None)], "")
    assert "could not be judged (OSError)" in caplog.text
    assert house.spent() == SMALL
    house.assert_settled()


async def test_one_that_takes_too_long_to_judge_too() -> None:
    house, go = House(first=BAD), threading.Event()

    def slow() -> Judge:
        go.wait(30)
        return Judge(verifier())

    house.cascading = Cascading(slow, house.attempts, house.settler, Hold(), house.time.world, patience=0.01)
    house.use_cache(house.cache_options)
    answered, _, outcome = await house.answered()
    go.set()
    assert (answered.model, acts(outcome)) == ("cheap", [("cheap", None, None)])
    house.assert_settled()


async def test_who_leaves_while_the_strong_model_is_asked_pays_for_both() -> None:
    house = House(first=BAD)
    house.chats["boutique"].scripts = [[HANG]]
    running = asyncio.create_task(house.answered(idempotency_key="once"))
    await until(lambda: house.sent == ["cheap", "dear"])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model, outcome.usage.estimated) == ("left", "dear", True)
    assert acts(outcome) == [("cheap", "escalate", None)]
    assert house.spent() == SMALL + outcome.charge.amount
    house.assert_settled()


async def test_who_leaves_while_an_answer_is_judged_pays_for_it() -> None:
    house, go, begun = House(first=BAD), threading.Event(), threading.Event()

    def slow() -> Judge:
        begun.set()
        go.wait(30)
        return Judge(verifier())

    house.cascading = Cascading(slow, house.attempts, house.settler, Hold(), house.time.world, patience=60)
    house.use_cache(house.cache_options)
    running = asyncio.create_task(house.answered())
    await until(begun.is_set)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    go.set()
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model, house.spent()) == ("left", None, SMALL)
    house.assert_settled()


async def test_a_budget_covers_every_call_of_the_plan() -> None:
    key = api_key(limits=Limits(money_per_month=Decimal(1)))
    house = House(first=BAD)
    _, decision, _ = await house.answered(key=key)
    _, alone, _ = await house.answered(key=key, model="dear")
    assert decision.held == alone.held * Decimal("1.1")  # the cheap one costs a tenth
    assert house.spent() == SMALL + LARGE + LARGE
    house.assert_settled()


async def test_the_delivered_answer_is_kept_and_given_again() -> None:
    house = House(first=BAD)
    house.use_cache(CacheOptions(exact=True))
    first, _, _ = await house.answered(idempotency_key="once")
    assert said(await house.chat.answer(asked(idempotency_key="once"))) == said(first) == GOOD
    again, _, outcome = await house.answered(quality=Goal(1.0))  # it is kept as what it is: the strong model's
    assert (said(again), outcome.cache and outcome.cache.result) == (GOOD, "hit-exact")
    assert house.sent == ["cheap", "dear"]
    assert house.spent() == SMALL + LARGE


async def test_a_record_gives_the_same_plan_again_and_an_altered_one_shows() -> None:
    house = House((IN_HOUSE, CHEAP, DEAR))
    _, decision, _ = await house.answered()
    registry = registry_as_of(house.policies.bases[decision.basis])
    assert replay(decision, registry).same
    assert decision.cascade is not None
    for other in (None, structs.replace(decision.cascade, opinion=None)):
        found = replay(structs.replace(decision, cascade=other), registry)
        assert [text.en.partition(":")[0] for text in found.differences] == ["cascade"]


async def test_what_another_goal_would_have_cost_counts_all_of_a_cascade() -> None:
    house = House(first=BAD)
    await house.answered()
    found = await Forecaster(house.policies, registry_as_of).at(GOAL, house.time.now)
    assert (found.compared, found.elsewhere) == (1, 0)
    assert found.cost_before == found.cost_after == SMALL + LARGE
    dearest = await Forecaster(house.policies, registry_as_of).at(Goal(1.0), house.time.now)
    assert [(move.before, move.after) for move in dearest.moves] == [("cheap → dear", "dear")]
    assert (dearest.cost_before, dearest.cost_after) == (SMALL + LARGE, LARGE)
    assert dearest.expected_after == 0.95


async def test_a_short_stream_is_judged_before_it_is_passed_on() -> None:
    house = House()
    house.chats["bargain"].scripts = [saying(GOOD[:20], GOOD[20:]), saying(BAD[:9], BAD[9:])]
    text, outcome = await house.streamed()
    assert (text, acts(outcome), outcome.charge.amount) == (GOOD, [("cheap", "accept", None)], SMALL)
    text, outcome = await house.streamed()
    assert (text, acts(outcome)) == (GOOD, [("cheap", "escalate", None), ("dear", None, None)])
    assert (outcome.model, outcome.charge.amount) == ("dear", LARGE)
    assert house.spent() == 2 * SMALL + LARGE
    house.assert_settled()


async def test_a_longer_stream_flows_on_unjudged() -> None:
    house = House()
    house.judge(verifier(), Hold(seconds=3600.0, tokens=100))
    words = [f"word{place} " for place in range(300)]
    house.chats["bargain"].scripts = [saying(*words)]
    text, outcome = await house.streamed()
    assert (text, acts(outcome)) == ("".join(words), [("cheap", None, None)])
    house.assert_settled()


async def test_streams_expected_to_be_long_are_not_cascaded() -> None:
    house = House()
    for hold in (Hold(tokens=0), Hold(tokens=99)):
        house.judge(verifier(), hold)
        await house.streamed()
        assert list(house.book.decisions_by_id.values())[-1].cascade is None


async def test_a_stream_that_breaks_while_it_is_held_back_breaks_as_ever() -> None:
    house = House()
    house.chats["bargain"].scripts = [[*saying("17 * 23")[:2], UpstreamUnreachable("bargain", "cut")]]
    with pytest.raises(UpstreamUnreachable):
        await house.streamed()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model) == ("broken", "cheap")
    house.assert_settled()


async def test_who_leaves_while_a_stream_is_held_back_pays_for_what_was_said() -> None:
    house = House()
    house.chats["bargain"].scripts = [[*saying("17 * 23")[:2], HANG]]
    house.time.advance(seconds=5000)
    running = asyncio.create_task(house.streamed())
    await until(lambda: house.sent == ["cheap"])
    for _ in range(20):
        await asyncio.sleep(0)
    house.time.advance(seconds=3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await house.drain()
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.model, outcome.usage.estimated) == ("left", "cheap", True)
    assert outcome.usage.output > 0
    assert outcome.first_token_ms == outcome.total_ms == 3000
    house.assert_settled()


async def test_a_first_model_that_fails_leaves_no_cascade_behind() -> None:
    house = House()
    house.chats["bargain"].scripts = [[UpstreamUnreachable("bargain", "refused")]]
    house.chats["boutique"].scripts = [hello()]
    _, decision, outcome = await house.answered()
    assert decision.cascade is not None
    assert acts(outcome) == [("cheap", None, "provider_unreachable"), ("dear", None, None)]
    house.assert_settled()
