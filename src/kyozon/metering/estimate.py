"""Token counts before the model has counted: for limits, reservations and streams that broke."""

import math
from typing import Any

TOKENS_PER_IMAGE = 1_000
"""A picture costs between a few hundred and a few thousand tokens by model and size; one figure in the middle."""

_ENCODED = ("image_url", "input_audio", "file")  # parts of a content whose base64 is no text to the model
_FIRST_WIDE = 0x2E80  # where the CJK blocks begin


def text_tokens(text: str) -> int:
    """About one token for four characters of Latin script, 0.85 for each CJK character."""
    wide = sum(1 for character in text if ord(character) >= _FIRST_WIDE)
    return math.ceil((len(text) - wide) / 4 + 0.85 * wide)


def chat_tokens(chat: dict[str, Any]) -> int:
    """Input tokens of a chat request in OpenAI's shape: messages, tools and schema."""
    return _tokens([chat[name] for name in ("messages", "tools", "response_format") if chat.get(name)])


def _tokens(value: Any) -> int:
    """Walks without recursion: a schema may be nested deeper than Python's stack."""
    total, waiting = 0, [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            total += text_tokens(found)
        elif isinstance(found, list):
            waiting += found
        elif isinstance(found, dict) and found.get("type") in _ENCODED:
            total += TOKENS_PER_IMAGE
        else:
            total += 1
            waiting += found.values() if isinstance(found, dict) else ()
    return total
