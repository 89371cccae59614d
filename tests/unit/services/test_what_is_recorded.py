"""Records explain a request: they hold none of its words, and no copy of what stands elsewhere."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.errors import KyozonError, RejectedUpstream, UpstreamFailed
from kyozon.domain.models import Price
from kyozon.routing.retrying import Retrying
from tests.fakes.installation import CHEAP, IN_HOUSE, FakeInstallation, ask
from tests.fakes.scripted import Line, hello, piece

WORD = "xyzzy-plugh"
ASKED: dict[str, Any] = {
    "messages": [{"role": "system", "content": WORD}, {"role": "user", "content": WORD, "name": WORD}],
    "tools": [{"type": "function", "function": {"name": WORD, "description": WORD, "parameters": {}}}],
    "metadata": {WORD: WORD},
    "user": WORD,
    "stop": WORD,
    "brand_new": WORD,
}
SCRIPTS: dict[str, list[Line]] = {
    "an answer": [piece(WORD), piece(finish="stop")],
    "a failure that quotes": [UpstreamFailed("bargain", 500, f"cannot read {WORD}")],
    "a rejection that quotes": [RejectedUpstream("bargain", 400, f"what is {WORD}?")],
    "a mistake of ours that quotes": [ValueError(WORD)],
    "a stream that breaks": [piece(WORD), UpstreamFailed("bargain", 500, WORD)],
}


def _records(house: FakeInstallation) -> bytes:
    book = house.book
    return msgspec.json.encode([book.decisions_by_id, book.outcomes, book.transactions, list(book.kept.values())])


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_no_word_of_a_request_or_its_answer(script: str, *, streamed: bool) -> None:
    """litellm#13998: what people wrote is to be kept for another time than what it cost."""
    house = FakeInstallation((CHEAP, IN_HOUSE))
    house.chats["bargain"].scripts = [SCRIPTS[script], hello()]
    try:
        if streamed:
            found = await house.chat.stream(ask(**ASKED))
            async for _ in found.pieces:
                pass
        else:
            await house.chat.answer(ask(**ASKED))
    except (KyozonError, ValueError):
        pass
    assert house.book.outcomes
    assert WORD.encode() not in _records(house)
    house.assert_settled()


async def test_prices_are_named_by_their_day_and_not_copied() -> None:
    """litellm#41499: two thirds of each row were a copy of the model's entry in the list of prices."""
    sizes = set()
    for count in (1, 200):
        prices = tuple(Price(date(2026, 1, 1) + timedelta(days=day), Decimal(1), Decimal(5)) for day in range(count))
        house = FakeInstallation((structs.replace(CHEAP, prices=prices, licence="x" * 5 * count),))
        await house.chat.answer(ask())
        sizes.add(len(_records(house)))
    assert len(sizes) == 1


@pytest.mark.parametrize("models", [1, 40])
async def test_a_record_grows_by_little_for_each_model_that_was_weighed(models: int) -> None:
    cards = tuple(structs.replace(CHEAP, id=f"model-{place:03}") for place in range(models))
    house = FakeInstallation(cards, retrying=Retrying(retries=0))
    await house.chat.answer(ask())
    assert len(_records(house)) < 3_000 + 190 * models
