"""Real services and the real wire format, against two real servers: one that misbehaves, one that answers."""

from collections.abc import AsyncIterator, Callable

import pytest
from msgspec import structs

from kyozon.domain.models import ModelCard, Timeouts
from kyozon.providers import openai, transport
from kyozon.providers.outgoing import Endpoint
from kyozon.providers.transport import Transport
from kyozon.routing.retrying import Retrying
from tests.fakes.installation import CHEAP, IN_HOUSE, FakeInstallation, provider
from tests.fakes.upstream import FakeUpstream

Build = Callable[..., FakeInstallation]


@pytest.fixture
async def sick() -> AsyncIterator[FakeUpstream]:
    """Serves `cheap`, the first choice."""
    async with FakeUpstream() as fake:
        yield fake
    assert fake.mistakes == []


@pytest.fixture
async def well() -> AsyncIterator[FakeUpstream]:
    """Serves `in-house`, the second choice."""
    async with FakeUpstream() as fake:
        yield fake
    assert fake.mistakes == []


@pytest.fixture(params=["lean", "aiohttp"])
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    """Both HTTP clients, impatient."""
    client = Transport(transport.Timeouts(connect=1.0, first_byte=1.0, between=1.0), lean=request.param == "lean")
    yield client
    await client.close()


@pytest.fixture
def build(sick: FakeUpstream, well: FakeUpstream, wire: Transport) -> Build:
    """Makes an installation of these cards; its clock stands still except for the pauses, which take no time."""

    def built(
        cards: tuple[ModelCard, ...] = (CHEAP, IN_HOUSE),
        retrying: Retrying | None = None,
        timeouts: Timeouts | None = None,
    ) -> FakeInstallation:
        house = FakeInstallation(cards, retrying=retrying or Retrying())
        if timeouts is not None:
            known = house.registry.installation
            providers = {name: structs.replace(row, timeouts=timeouts) for name, row in known.providers.items()}
            house.registry.installation = structs.replace(known, providers=providers)
        served_by = {"bargain": sick, "local": well}
        house.egress._chat = {
            name: openai.adapter(provider(name, "external"), _at(f"{fake.url}/v1"), None, wire)
            for name, fake in served_by.items()
        }
        return house

    return built


def _at(url: str) -> Endpoint:
    async def endpoint(_: ModelCard) -> str:
        return url

    return endpoint
