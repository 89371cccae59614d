"""Usage as Anthropic and Gemini report it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_anthropic, from_gemini, from_rerank
from kyozon.metering.pricing import charge
from kyozon.providers.cards import load_cards

counts = st.integers(-5, 500) | st.none() | st.text(max_size=3) | st.floats() | st.booleans()
NAMES = [
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "toolUsePromptTokenCount",
]


def test_anthropic_counts_the_cache_beside_the_input() -> None:
    raw = {
        "input_tokens": 10,
        "cache_read_input_tokens": 200,
        "cache_creation_input_tokens": 30,
        "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 15},
    }
    usage = from_anthropic(raw)
    assert usage == Usage(uncached=10, cache_read=200, cache_write=30, output=40, reasoning=15)
    assert usage.input == 240


def test_what_is_written_to_the_cache_for_an_hour_costs_its_own_price() -> None:
    """maximhq/bifrost#4733: at the price for minutes the charge stays below the bill."""
    written = {"ephemeral_5m_input_tokens": 10_000, "ephemeral_1h_input_tokens": 20_000}
    usage = from_anthropic({"input_tokens": 0, "cache_creation_input_tokens": 30_000, "cache_creation": written})
    assert (usage.cache_write, usage.cache_write_hour) == (30_000, 20_000)
    for card in load_cards().values():
        if card.provider == "anthropic":
            price = card.prices[0]
            assert price.cache_write is not None
            assert charge(usage, price).amount == (price.cache_write + 4 * price.input) / 100


def test_gemini_counts_the_cache_in_the_prompt_and_thoughts_beside_the_answer() -> None:
    raw = {
        "promptTokenCount": 210,
        "cachedContentTokenCount": 200,
        "toolUsePromptTokenCount": 5,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 15,
        "totalTokenCount": 270,
    }
    usage = from_gemini(raw)
    assert usage == Usage(uncached=15, cache_read=200, output=55, reasoning=15)
    assert usage.input + usage.output == raw["totalTokenCount"]


@pytest.mark.parametrize("normalise", [from_anthropic, from_gemini])
@given(
    st.dictionaries(st.sampled_from(NAMES), counts)
    | st.fixed_dictionaries({"output_tokens_details": counts})
    | st.fixed_dictionaries(
        {
            "cache_creation_input_tokens": counts,
            "cache_creation": counts | st.fixed_dictionaries({"ephemeral_1h_input_tokens": counts}),
        }
    )
)
def test_no_report_makes_a_count_negative(normalise: Callable[[Mapping[str, Any]], Usage], raw: dict[str, Any]) -> None:
    usage = normalise(raw)
    assert min(usage.uncached, usage.cache_read, usage.cache_write, usage.cache_write_hour, usage.reasoning) >= 0
    assert usage.cache_write_hour <= usage.cache_write
    assert usage.reasoning <= usage.output


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        ({"usage": {"total_tokens": 815}}, Usage(uncached=815)),
        ({"usage": {"prompt_tokens": 8, "total_tokens": 9}}, Usage(uncached=8)),
        ({"usage": {"prompt_tokens": 0, "total_tokens": 9}}, Usage(uncached=9)),
        ({"meta": {"billed_units": {"search_units": 2}}}, Usage(searches=2)),
        ({"meta": {"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 70}}}, Usage(uncached=70, searches=1)),
        ({"meta": {"billed_units": None}, "usage": None}, None),
        ({"usage": {"total_tokens": -3}, "meta": {"billed_units": {"search_units": True}}}, None),
    ],
)
def test_a_reranking_is_counted_in_tokens_and_in_searches(answer: dict[str, Any], usage: Usage | None) -> None:
    assert from_rerank(answer) == usage
