import pytest

from kyozon.domain.models import Provider
from kyozon.providers.vendors import load_vendors, parse_vendors

ASKED_FOR = """
openai azure-openai anthropic gemini mistral deepseek qwen moonshot zhipu ernie doubao minimax stepfun 01ai baichuan xai
groq together fireworks openrouter vllm sglang ollama lmstudio llamacpp localai tgi local local-embedder
"""
ROWS = load_vendors()
ROW = '[box]\nname = "Box"\nformat = "openai"\nbase_url = "http://box/v1"\n'


def test_the_vendors_that_people_ask_for_are_there() -> None:
    assert set(ASKED_FOR.split()) <= ROWS.keys()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_not_known_is_said(row: Provider) -> None:
    promises = {"retains": row.retains, "trains": row.trains}
    places = {"jurisdiction": row.jurisdiction, "region": row.region} if row.zone == "external" else {}
    unknown = {name for name, value in (promises | places).items() if value is None}
    assert unknown <= set(row.unverified)
    assert {name.split(".")[0] for name in row.unverified} <= set(Provider.__struct_fields__)
    assert bool(row.verified) is bool(row.source)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_zones_follow_from_where_a_row_stands(row: Provider) -> None:
    assert row.zone == ("external" if row.base_url.startswith("https://") else "lan" if row.base_url else "host")
    assert bool(row.key_variable) is (row.zone == "external")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (ROW + 'base_uri = "x"\n', r"\[box\]: unknown fields base_uri"),
        (ROW + "quirks = { think_tag = true }\n", r"\[box.quirks\]: unknown fields think_tag"),
        (ROW.replace("openai", "smoke"), r"\[box\].*format"),
        (ROW + 'retains = "no"\n', r"\[box\].*retains"),
        ('[box]\nname = "Box"\n', r"\[box\].*format"),
    ],
)
def test_a_wrong_row_is_refused_by_name(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        parse_vendors(text)


def test_a_right_row_is_read() -> None:
    assert parse_vendors(ROW)["box"].id == "box"
