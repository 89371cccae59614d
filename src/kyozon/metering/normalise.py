"""Usage as providers report it, turned into one shape, input = uncached + cache read + cache write, and into OpenAI's."""

from collections.abc import Mapping
from typing import Any

from kyozon.domain.usage import Usage

_MOST = 10**9
"""Tokens no request has: a count above it is no count, and one far above it could not even be written down."""


def from_openai(raw: Mapping[str, Any]) -> Usage:
    """Tokens of an OpenAI-compatible `usage` object.

    `prompt_tokens` includes the cached ones, so what was read from and written to the cache is taken out of it, never
    billed beside it. DeepSeek reports hits as `prompt_cache_hit_tokens`, Moonshot as `cached_tokens` at the top. xAI leaves
    reasoning out of `completion_tokens`, which `total_tokens` betrays: it is then added to the output. Reported numbers
    that contradict each other are cut to fit: no count is negative, the parts never exceed the whole.
    """
    prompt = _count(raw, "prompt_tokens")
    details = _mapping(raw, "prompt_tokens_details")
    read = _count(details, "cached_tokens") or _count(raw, "prompt_cache_hit_tokens") or _count(raw, "cached_tokens")
    read = min(read, prompt)
    write = min(_count(details, "cache_write_tokens"), prompt - read)
    output = _count(raw, "completion_tokens")
    reasoning = _count(_mapping(raw, "completion_tokens_details"), "reasoning_tokens")
    if reasoning and _count(raw, "total_tokens") == prompt + output + reasoning:
        output += reasoning
    return Usage(prompt - read - write, read, write, output, min(reasoning, output))


def to_openai(usage: Usage) -> dict[str, Any]:
    """A usage in OpenAI's shape, whose `prompt_tokens` include those read from and written to a cache."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def from_anthropic(raw: Mapping[str, Any]) -> Usage:
    """Tokens of an Anthropic `usage` object: its `input_tokens` leave out those read from and written to the cache."""
    output = _count(raw, "output_tokens")
    written = _count(raw, "cache_creation_input_tokens")
    return Usage(
        uncached=_count(raw, "input_tokens"),
        cache_read=_count(raw, "cache_read_input_tokens"),
        cache_write=written,
        cache_write_hour=min(_count(_mapping(raw, "cache_creation"), "ephemeral_1h_input_tokens"), written),
        output=output,
        reasoning=min(_count(_mapping(raw, "output_tokens_details"), "thinking_tokens"), output),
    )


def from_gemini(raw: Mapping[str, Any]) -> Usage:
    """Tokens of a Gemini `usageMetadata` object.

    `promptTokenCount` includes the cached ones; what the provider's own tools fed back to the model counts as input too.
    `candidatesTokenCount` leaves out the thoughts, which are output all the same.
    """
    prompt = _count(raw, "promptTokenCount")
    read = min(_count(raw, "cachedContentTokenCount"), prompt)
    thoughts = _count(raw, "thoughtsTokenCount")
    return Usage(
        uncached=prompt - read + _count(raw, "toolUsePromptTokenCount"),
        cache_read=read,
        output=_count(raw, "candidatesTokenCount") + thoughts,
        reasoning=thoughts,
    )


def from_rerank(answer: Mapping[str, Any]) -> Usage | None:
    """Tokens and searches of a reranking as its answer reports them; None where it reports neither.

    Jina, Voyage and the servers in house report tokens as `usage`, Cohere reports searches, and some tokens, as `meta`.
    """
    usage, meta = _mapping(answer, "usage"), _mapping(answer, "meta")
    billed = _mapping(meta, "billed_units")
    told = (_count(usage, "prompt_tokens"), _count(usage, "total_tokens"), _count(_mapping(meta, "tokens"), "input_tokens"))
    tokens, searches = next((count for count in told if count), 0), _count(billed, "search_units")
    return Usage(uncached=tokens, searches=searches) if tokens or searches else None


def _count(raw: Mapping[str, Any], name: str) -> int:
    """A token count; whatever else the provider says there (null, text, a negative or absurd number) counts as none."""
    value = raw.get(name)
    if type(value) is int or type(value) is float:  # a boolean is an int by descent only
        return int(value) if 0 < value <= _MOST else 0
    return 0


def _mapping(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}
