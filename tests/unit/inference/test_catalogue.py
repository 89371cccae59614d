import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.inference import catalogue, sources
from kyozon.inference.default_model import DEFAULT_MODEL
from kyozon.ports.local import CatalogueEntry

GB = 10**9


def test_every_family_that_was_promised_is_there() -> None:
    families = {entry.family for entry in catalogue.entries()}
    assert families >= {"Llama", "Mistral", "DeepSeek", "Qwen", "GLM", "Gemma", "gpt-oss", "Phi", "Sarashina"}
    assert len(catalogue.entries()) >= 15


@pytest.mark.parametrize("entry", catalogue.entries(), ids=lambda entry: entry.name)
def test_every_entry_can_be_pulled_and_read(entry: CatalogueEntry) -> None:
    source, where = sources.split(entry.source)
    assert source.default_name(where)
    assert sources.tidy(entry.name) == entry.name
    assert entry.memory_bytes > entry.bytes > 10**7
    assert entry.note.en
    assert any("ぁ" <= character <= "ヿ" for character in entry.note.ja)


def test_names_are_unique_and_found() -> None:
    names = [entry.name for entry in catalogue.entries()]
    assert len(set(names)) == len(names)
    assert catalogue.find("no-such-model") is None
    assert catalogue.find(DEFAULT_MODEL) is not None


def test_only_what_was_run_here_says_so() -> None:
    assert [entry.name for entry in catalogue.entries() if entry.checked == "run"] == [DEFAULT_MODEL]


@given(st.integers(0, 500 * GB))
def test_the_recommendation_speaks_both_languages_and_fits_where_anything_does(memory: int) -> None:
    found = catalogue.recommend(memory)
    assert {"ja", "en"} <= set(found.languages)
    assert catalogue.fits(found, memory) or memory < 4 * GB


def test_a_larger_machine_gets_the_larger_model() -> None:
    assert catalogue.recommend(4 * GB).name == "qwen3.5-2b"
    assert catalogue.recommend(16 * GB).name == "qwen3.5-4b"


def test_the_machine_has_memory() -> None:
    assert catalogue.machine_memory() > GB // 2
