"""Token counts before the model has counted: for limits, reservations and streams that broke."""

import math
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

TOKENS_PER_IMAGE = 1_000
"""A picture costs between a few hundred and a few thousand tokens by model and size; one figure in the middle."""

_SEARCHED_DOCUMENTS = 100
_SEARCHED_TOKENS = 500
_ENCODED = ("image_url", "input_audio", "file")  # parts of a content whose base64 is no text to the model
# In UTF-8 every character from U+2E80 on, where the CJK blocks begin, starts with one of these bytes or pairs of bytes,
# and no other character has any of them. Counting them takes a tenth of the time of looking at each character.
_NOT_WIDE = bytes(set(range(0x100)) - set(range(0xE3, 0x100)))
_FIRST_WIDE = re.compile(rb"\xe2[\xba-\xbf]")
_SINGLE = re.compile(r"[0-9!-/:-@\[-`{-~\n]| (?=[0-9])")
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def text_tokens(text: str) -> int:
    """About one token for four characters of Latin script, 0.85 for each CJK character."""
    wide = 0 if text.isascii() else _wide(text.encode("utf-8", "surrogatepass"))
    return math.ceil((len(text) - wide) / 4 + 0.85 * wide)


def most_tokens(text: str) -> int:
    """What a tokenizer makes of a text that it is not made for: each digit and mark a token, of a CJK character two.

    Measured with that of SmolLM2, which knows hardly any Japanese.
    """
    single, foreign = len(_SINGLE.findall(text)), len(_FOREIGN.findall(text))
    return math.ceil(single + 2.1 * foreign + (len(text) - single - foreign) / 4)


def _wide(utf8: bytes) -> int:
    return len(utf8.translate(None, _NOT_WIDE)) + len(_FIRST_WIDE.findall(utf8))


class Reranking(Struct, frozen=True):
    """What a reranking comes to: all of its tokens, those that stand before the model at once, and the searches billed.

    `parts` are the documents, one that is long counted as several: no vendor bills more searches than that.
    """

    tokens: int
    at_once: int
    searches: int
    parts: int


def reranking(query: str, documents: Sequence[str]) -> Reranking:
    """A model reads the query with each of the documents, so its tokens count as often as there are documents.

    Vendors that bill searches count one for a hundred documents, and a document as several where it has, with the query,
    more than 500 tokens (Cohere, Amazon Bedrock).
    """
    asked = text_tokens(query)
    pairs = [asked + text_tokens(document) for document in documents]
    parts = sum(max(1, math.ceil(pair / _SEARCHED_TOKENS)) for pair in pairs)
    return Reranking(sum(pairs), max(pairs, default=0), math.ceil(parts / _SEARCHED_DOCUMENTS), parts)


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
