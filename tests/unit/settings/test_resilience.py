"""What the file says of failures and patience reaches the floors below."""

from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.domain.models import Timeouts
from kyozon.routing.breaking import Breaking
from kyozon.routing.retrying import Retrying
from kyozon.settings import Settings, load
from tests.fakes.vendor_rows import VENDORS

BOX = '[providers.box]\nformat = "openai"\nbase_url = "http://10.0.0.5:8000/v1"\nzone = "lan"\n'


def _loaded(folder: Path, text: str) -> Settings:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    return load(file, {}, VENDORS)


def test_the_defaults_are_those_of_the_policies(tmp_path: Path) -> None:
    found = _loaded(tmp_path, BOX)
    assert found.retrying == Retrying(total=Timeouts().total)
    assert found.breaking == Breaking()
    assert found.providers(VENDORS)["box"].timeouts == Timeouts()


def test_a_provider_says_otherwise_than_the_server(tmp_path: Path) -> None:
    server = "[server.timeouts]\nfirst_token = 30\ntotal = 90.5\n"
    found = _loaded(tmp_path, server + BOX + "timeouts = { first_token = 2.5, connect = 1 }\n")
    assert found.providers(VENDORS)["box"].timeouts == Timeouts(1.0, 2.5, 120.0, 90.5)
    local = next(provider for name, provider in found.providers(VENDORS).items() if name != "box")
    assert local.timeouts == Timeouts(10.0, 30.0, 120.0, 90.5)
    assert found.retrying.total == 90.5


def test_a_broken_stream_ends_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    assert _loaded(tmp_path, BOX).routing.broken_stream == "end"
    assert _loaded(tmp_path, '[routing]\nbroken_stream = "continue"\n').routing.broken_stream == "continue"
    with pytest.raises(SettingsError, match="broken_stream"):
        _loaded(tmp_path, '[routing]\nbroken_stream = "resume"\n')


def test_retries_and_breakers_as_stated(tmp_path: Path) -> None:
    found = _loaded(tmp_path, "[routing]\nretries = 0\nretry_share = 5\nbreaker_failures = 2\nbreaker_seconds = 600\n")
    assert (found.retrying.retries, found.retrying.share) == (0, 5)
    assert (found.breaking.in_row, found.breaking.rest, found.breaking.longest) == (2, 600.0, 600.0)


@pytest.mark.parametrize("text", ["timeouts = { total = 0 }", "timeouts = { totl = 1 }", "timeouts = 3"])
def test_what_makes_no_sense_is_a_mistake(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="timeouts"):
        _loaded(tmp_path, BOX + text + "\n")


TWO = BOX + BOX.replace("box", "twin").replace("10.0.0.5", "10.0.0.6")


def test_a_model_has_a_card_for_each_provider_that_serves_it(tmp_path: Path) -> None:
    found = _loaded(tmp_path, TWO + '[models.big]\nprovider = "box"\nalso_at = ["twin"]\nupstream = "org/big"\n')
    cards = found.cards(found.providers(VENDORS))
    assert [(card.id, card.provider, card.upstream) for card in cards] == [
        ("big", "box", "org/big"),
        ("big", "twin", "org/big"),
    ]


@pytest.mark.parametrize(("other", "expected"), [("twinn", "did you mean"), ("box", "once")])
def test_further_providers_are_checked(tmp_path: Path, other: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        _loaded(tmp_path, TWO + f'[models.big]\nprovider = "box"\nalso_at = ["{other}"]\n')
