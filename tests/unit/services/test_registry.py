"""What a registry knows of the models of this machine, and what settings say of them."""

from datetime import date
from decimal import Decimal

from msgspec import structs

from kyozon.domain.models import ModelCard, Price
from kyozon.services.registry import Registry
from tests.fakes.installation import CHEAP, FakeInstallation

FREE = Price(date(2020, 1, 1), Decimal(0), Decimal(0))
DEARER = Price(date(2026, 1, 1), Decimal("0.1"), Decimal("0.4"))
PULLED = ModelCard("small", "local", "small", "host", context=2048, abilities={"tools": True}, prices=(FREE,))
SAID = ModelCard("small", "local", "small", "host", licence="Apache-2.0", prices=(DEARER,))


def registry(*said: ModelCard) -> Registry:
    installation = FakeInstallation().registry.installation
    return Registry(structs.replace(installation, cards=(CHEAP, *said)), lambda: [PULLED])


async def test_settings_give_a_model_of_this_machine_a_price_and_leave_it_the_rest() -> None:
    known = registry(SAID)
    (card,) = known.named("small")
    assert card == structs.replace(PULLED, licence="Apache-2.0", prices=(DEARER,))
    assert known.named("local/small") == (card,)
    assert known.current(PULLED) == card
    assert known.cards() == (card, CHEAP)
    assert known.basis.local_cards == (card,)


async def test_a_model_that_is_not_pulled_is_what_settings_say_of_it() -> None:
    other = structs.replace(SAID, id="other", upstream="other")
    known = registry(other)
    assert known.cards() == (PULLED, CHEAP, other)
    assert known.named("other") == (other,)
    assert known.current(other) == other
