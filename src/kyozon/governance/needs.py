"""What a chat request needs from a model, read from its OpenAI shape."""

from collections.abc import Iterator

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
    )


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
