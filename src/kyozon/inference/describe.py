"""The card of a model from what its own file says of it."""

from datetime import date
from decimal import Decimal

from kyozon.domain.models import ModelCard, Price
from kyozon.inference.gguf_header import Header
from kyozon.inference.sources import Fetched

LOCAL_PROVIDER = "local"
HOST_ZONE = "host"
FREE = Price(date(2020, 1, 1), Decimal(0), Decimal(0), cached_input=Decimal(0), source="runs on this machine")

_NO_ASSISTANT_BELOW = 400_000_000
"""Models with fewer parameters prove the pipeline or serve a narrow task after training; they are no assistants."""

# What the engine gives every model, and what it cannot give yet.
_ENGINE = {"schema": True, "logprobs": True, "n": True, "seed": True, "streaming": True, "images": False, "audio": False}


def describe(name: str, header: Header, fetched: Fetched) -> ModelCard:
    """The card of the model `name`. The file's own words go before those of the place it came from.

    Tools are told by the chat template: one that never mentions them cannot carry a call, so calls are made by schema.
    """
    template = header.text("tokenizer.chat_template") or ""
    stated = header.metadata.get("general.languages")
    languages = frozenset(str(item) for item in stated) if isinstance(stated, tuple) else fetched.languages
    return ModelCard(
        id=name,
        provider=LOCAL_PROVIDER,
        upstream=name,
        zone=HOST_ZONE,
        open_weights=True,
        licence=_spelled(header.text("general.license") or fetched.licence),
        context=header.number("context_length"),
        abilities={**_ENGINE, "tools": True, "parallel_tools": True, "reasoning": "<think>" in template},
        languages=languages,
        prices=(FREE,),
        tools_by_schema="tools" not in template,
        demo=header.parameters < _NO_ASSISTANT_BELOW,
    )


def _spelled(licence: str | None) -> str | None:
    """SPDX's spelling of the licences met most often; model files write them in lower case."""
    known = {"apache-2.0": "Apache-2.0", "mit": "MIT"}
    return known.get(licence.lower(), licence) if licence else None
