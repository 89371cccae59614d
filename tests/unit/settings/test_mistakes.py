from pathlib import Path

import pytest
from pydantic_core import ErrorDetails

from kyozon.domain.errors import SettingsError
from kyozon.settings import load
from kyozon.settings.validation import _culprit
from tests.fakes.vendor_rows import VENDORS


def mistakes(folder: Path, text: str) -> list[str]:
    file = folder / "kyozon.toml"
    file.write_text(text, "utf-8")
    try:
        load(file, {}, VENDORS)
    except SettingsError as error:
        return [mistake.en.removeprefix(f"{file}, ") for mistake in error.mistakes]
    return []


BOX = '[providers.box]\nvendor = "vllm"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port = 1\n", "port: unknown here: port belongs under [server]."),
        ("[database]\nport = 1\n", "database.port: unknown here: port belongs under [server]."),
        ("[sever]\n", 'sever: unknown setting: did you mean "server"?'),
        ('[reviews]\nlabels = ["restricted"]\n', 'reviews: unknown setting: did you mean "review"?'),
        ("prot = 1\n", "prot: unknown setting: did you mean port, [server]?"),
        ("[routing]\nzzz = 1\n", "routing.zzz: unknown setting: use one of:"),
        ('[server]\nlanguage = "jp"\n', 'server.language: "jp" is not one of "auto", "en", "ja".'),
        ('[local]\nenabled = "yes"\n', 'local.enabled: must be true or false, without quotes; found "yes".'),
        ("[local]\nslots = 0\n", "local.slots: must be at least 1; found 0."),
        ("[knowledge]\nreranker_seconds = 0\n", "knowledge.reranker_seconds: must be above 0; found 0."),
        ("[local]\nslots = true\n", "local.slots: must be a whole number without quotes; found true."),
        ("[server]\nport = 70000\n", "server.port: must be at most 65535; found 70000."),
        ("server = 3\n", "server: must be a table of keys and values; found 3."),
        ("[labels]\ncompartments = 3\n", 'labels.compartments: must be a list, as in ["a", "b"]; found 3.'),
        ('[limits]\nmoney_per_month = "lots"\n', 'money_per_month: must be an amount, as in "0.15"; found "lots".'),
        ('[labels]\ndefault = "secret"\n', "labels.default: not a label."),
        ('[labels]\ndefault = "internal+*"\n', "labels.default: not a label."),
        ('[zones.lan]\nclearance = "secret"\n', "zones.lan.clearance: not a clearance."),
        ('[providers."a b"]\nvendor = "openai"\n', 'providers."a b": a name is made of letters'),
        ('[zones.dc]\nkind = "lan"\n', 'zones.dc.clearance: a new zone needs it, as in clearance = "internal".'),
        (
            '[zones.dc]\nkind = "external"\nclearance = "internal+no-train"\n',
            "zones.dc.clearance: admits no-train data, but nobody says",
        ),
        ("[zones.lan]\ntrains = true\n", "zones.lan.clearance: admits no-train data"),
        (
            '[zones.host]\nclearance = "internal"\n[zones.lan]\nclearance = "internal"\n',
            'labels.default: no zone may receive "confidential"',
        ),
        (
            '[labels]\ncompartments = ["jp-only"]\ndefault = "internal+jponly"\n',
            'labels.default: the compartment "jponly" is not in labels.compartments: add it there, or did you mean "jp-',
        ),
        ('[providers.box]\nvendor = "vlm"\n', 'providers.box.vendor: unknown vendor "vlm": did you mean "vllm"?'),
        ("[providers.box]\n", 'providers.box: "box" is not a known vendor'),
        (BOX + 'zone = "lann"\n', 'providers.box.zone: there is no zone "lann": did you mean "lan"?'),
        ("[providers.azure-openai]\n", "providers.azure-openai.base_url: write the address of the API"),
        ('[providers.box]\nformat = "openai"\n', "providers.box.base_url: write the address of the API."),
        (BOX + 'base_url = "https://box.example.com/v1"\n', "providers.box.base_url: the address looks public"),
        (BOX + 'base_url = "10.0.0.5:8000"\n', "providers.box.base_url: must be an address"),
        ('[providers.studious]\nzone = "lan"\n', "providers.studious: trains on what it receives"),
        ('[models.gpt-4.1]\nprovider = "openai"\n', 'models.gpt-4.1: a name with a dot needs quotes: [models."gpt-4.1"]'),
        ("[models.a]\n", "models.a.provider: say who serves the model; use one of: local."),
        ('[models.a]\nprovider = "openai"\n', 'models.a.provider: the vendor "openai" is known but not turned on'),
        (BOX + '[models.a]\nprovider = "boxx"\n', 'there is no provider "boxx": did you mean "box"?'),
        (BOX + '[models.auto]\nprovider = "box"\n', 'models.auto: "auto" stands for Kyozon\'s own choice'),
        (
            BOX + '[models.a]\nprovider = "box"\nprices = [{ valid_from = 2026-01-01, input = 1 }]\n',
            "models.a.prices.output: is needed",
        ),
        (BOX + 'models = ["x"]\n[models.x]\nprovider = "box"\n', 'providers.box.models: there is a model "x" already.'),
    ],
)
def test_each_mistake_alone_is_told_with_its_mend(tmp_path: Path, text: str, expected: str) -> None:
    (found,) = mistakes(tmp_path, text)

    assert expected in found


def test_two_prices_of_one_day_are_a_mistake(tmp_path: Path) -> None:
    price = "[[models.a.prices]]\nvalid_from = 2026-01-01\ninput = 1\noutput = 1\n"

    (found,) = mistakes(tmp_path, f'{BOX}[models.a]\nprovider = "box"\n{price}{price}')

    assert found.startswith("line 5: models.a.prices: 2 prices begin on 2026-01-01")


@pytest.mark.parametrize(
    "text",
    [
        BOX + 'base_url = "http://gpu-box:8000/v1"\n',
        BOX + 'base_url = "http://192.168.1.4/v1"\n',
        BOX + 'base_url = "https://llm.corp.internal/v1"\n',
        BOX + 'base_url = "https://box.example.com/v1"\nzone = "external"\n',
        BOX + 'base_url = "https://box.example.com/v1"\nzone = "lan"\n',
        '[providers.studious]\nzone = "lan"\ntrains = false\n',
        '[zones.dc]\nkind = "external"\nclearance = "internal+no-train"\ntrains = false\n',
        '[labels]\ncompartments = ["pii"]\n[zones.lan]\nclearance = "confidential+pii+no-train"\n',
        '[labels]\ncompartments = ["pii"]\n[zones.lan]\nclearance = "confidential+*"\n',
    ],
)
def test_what_is_right_is_accepted(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text) == []


def test_what_lacks_a_key_is_taken_out_whole_so_that_the_search_for_mistakes_ends() -> None:
    details = ErrorDetails(type="missing", loc=("zones", "dc", "kind"), msg="", input={})

    assert _culprit(details) == ("zones", "dc")
