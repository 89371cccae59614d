"""The card of a model from what its own file says of it."""

from datetime import date
from decimal import Decimal

from msgspec import structs

from kyozon.domain.models import CardKind, ModelCard, Price
from kyozon.inference.gguf_header import Header
from kyozon.inference.sources import Fetched

LOCAL_PROVIDER = "local"
HOST_ZONE = "host"
FREE = Price(date(2020, 1, 1), Decimal(0), Decimal(0), cached_input=Decimal(0), source="runs on this machine")

_NO_ASSISTANT_BELOW = 400_000_000
"""Models with fewer parameters prove the pipeline or serve a narrow task after training; they are no assistants."""

# What a GGUF file says that is to be made of its last layer: a vector of a text, or how well a text fits another.
_POOLED = frozenset({1, 2, 3})  # the mean, the first token's, the last token's
_RANKED = 4

# What the engine gives every model that chats, and what it cannot give yet.
_ENGINE = {"schema": True, "logprobs": True, "n": True, "seed": True, "streaming": True, "images": False, "audio": False}


def describe(name: str, header: Header, fetched: Fetched) -> ModelCard:
    """The card of the model `name`. The file's own words go before those of the place it came from.

    Its pooling tells what it is for. Tools are told by the chat template: one that never mentions them cannot carry a call,
    so calls are made by schema.
    """
    kind = _kind(header)
    template = header.text("tokenizer.chat_template") or ""
    stated = header.metadata.get("general.languages")
    languages = frozenset(str(item) for item in stated) if isinstance(stated, tuple) else fetched.languages
    found = ModelCard(
        id=name,
        provider=LOCAL_PROVIDER,
        upstream=name,
        zone=HOST_ZONE,
        kind=kind,
        open_weights=True,
        licence=_spelled(header.text("general.license") or fetched.licence),
        context=header.number("context_length"),
        languages=languages,
        prices=(FREE,),
    )
    if kind != "chat":
        return structs.replace(found, dimensions=header.number("embedding_length") if kind == "embedding" else None)
    return structs.replace(
        found,
        abilities={**_ENGINE, "tools": True, "parallel_tools": True, "reasoning": "<think>" in template},
        tools_by_schema="tools" not in template,
        demo=header.parameters < _NO_ASSISTANT_BELOW,
    )


def _kind(header: Header) -> CardKind:
    pooling = header.number("pooling_type")
    if pooling == _RANKED:
        return "reranking"
    return "embedding" if pooling in _POOLED else "chat"


def _spelled(licence: str | None) -> str | None:
    """SPDX's spelling of the licences met most often; model files write them in lower case."""
    known = {"apache-2.0": "Apache-2.0", "mit": "MIT"}
    return known.get(licence.lower(), licence) if licence else None
