"""What a chat request needs from a model and which tools it offers, read from its OpenAI shape."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kyozon.domain.requests import Json, Needs


def chat_needs(chat: Json, input_tokens: int, default_output: int) -> Needs:
    """Abilities and modalities a model must have; `default_output` stands where the caller set no ceiling."""
    abilities = set()
    if chat.get("tools") and chat.get("tool_choice") != "none":
        abilities.add("tools")
    if isinstance(form := chat.get("response_format"), dict) and form.get("type") in ("json_schema", "json_object"):
        abilities.add("schema")
    if chat.get("logprobs"):
        abilities.add("logprobs")
    choices, ceiling = _choices(chat), _output_limit(chat)
    if choices > 1:
        abilities.add("n")
    return Needs(
        kind="chat",
        abilities=frozenset(abilities),
        modalities=frozenset({"text", *_modalities(chat)}),
        input_tokens=input_tokens,
        output_tokens=(ceiling or default_output) * choices,
        choices=choices,
        bounded=ceiling is not None,
        judgeable=EVERY_LENGTH if choices == 1 and _judgeable(chat) else 0,
        streamed=bool(chat.get("stream")),
    )


MOST_TOOLS = 128
"""So many tools stand in a record, as many as OpenAI takes; of more of them only the number."""

_LONGEST_NAME = 64


def tools_offered(chat: Json) -> tuple[str, ...]:
    """Which tools a request offers, for its record: of each the hash over its name, for names are the caller's own words.

    Whoever knows a name can tell whether it was among them. The last one is `+N` where N more are left out.
    """
    tools = chat.get("tools")
    if not tools:
        return ()
    names = [_name(tool) for tool in tools[:MOST_TOOLS]]
    found = [_known(name) if len(name) <= _LONGEST_NAME else hash_of_tool(name) for name in names]
    return (*found, f"+{len(tools) - MOST_TOOLS}") if len(tools) > MOST_TOOLS else tuple(found)


def hash_of_tool(name: str) -> str:
    """What stands for a tool in records: the first 32 digits of the SHA-256 over its name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


_known = lru_cache(maxsize=4096)(hash_of_tool)


def _name(tool: Json) -> str:
    """`tool.function.name`, `tool.custom.name`; of a provider's own tool `name`, or else what it is (`web_search`)."""
    kind: Any = tool.get("type")
    inner = tool.get(kind) if isinstance(kind, str) else None
    name = inner.get("name") if isinstance(inner, dict) else tool.get("name")
    return name if isinstance(name, str) else str(kind)


EVERY_LENGTH = 1 << 24
"""Tokens: an answer of any length can be judged where it comes whole."""
_CALLS = ("tools", "functions", "audio")


def _judgeable(chat: Json) -> bool:
    """Whether an answer is words to a question in words: no tools, images or sounds, and no answer that has begun."""
    messages = [one for one in chat.get("messages") or () if isinstance(one, dict)]
    calls = any(one.get("role") in ("tool", "function") or one.get("tool_calls") for one in messages)
    asked = bool(messages) and messages[-1].get("role") == "user"
    return asked and not calls and not any(chat.get(name) for name in _CALLS) and not any(_modalities(chat))


def _output_limit(chat: Json) -> int | None:
    """The caller's own ceiling on the output tokens of one choice."""
    for name in ("max_completion_tokens", "max_tokens"):
        if isinstance(limit := chat.get(name), int):
            return limit
    return None


def _choices(chat: Json) -> int:
    count = chat.get("n")
    return max(1, count) if isinstance(count, int) else 1


_MODALITY = {"image_url": "image", "input_audio": "audio", "file": "file"}


def _modalities(chat: Json) -> Iterator[str]:
    for message in chat.get("messages", []):
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else []:
            kind = part.get("type") if isinstance(part, dict) else None
            if isinstance(kind, str) and kind in _MODALITY:
                yield _MODALITY[kind]
