from pathlib import Path

import pytest

from kyozon.domain.errors import SettingsError
from kyozon.settings import load
from tests.fakes.vendor_rows import VENDORS

_MODELS = """
[providers.vllm]
models = ["listed"]
[models.ranks]
provider = "vllm"
kind = "reranking"
[models.chats]
provider = "vllm"
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[knowledge]\nreranker = "chats"\n', r'\[models."chats"\] with kind = "reranking"'),
        ('[knowledge]\nreranker = "listed"\n', r'\[models."listed"\] with kind = "reranking"'),
        ('[knowledge]\nreranker = "vllm/listed"\n', r'\[models."vllm/listed"\] with kind'),
        ('[knowledge]\nreranker = "vllm/nobody"\n', r'\[models."vllm/nobody"\] with kind'),
        ('[local]\nenabled = false\n[knowledge]\nreranker = "nobody"\n', r'\[models."nobody"\] with kind'),
        ("[knowledge]\nreranker_seconds = 0\n", "reranker_seconds"),
    ],
)
def test_a_reranker_is_a_model_that_reranks(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text(text + _MODELS, "utf-8")
    with pytest.raises(SettingsError, match=said):
        load(file, {}, VENDORS)


def test_none_is_named_unless_somebody_does(tmp_path: Path) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text(_MODELS, "utf-8")
    assert load(file, {}, VENDORS).knowledge.reranker is None
    file.write_text(f'[knowledge]\nreranker = "ranks"\nreranker_seconds = 2\n{_MODELS}', "utf-8")
    found = load(file, {}, VENDORS).knowledge
    assert (found.reranker, found.reranker_seconds) == ("ranks", 2.0)


@pytest.mark.parametrize("name", ["ranks", "vllm/org/ranks-1", "second/org/ranks-1"])
def test_it_is_named_as_requests_name_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / "kyozon.toml"
    text = _MODELS.replace("[models.ranks]", '[models.ranks]\nupstream = "org/ranks-1"\nalso_at = ["second"]')
    text += '[providers.second]\nvendor = "vllm"\n'
    file.write_text(f'[local]\nenabled = false\n[knowledge]\nreranker = "{name}"\n{text}', "utf-8")
    assert load(file, {}, VENDORS).knowledge.reranker == name


@pytest.mark.parametrize(
    ("wire_format", "kind", "at"),
    [
        ("anthropic", "reranking", 'provider = "far"'),
        ("gemini", "reranking", 'provider = "far"'),
        ("anthropic", "embedding", 'provider = "far"'),
        ("gemini", "reranking", 'provider = "vllm"\nalso_at = ["far"]'),
    ],
)
def test_a_format_without_the_call_is_told_at_once(tmp_path: Path, wire_format: str, kind: str, at: str) -> None:
    file = tmp_path / "kyozon.toml"
    far = f'[providers.far]\nformat = "{wire_format}"\nbase_url = "https://far.example/v1"\n[providers.vllm]\n'
    file.write_text(f'{far}[models.x]\nkind = "{kind}"\n{at}\n', "utf-8")
    with pytest.raises(SettingsError, match=f"has no call for {kind}"):
        load(file, {}, VENDORS)
    file.write_text(f"{far}[models.x]\n{at}\n", "utf-8")
    load(file, {}, VENDORS)


@pytest.mark.parametrize("name", ["bge-reranker-v2-m3", "auto"])
def test_one_of_this_machine_may_be_pulled_later_and_any_be_meant(tmp_path: Path, name: str) -> None:
    file = tmp_path / "kyozon.toml"
    file.write_text(f'[knowledge]\nreranker = "{name}"\n', "utf-8")
    assert load(file, {}, VENDORS).knowledge.reranker == name
