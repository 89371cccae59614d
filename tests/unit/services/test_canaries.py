"""A canary on its way out is told of; one bound for a zone that is not cleared is not sent at all."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from kyozon.domain.canaries import Canary, CanaryAlarm
from kyozon.domain.errors import NotPermitted
from kyozon.domain.labels import Label, Level
from kyozon.domain.requests import EmbeddingRequest
from kyozon.ports.provider import ChatCall, EmbeddingCall
from kyozon.services.canaries import CanaryWatch
from tests.fakes.installation import CHEAP, EMBEDDER, IN_HOUSE, INTERNAL, FakeInstallation, api_key, ask

TOKEN = "q7n2x5m8c1v4b6z9k3j0h7g5f2"
BIRD = Canary("deployment", TOKEN, datetime(2026, 1, 1, tzinfo=UTC))


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": text}, {"role": "user", "content": "hello"}]


@pytest.fixture
def house() -> FakeInstallation:
    found = FakeInstallation()
    found.canaries.append(BIRD)
    return found


async def test_a_request_with_a_canary_does_not_leave_for_a_zone_that_is_not_cleared(house: FakeInstallation) -> None:
    with pytest.raises(NotPermitted) as refused:
        await house.chat.answer(ask("cheap", declared=INTERNAL, messages=said(f"Secret {TOKEN}.")))
    await house.drain()

    ((decision, outcome),) = house.book.outcomes.items()
    assert refused.value.rules == {"canary"}
    assert (outcome.status, outcome.error) == ("refused", "canary")
    assert house.sent == []
    assert house.alarms == [CanaryAlarm("deployment", "egress", "external", decision, "default", "ann")]
    assert TOKEN not in refused.value.text.en + str(house.alarms)
    house.assert_settled()


async def test_streams_counts_and_vectors_are_looked_through_too(house: FakeInstallation) -> None:
    decided = await house.chat.answer(ask("in-house"))
    decision = house.book.decisions_by_id[decided.decision_id]
    request = ask(messages=said(TOKEN)).request
    card = structs.replace(EMBEDDER, zone="external")
    with pytest.raises(NotPermitted):
        house.egress.stream(ChatCall(CHEAP, request), INTERNAL, decision)
    with pytest.raises(NotPermitted):
        await house.egress.count_tokens(ChatCall(CHEAP, request), INTERNAL, decision)
    embedding = EmbeddingRequest({"input": [TOKEN]}, "embedder", (TOKEN,))
    with pytest.raises(NotPermitted):
        await house.egress.embed(EmbeddingCall(card, embedding), INTERNAL, decision)

    with pytest.raises(NotPermitted):
        await house.egress.embed(EmbeddingCall(card, structs.replace(embedding, body={})), INTERNAL, decision)

    assert [alarm.place for alarm in house.alarms] == ["egress"] * 4
    assert house.embedder.calls == []


async def test_where_its_label_may_go_a_canary_may_go(house: FakeInstallation) -> None:
    await house.chat.answer(ask(IN_HOUSE.id, messages=said(TOKEN)))
    house.canaries[:] = [structs.replace(BIRD, label=Label(Level.INTERNAL))]
    await house.chat.answer(ask("cheap", declared=INTERNAL, messages=said(TOKEN)))

    assert house.alarms == []


@pytest.mark.parametrize(
    ("owner", "alarms"), [(None, 1), ("other", 1), ("default/bob", 1), ("default", 0), ("default/ann", 0)]
)
def test_an_answer_to_anybody_but_its_owner(owner: str | None, alarms: int) -> None:
    told: list[CanaryAlarm] = []
    watch = CanaryWatch(lambda: [structs.replace(BIRD, owner=owner)], told.append).answers(api_key(), "dec_1")
    watch.hear(f"The word is {TOKEN}, {TOKEN}.")

    assert told == [CanaryAlarm("deployment", "answer", "default", "dec_1", "default", "ann")] * alarms


@pytest.mark.parametrize("size", [1, 7, 25, 26, 100])
def test_a_canary_may_stand_across_the_pieces_of_a_stream(size: int) -> None:
    told: list[CanaryAlarm] = []
    lookout = CanaryWatch(lambda: [BIRD], told.append)
    watch, text = lookout.answers(api_key(), "dec_1"), f"What I was told: {TOKEN} and so on."
    for at in range(0, len(text), size):
        watch.hear(text[at : at + size])

    assert len(told) == 1
    assert {gauge.labels["place"]: gauge.value for gauge in lookout.gauges()} == {"egress": 0, "answer": 1}


def test_a_part_of_a_canary_is_none() -> None:
    told: list[CanaryAlarm] = []
    watch = CanaryWatch(lambda: [BIRD], told.append).answers(api_key(), "dec_1")
    for part in (TOKEN[:20], " ", TOKEN[20:]):
        watch.hear(part)

    assert told == []
