"""The ledger says nothing that the records do not: so what the audit log commits to covers it."""

from contextlib import suppress
from datetime import datetime

import msgspec

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import KyozonError, StreamBroken, UpstreamUnreachable
from kyozon.domain.requests import EmbeddingRequest
from kyozon.domain.usage import Transaction
from kyozon.metering.posting import hold, release, settle, settle_attempts
from kyozon.services.cache import CacheOptions
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask
from tests.fakes.scripted import Line, hello, piece

CUT: list[Line] = [piece(role="assistant"), StreamBroken("bargain", "cut")]


async def test_every_posting_follows_from_a_decision_and_its_outcome() -> None:
    house = await _a_busy_day()
    recorded = msgspec.json.encode(list(house.book.decisions_by_id.values()))
    outcomes = msgspec.json.encode(house.book.outcomes)
    found: dict[str, Transaction] = {}
    ends = msgspec.json.decode(outcomes, type=dict[str, Outcome])
    for decision in msgspec.json.decode(recorded, type=list[Decision]):
        found |= {each.id: each for each in _follows(decision, ends[decision.id])}
    assert found == house.book.transactions
    assert {each.kind for each in found.values()} == {"hold", "release", "settle"}
    assert any(":attempt-" in name for name in found)


async def _a_busy_day() -> FakeInstallation:
    """Answers whole, streamed, broken off, given again, refused, failed; counts and vectors."""
    house = FakeInstallation()
    house.use_cache(CacheOptions(exact=True))
    house.chats["bargain"].scripts = [hello(), CUT, [UpstreamUnreachable("bargain", "gone")], CUT]
    asked = [ask(), ask(), ask("dear"), ask("cheap", declared=CONFIDENTIAL), ask("cheap"), ask(cache="exact")]
    for each in [*asked, ask(cache="exact")]:
        with suppress(KyozonError):
            await house.chat.answer(each)
    with suppress(KyozonError):
        streamed = await house.chat.stream(ask("cheap", stream=True))
        async for _ in streamed.pieces:
            pass
    await house.chat.count_tokens(ask())
    await house.embeddings.embed(Caller(api_key()), EmbeddingRequest({}, "embedder", ("a",)), None, b"{}")
    house.assert_settled()
    return house


def _follows(decision: Decision, outcome: Outcome) -> list[Transaction]:
    at: datetime = outcome.at
    held = decision.chosen is not None
    made = [hold(decision, decision.at) if held else None, release(decision, at) if held else None]
    made += [settle(decision, outcome), *settle_attempts(decision, outcome)]
    return [each for each in made if each is not None]
