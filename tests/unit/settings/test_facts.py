import tomllib
from datetime import date
from decimal import Decimal

import pytest

from kyozon.domain.callers import Limits
from kyozon.domain.labels import Clearance, Level, Zone
from kyozon.domain.models import ModelCard, Price
from kyozon.settings import Settings
from tests.fakes.vendor_rows import VENDORS

BOX = """
[providers.gpu-box]
vendor = "vllm"
base_url = "http://10.0.0.5:8000/v1"
models = ["qwen3-32b"]
"""


def settings(text: str) -> Settings:
    return Settings.model_validate(tomllib.loads(text, parse_float=Decimal))


def test_four_lines_add_a_server_and_its_models() -> None:
    found = settings(BOX)
    providers = found.providers(VENDORS)
    box = providers["gpu-box"]

    assert (box.id, box.format, box.base_url, box.zone) == ("gpu-box", "openai", "http://10.0.0.5:8000/v1", "lan")
    assert box.quirks == VENDORS["vllm"].quirks
    assert found.cards(providers) == (ModelCard("qwen3-32b", "gpu-box", "qwen3-32b", "lan"),)


def test_what_the_file_says_of_a_vendor_takes_the_place_of_its_row() -> None:
    text = """
[providers.openai]
api_key_env = "TEAM_KEY"
zone = "host"
retains = false
quirks = { drops = ["user"], stream_usage = false }
"""
    openai = settings(text).providers(VENDORS)["openai"]

    assert (openai.key_variable, openai.zone, openai.retains, openai.jurisdiction) == ("TEAM_KEY", "host", False, "US")
    assert (openai.quirks.drops, openai.quirks.stream_usage) == (("user",), False)


def test_this_machines_own_providers_can_be_turned_off() -> None:
    assert settings("[local]\nenabled = false").providers(VENDORS) == {}


def test_an_unlisted_provider_is_external_until_it_is_placed() -> None:
    text = '[providers.partner]\nformat = "anthropic"\nbase_url = "https://partner.example"'
    partner = settings(text).providers(VENDORS)["partner"]

    assert (partner.format, partner.zone, partner.trains) == ("anthropic", "external", None)


def test_a_model_table_becomes_a_card() -> None:
    text = (
        BOX
        + """
[models.fast]
provider = "gpu-box"
upstream = "Qwen/Qwen3-32B-AWQ"
abilities = { tools = true, images = false }
languages = ["ja"]
prices = [
  { valid_from = 2026-06-01, input = 0.2, output = "0.70" },
  { valid_from = 2026-01-01, input = "0.15", output = 1, cached_input = "0.05" },
]
"""
    )
    found = settings(text)
    card = {card.id: card for card in found.cards(found.providers(VENDORS))}["fast"]

    assert (card.upstream, card.zone, card.kind) == ("Qwen/Qwen3-32B-AWQ", "lan", "chat")
    assert card.abilities == {"tools": True, "images": False}
    assert card.languages == {"ja"}
    assert card.prices == (
        Price(date(2026, 1, 1), Decimal("0.15"), Decimal(1), cached_input=Decimal("0.05")),
        Price(date(2026, 6, 1), Decimal("0.2"), Decimal("0.70")),
    )


def test_a_known_card_fills_in_what_the_file_leaves_out_for_the_same_vendor_only() -> None:
    known = {"gpt-5-mini": ModelCard("gpt-5-mini", "openai", "gpt-5-mini-2026", "external", context=400_000)}
    text = """
[providers.team]
vendor = "openai"
models = ["gpt-5-mini"]
[providers.box]
vendor = "vllm"
[models.copy]
provider = "box"
"""
    found = settings(text)
    own, copy = found.cards(found.providers(VENDORS), known | {"copy": known["gpt-5-mini"]})

    assert (own.provider, own.upstream, own.context) == ("team", "gpt-5-mini-2026", 400_000)
    assert (copy.upstream, copy.context) == ("copy", None)


def test_a_vendor_whose_models_are_not_listed_offers_all_that_are_known() -> None:
    known = {name: ModelCard(name, "openai", name, "external", context=1) for name in ("big", "small")}
    text = '[providers.openai]\n[providers.team]\nvendor = "openai"\n[models.big]\nprovider = "team"\n'
    found = settings(text)

    cards = {card.id: card.provider for card in found.cards(found.providers(VENDORS), known)}
    assert cards == {"big": "team", "small": "openai"}

    none = settings("[providers.openai]\nmodels = []")
    assert none.cards(none.providers(VENDORS), known) == ()


def test_a_zone_table_changes_only_what_it_states() -> None:
    zones = settings('[zones.external]\nclearance = "public"\n[zones.dc]\nkind = "lan"\nregion = "JP"\n').zones()

    assert zones["external"] == Zone("external", "external", Clearance(Level.PUBLIC))
    assert zones["dc"] == Zone("dc", "lan", Clearance(Level.PUBLIC), region="JP")
    assert zones["host"].clearance == Clearance(Level.RESTRICTED, frozenset({"*"}))


def test_limits_of_new_keys() -> None:
    assert settings("[limits]\nmoney_per_month = 10.5").default_limits == Limits(money_per_month=Decimal("10.5"))


@pytest.mark.parametrize(
    "same",
    [
        BOX + '[zones.lan]\nclearance = "confidential+b+a"\n[models.m]\nprovider = "gpu-box"\nabilities = ["tools"]\n',
        '[models.m]\nabilities = { tools = true }\nprovider = "gpu-box"\n[zones.lan]\nclearance = "Confidential+a+b"\n'
        + BOX,
        BOX + "[server]\nport = 9\n[zones.lan]\nclearance = 'confidential + a+b'\n[routing]\nrouter = 'measured'\n"
        "quality = 'HIGH'\n[models.m]\nprovider = 'gpu-box'\nabilities = ['tools'] # note\n",
    ],
)
def test_the_policy_version_is_of_the_content_not_its_form(same: str) -> None:
    reference = BOX + '[zones.lan]\nclearance="confidential+a+b"\n[models.m]\nprovider="gpu-box"\nabilities=["tools"]\n'

    assert settings(same).policy_version == settings(reference).policy_version


@pytest.mark.parametrize(
    "change",
    [
        '[labels]\ndefault = "internal"\n',
        "[zones.lan]\nretains = true\n",
        '[providers.openai]\nzone = "lan"\n',
        '[models.m]\nprovider = "gpu-box"\n',
        '[routing]\nrouter = "other"\n',
    ],
)
def test_the_policy_version_changes_with_the_policy(change: str) -> None:
    version = settings(BOX).policy_version

    assert len(version) == 12
    assert settings(BOX + change).policy_version != version


def test_equal_prices_written_differently_are_one_policy() -> None:
    text = BOX + '[models.m]\nprovider = "gpu-box"\nprices = [{{ valid_from = 2026-01-01, input = {}, output = 1 }}]\n'

    assert settings(text.format("0.150")).policy_version == settings(text.format('"0.15"')).policy_version
