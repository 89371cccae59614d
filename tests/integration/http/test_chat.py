"""Chat completions with the real `openai` client."""

import asyncio
from decimal import Decimal

import openai as sdk
import pytest
from msgspec import structs
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from kyozon.domain.callers import Limits
from kyozon.domain.errors import StreamBroken
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.scripted import HANG, piece
from tests.fakes.waiting import until

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Say hello."}]


async def test_a_whole_answer(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    raw = await openai.chat.completions.with_raw_response.create(model="auto", messages=MESSAGES)
    completion = raw.parse()
    assert completion.choices[0].message.content == "Hello world"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 110
    assert completion._request_id == raw.headers["x-request-id"]
    assert raw.headers["x-kyozon-model"] == "cheap"
    assert house.book.outcomes[raw.headers["x-kyozon-decision"]].status == "answered"
    assert int(raw.headers["openai-processing-ms"]) >= 0


async def test_a_stream(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    stream = await openai.chat.completions.create(model="auto", messages=MESSAGES, stream=True)
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello world"
    assert all(chunk.usage is None for chunk in chunks)
    house.assert_settled()


async def test_a_stream_with_usage(openai: AsyncOpenAI) -> None:
    stream = await openai.chat.completions.create(
        model="auto", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    *_, last = [chunk async for chunk in stream]
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == 110


async def test_a_repeated_stream_is_the_same(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    async def read() -> tuple[list[str], str | None]:
        raw = await openai.chat.completions.with_raw_response.create(
            model="auto", messages=MESSAGES, stream=True, extra_headers={"idempotency-key": "once"}
        )
        return [chunk.choices[0].model_dump_json() async for chunk in raw.parse()], raw.headers.get("x-kyozon-replayed")

    first, second = await read(), await read()
    assert first[0] == second[0]
    assert (first[1], second[1]) == (None, "true")
    assert house.sent == ["cheap"]


async def test_an_error_in_the_middle_of_a_stream_is_raised(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.chats["bargain"].scripts = [[piece("Hello"), StreamBroken("bargain", "cut")]]
    stream = await openai.chat.completions.create(model="auto", messages=MESSAGES, stream=True)
    first = await anext(aiter(stream))
    assert first.choices[0].delta.content == "Hello"
    with pytest.raises(sdk.APIError, match="cut off") as raised:
        await anext(aiter(stream))
    assert raised.value.code == "stream_broken"
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "broken"
    assert outcome.charge.amount > 0


async def test_a_caller_who_leaves_a_stream_stops_the_provider(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.chats["bargain"].scripts = [[piece("Hello"), HANG]]
    stream = await openai.chat.completions.create(model="auto", messages=MESSAGES, stream=True)
    async for _ in stream:
        break
    await stream.close()
    await until(lambda: house.book.outcomes)
    (outcome,) = house.book.outcomes.values()
    assert outcome.status == "left"
    house.assert_settled()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_who_leaves_before_the_first_word_stops_the_provider(
    house: FakeInstallation,
    openai: AsyncOpenAI,
    stream: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    house.chats["bargain"].scripts = [[HANG]]
    task = asyncio.create_task(openai.chat.completions.create(model="auto", messages=MESSAGES, stream=stream))
    await until(lambda: house.sent)
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: house.book.outcomes)
    (outcome,) = house.book.outcomes.values()
    assert (outcome.status, outcome.error) == ("left", "caller_left")
    house.assert_settled()


async def test_the_sdk_tries_again_without_a_second_charge(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    """The first answer is lost on its way: the client repeats it by itself, and gets it for nothing."""
    first = await openai.chat.completions.create(model="auto", messages=MESSAGES)
    spent = house.book.total("key:key_test:spend")
    raw = await openai.chat.completions.with_raw_response.create(
        model="auto", messages=MESSAGES, extra_headers={"x-stainless-retry-count": "1"}
    )
    assert raw.headers["x-kyozon-replayed"] == "true"
    assert raw.parse().id == first.id
    assert house.sent == ["cheap"]
    assert house.book.total("key:key_test:spend") == spent > 0


async def test_rate_limits_are_stated(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    limits = Limits(requests_per_minute=60, tokens_per_minute=6000)
    house.key_store.by_id["key_test"] = api_key(limits=limits)
    raw = await openai.chat.completions.with_raw_response.create(model="auto", messages=MESSAGES)
    stated = {name: value for name, value in raw.headers.items() if "ratelimit" in name}
    assert stated == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "5890",
        "x-ratelimit-reset-tokens": "1s",
        "anthropic-ratelimit-requests-limit": "60",
        "anthropic-ratelimit-requests-remaining": "59",
        "anthropic-ratelimit-requests-reset": "2026-10-05T09:00:01Z",
        "anthropic-ratelimit-tokens-limit": "6000",
        "anthropic-ratelimit-tokens-remaining": "5890",
        "anthropic-ratelimit-tokens-reset": "2026-10-05T09:00:01Z",
    }


async def test_a_model_with_a_japanese_name(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    cards = tuple(
        structs.replace(card, id="日本語モデル") for card in house.registry.installation.cards if card.id == "cheap"
    )
    house.registry.installation = structs.replace(house.registry.installation, cards=cards)
    raw = await openai.chat.completions.with_raw_response.create(model="日本語モデル", messages=MESSAGES)
    assert raw.parse().choices[0].message.content == "Hello world"
    assert raw.headers["x-kyozon-model"] == "%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%83%A2%E3%83%87%E3%83%AB"


async def test_labels_by_header_and_metadata(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    await openai.chat.completions.create(
        model="auto", messages=MESSAGES, extra_headers={"x-kyozon-label": "confidential+pii"}
    )
    metadata = {"kyozon.label": "restricted", "mine": "kept"}
    await openai.chat.completions.create(model="auto", messages=MESSAGES, metadata=metadata)
    assert [str(decision.label) for decision in house.book.decisions_by_id.values()] == ["confidential+pii", "restricted"]
    assert house.sent == ["in-house", "in-house"]
    assert house.chats["local"].calls[1].request.body["metadata"] == {"mine": "kept"}


async def test_unknown_fields_pass_through(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    await openai.chat.completions.create(model="auto", messages=MESSAGES, extra_body={"brand_new": {"deep": [1]}})
    assert house.chats["bargain"].calls[0].request.body["brand_new"] == {"deep": [1]}


async def test_a_budget_is_not_tried_again(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.key_store.by_id["key_test"] = api_key(limits=Limits(money_per_month=Decimal(0)))
    with pytest.raises(sdk.RateLimitError) as raised:
        await openai.with_options(max_retries=2).chat.completions.create(model="auto", messages=MESSAGES)
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert raised.value.code == "insufficient_quota"
    assert len(house.book.decisions_by_id) == 1
