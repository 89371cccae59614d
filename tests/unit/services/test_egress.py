"""The choke point checks for itself, whoever decided before."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from msgspec import structs

from kyozon.domain.errors import NotPermitted
from kyozon.domain.language import Text
from kyozon.domain.requests import EmbeddingRequest, Needs
from kyozon.ports.provider import ChatCall, EmbeddingCall
from kyozon.routing.option import Option, Ranking
from kyozon.services.deciding import RECORDED
from kyozon.services.egress import Egress
from tests.fakes.installation import CHEAP, CONFIDENTIAL, EMBEDDER, IN_HOUSE, FakeInstallation, ask
from tests.fakes.record_samples import a_decision

CALL = ChatCall(CHEAP, ask().request)


async def _stream(egress: Egress) -> object:
    return egress.stream(CALL, CONFIDENTIAL, a_decision())


async def _embed(egress: Egress) -> object:
    card = structs.replace(EMBEDDER, zone="external")
    return await egress.embed(EmbeddingCall(card, EmbeddingRequest({}, "embedder", ("a",))), CONFIDENTIAL, a_decision())


async def _answer(egress: Egress) -> object:
    return await egress.answer(CALL, CONFIDENTIAL, a_decision())


async def _count(egress: Egress) -> object:
    return await egress.count_tokens(CALL, CONFIDENTIAL, a_decision())


@pytest.mark.parametrize("send", [_answer, _stream, _count, _embed])
async def test_refuses_a_card_whose_zone_is_not_cleared(send: Callable[[Egress], Awaitable[object]]) -> None:
    house = FakeInstallation()
    with pytest.raises(NotPermitted):
        await send(house.egress)
    assert house.log == []
    assert all(chat.calls == [] for chat in house.chats.values())
    assert house.embedder.calls == []


async def test_lets_through_what_may_go() -> None:
    house = FakeInstallation()
    await house.egress.answer(ChatCall(IN_HOUSE, CALL.request), CONFIDENTIAL, a_decision())
    assert house.sent == ["in-house"]


def _always_cheap(options: Sequence[Option], needs: Needs) -> Ranking:  # noqa: ARG001 - a router's signature
    return Ranking((Option(CHEAP, None),), Text("a mistake.", "誤り。"))


async def test_a_router_that_invents_a_card_is_stopped_and_settled() -> None:
    """Were the deciding wrong, the record says so and nothing is held."""
    house = FakeInstallation()
    house.registry.installation = structs.replace(house.registry.installation, router=_always_cheap)
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask(declared=CONFIDENTIAL))
    assert house.sent == []
    assert house.book.outcomes[RECORDED.get() or ""].error == "egress"
    house.assert_settled()
