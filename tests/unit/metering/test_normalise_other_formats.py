"""Usage as Anthropic and Gemini report it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_anthropic, from_gemini

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
@given(st.dictionaries(st.sampled_from(NAMES), counts) | st.fixed_dictionaries({"output_tokens_details": counts}))
def test_no_report_makes_a_count_negative(normalise: Callable[[Mapping[str, Any]], Usage], raw: dict[str, Any]) -> None:
    usage = normalise(raw)
    assert min(usage.uncached, usage.cache_read, usage.cache_write, usage.reasoning) >= 0
    assert usage.reasoning <= usage.output
