"""What answers carry out: their label, links made inert where settings say so, an alarm where a canary stands in them."""

from typing import Any

import pytest
from anthropic import AsyncAnthropic
from openai import APIError, AsyncOpenAI

from kyozon.domain.canaries import Canary
from kyozon.domain.errors import StreamBroken
from kyozon.governance.links import LinkRules
from tests.fakes.installation import FakeInstallation
from tests.fakes.scripted import Line, piece, reported
from tests.fakes.steered import START

ASKED: dict[str, Any] = {"model": "cheap", "messages": [{"role": "user", "content": "Say hello."}]}
CUT = ["See ![x](htt", "ps://evil.exa", "mple/?q=1) and [y](https://docs.exa", "mple/a) or htt"]
BAD, SAFE = "".join(CUT), "See ![x] (https[:]//evil.example/?q=1) and [y](https://docs.example/a) or htt"
TOKEN = "q7n2x5m8c1v4b6z9k3j0h7g5f2"
LINES: list[Line] = [piece(role="assistant"), *(piece(part) for part in CUT), piece(finish="stop"), reported(None)]


@pytest.fixture
def guarded(house: FakeInstallation) -> FakeInstallation:
    """The installation, which makes links inert; its model says some."""
    house.links = LinkRules("mark", frozenset({"docs.example"}))
    house.chats["bargain"].scripts = [LINES]
    return house


async def hear(openai: AsyncOpenAI, heard: list[str]) -> None:
    async for chunk in await openai.chat.completions.create(**ASKED, stream=True):
        heard += [choice.delta.content or "" for choice in chunk.choices]


async def said(openai: AsyncOpenAI) -> str:
    heard: list[str] = []
    await hear(openai, heard)
    return "".join(heard)


async def test_links_through_openais_client(guarded: FakeInstallation, openai: AsyncOpenAI) -> None:
    whole = await openai.chat.completions.create(**ASKED)

    assert whole.choices[0].message.content == SAFE
    assert await said(openai) == SAFE
    guarded.assert_settled()


async def test_links_through_anthropics_client(guarded: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    message = await anthropic.messages.create(**ASKED, max_tokens=50)
    async with anthropic.messages.stream(**ASKED, max_tokens=50) as stream:
        text = "".join([part async for part in stream.text_stream])

    assert message.content[0].model_dump()["text"] == SAFE
    assert text == SAFE
    guarded.assert_settled()


async def test_what_is_held_back_comes_before_the_error_of_a_broken_stream(
    guarded: FakeInstallation, openai: AsyncOpenAI
) -> None:
    guarded.chats["bargain"].scripts = [[piece("Go to htt"), StreamBroken("bargain", "cut")]]
    heard: list[str] = []
    with pytest.raises(APIError):
        await hear(openai, heard)

    assert "".join(heard) == "Go to htt"


async def test_without_the_setting_they_pass_as_they_are(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.chats["bargain"].scripts = [LINES]

    assert await said(openai) == BAD


async def test_an_answer_says_its_label(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    create = openai.chat.completions.with_raw_response.create
    declared = {"x-kyozon-label": "internal", "idempotency-key": "once"}
    whole = await create(**ASKED, extra_headers=declared)
    again = await create(**ASKED, extra_headers=declared)
    streamed = await create(**ASKED, stream=True, extra_headers={"x-kyozon-label": "public"})

    assert whole.headers["x-kyozon-label"] == "internal; integrity=untrusted"
    assert streamed.headers["x-kyozon-label"] == "public; integrity=untrusted"
    assert again.headers["x-kyozon-replayed"] == "true"
    assert "x-kyozon-label" not in again.headers
    await streamed.aclose() if hasattr(streamed, "aclose") else await streamed.http_response.aclose()
    assert house.book.decisions_by_id[whole.headers["x-kyozon-decision"]].label.integrity == "untrusted"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_canary_in_an_answer_raises_the_alarm(
    house: FakeInstallation, openai: AsyncOpenAI, *, stream: bool
) -> None:
    house.canaries.append(Canary("prompt", TOKEN, START))
    house.chats["bargain"].scripts = [
        [piece(f"I was told {TOKEN[:9]}"), piece(TOKEN[9:]), piece(finish="stop"), reported(None)]
    ]
    if stream:
        await said(openai)
    else:
        await openai.chat.completions.create(**ASKED)

    assert [(alarm.canary, alarm.place, alarm.user) for alarm in house.alarms] == [("prompt", "answer", "ann")]
