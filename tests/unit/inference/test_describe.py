from decimal import Decimal

import pytest

from kyozon.inference.describe import describe
from kyozon.inference.gguf_header import Header, Value
from kyozon.inference.sources import Fetched

FETCHED = Fetched(("m.gguf",), "file:m.gguf", licence="mit", languages=frozenset({"ja"}))


def _header(facts: dict[str, Value] | None = None, parameters: int = 4_000_000_000) -> Header:
    return Header({"general.architecture": "llama", **(facts or {})}, parameters)


def test_a_template_without_tools_calls_them_by_schema() -> None:
    card = describe("m", _header({"tokenizer.chat_template": "{{ messages }}"}), FETCHED)
    assert card.tools_by_schema
    assert card.abilities["tools"]
    assert not card.abilities["reasoning"]


def test_a_template_with_tools_and_thinking_has_both() -> None:
    card = describe("m", _header({"tokenizer.chat_template": "{{ tools }}<think>"}), FETCHED)
    assert not card.tools_by_schema
    assert card.abilities["reasoning"]


def test_the_file_goes_before_the_place_it_came_from() -> None:
    own = describe("m", _header({"general.license": "apache-2.0", "general.languages": ("en",)}), FETCHED)
    assert own.licence == "Apache-2.0"
    assert own.languages == {"en"}
    silent = describe("m", _header(), FETCHED)
    assert silent.licence == "MIT"
    assert silent.languages == {"ja"}


def test_a_tiny_model_is_a_demonstration_and_costs_nothing() -> None:
    assert describe("m", _header(parameters=135_000_000), FETCHED).demo
    card = describe("m", _header(), FETCHED)
    assert not card.demo
    assert [price.input + price.output for price in card.prices] == [Decimal(0)]
    assert (card.zone, card.open_weights, card.abilities["images"]) == ("host", True, False)


@pytest.mark.parametrize(
    ("pooling", "kind"),
    [(None, "chat"), (0, "chat"), (1, "embedding"), (2, "embedding"), (3, "embedding"), (4, "reranking")],
)
def test_the_pooling_says_what_a_model_is_for(pooling: int | None, kind: str) -> None:
    facts: dict[str, Value] = {"llama.embedding_length": 384}
    card = describe(
        "m", _header(facts if pooling is None else facts | {"llama.pooling_type": pooling}, 90_000_000), FETCHED
    )
    assert card.kind == kind
    assert card.dimensions == (384 if kind == "embedding" else None)
    assert card.demo == ("schema" in card.abilities) == (kind == "chat")
