from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_openai, to_openai

numbers: st.SearchStrategy[Any] = st.one_of(st.integers(), st.floats(), st.sampled_from([None, "7", True, [], {"a": 1}]))
parts = st.dictionaries(st.sampled_from(["cached_tokens", "cache_write_tokens", "reasoning_tokens"]), numbers)
totals = ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_cache_hit_tokens", "cached_tokens")
details = ("prompt_tokens_details", "completion_tokens_details")
reports = st.fixed_dictionaries({}, optional={**dict.fromkeys(totals, numbers), **dict.fromkeys(details, parts)})


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        ({"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}, Usage(uncached=11, output=7)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            Usage(uncached=10, cache_read=60, cache_write=30, output=50, reasoning=40),
        ),
        (
            {"prompt_tokens": 100, "completion_tokens": 1, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
            Usage(uncached=36, cache_read=64, output=1),
        ),
        ({"prompt_tokens": 100, "completion_tokens": 1, "cached_tokens": 64}, Usage(uncached=36, cache_read=64, output=1)),
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            Usage(uncached=32, output=103, reasoning=94),
        ),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(cache_read=5)),
        ({"prompt_tokens": -5, "completion_tokens": None, "prompt_tokens_details": None}, Usage()),
        ({"prompt_tokens": 10**40, "completion_tokens": 1e300}, Usage()),
        ({}, Usage()),
    ],
)
def test_vendors_reports_come_out_alike(raw: dict[str, Any], usage: Usage) -> None:
    assert from_openai(raw) == usage


counts = st.integers(0, 1000)


@given(st.builds(Usage, counts, counts, counts, counts, st.just(0)), st.integers(0, 1000))
def test_what_is_written_is_read_back(usage: Usage, reasoning: int) -> None:
    usage = structs.replace(usage, output=usage.output + reasoning, reasoning=reasoning)
    assert from_openai(to_openai(usage)) == usage


@given(reports)
def test_no_report_gives_negative_tokens_or_parts_above_the_whole(raw: dict[str, Any]) -> None:
    usage = from_openai(raw)
    assert min(usage.uncached, usage.cache_read, usage.cache_write, usage.output, usage.reasoning) >= 0
    assert usage.reasoning <= usage.output
    prompt = raw.get("prompt_tokens")
    if isinstance(prompt, int) and not isinstance(prompt, bool) and prompt >= 0:
        assert usage.input == (prompt if prompt <= 10**9 else 0)  # nobody reads that much
