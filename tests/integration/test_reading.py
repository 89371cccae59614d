"""What an installation is, from its file."""

from pathlib import Path

import pytest

from kyozon.bootstrap.local import LocalModels
from kyozon.bootstrap.reading import read_settings, registry_of
from kyozon.domain.errors import SettingsError

PRICED = """
[providers.box-{n}]
vendor = "vllm"
base_url = "http://127.0.0.1:1/v1"

[models.model-{n}]
provider = "box-{n}"
prices = [{{ valid_from = 2026-01-01, input = 1, output = 1, currency = "{currency}" }}]
"""


def _cards(folder: Path, *currencies: str) -> list[str]:
    file = folder / "kyozon.toml"
    file.write_text("".join(PRICED.format(n=n, currency=c) for n, c in enumerate(currencies)), "utf-8")
    environ = {"KYOZON_DATA_DIR": str(folder)}
    settings = read_settings(file, environ)
    return [card.id for card in registry_of(settings, environ, LocalModels(settings)).cards()]


def test_prices_of_one_currency_are_fine(tmp_path: Path) -> None:
    assert {"model-0", "model-1"} <= set(_cards(tmp_path, "JPY", "JPY"))


def test_two_currencies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="model-0 in EUR and model-1 in JPY"):
        _cards(tmp_path, "EUR", "JPY")
