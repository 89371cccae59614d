"""The cards of rented models: what the file states is whole, and what it cannot state is refused."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from kyozon.domain.models import ModelCard
from kyozon.domain.usage import Usage
from kyozon.metering.pricing import charge, price_at
from kyozon.providers.cards import load_cards, parse_cards
from kyozon.providers.vendors import load_vendors
from kyozon.settings.root import Settings

CARDS = load_cards()
EACH = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
VENDORS = load_vendors()

ROW = """
["m"]
provider = "openai"
source = "a page"
prices = [{ valid_from = 2026-01-01, input = 1.10, cached_input = 0.11, output = 4, source = "a list" }]
"""


def test_the_list_is_worth_having() -> None:
    assert 25 <= len(CARDS) <= 45
    makers = {card.provider for card in CARDS.values()}
    assert makers >= {
        "openai",
        "anthropic",
        "gemini",
        "mistral",
        "deepseek",
        "qwen",
        "moonshot",
        "zhipu-intl",
        "xai",
        "groq",
    }
    assert {card.kind for card in CARDS.values()} == {"chat", "embedding"}


@EACH
def test_a_card_stands_in_its_vendors_zone(card: ModelCard) -> None:
    assert card.zone == VENDORS[card.provider].zone == "external"


def test_no_vendors_model_is_described_twice() -> None:
    seen = Counter((card.provider, card.upstream) for card in CARDS.values())
    assert {pair: count for pair, count in seen.items() if count > 1} == {}


@EACH
def test_a_model_served_by_somebody_else_carries_that_vendors_name(card: ModelCard) -> None:
    assert card.id in {card.upstream, f"{card.provider}/{card.id.partition('/')[2]}"}


@EACH
def test_prices_are_whole(card: ModelCard) -> None:
    assert card.prices
    for price in card.prices:
        stated = (price.input, price.output, price.cached_input, price.cache_write, price.cache_write_hour)
        amounts = [amount for amount in stated if amount is not None]
        assert {type(amount) for amount in amounts} == {Decimal}
        assert min(amounts) >= 0
        assert price.input > 0
        assert price.cached_input is None or price.cached_input <= price.input
        assert price.source
        assert price.currency == "USD"
        assert date(2025, 11, 16) <= price.valid_from <= date(2027, 1, 1)


@EACH
def test_limits_fit_together(card: ModelCard) -> None:
    assert card.context is None or card.context > 0
    if card.max_output is not None:
        assert 0 < card.max_output <= (card.context or card.max_output)
    assert "text" in card.modalities
    assert card.modalities <= {"text", "image", "audio", "video", "file"}


@EACH
def test_embedding_models_answer_with_vectors_not_tokens(card: ModelCard) -> None:
    if card.kind == "embedding":
        assert all(price.output == 0 for price in card.prices)
        assert not card.abilities.keys() - {"dimensions"}
    else:
        assert card.dimensions is None
        assert all(price.output > 0 for price in card.prices)


@EACH
def test_a_licence_belongs_to_open_weights(card: ModelCard) -> None:
    assert card.licence is None or card.open_weights


def test_a_price_change_is_picked_by_date() -> None:
    prices = CARDS["gemini-4-argon"].prices
    used = Usage(uncached=1_000_000, output=1_000_000)
    assert charge(used, price_at(prices, date(2026, 11, 30))).amount == Decimal(12)
    assert charge(used, price_at(prices, date(2026, 12, 1))).amount == Decimal(24)
    assert charge(used, price_at(prices, date(2026, 12, 1))).price_from == date(2026, 12, 1)


def test_before_its_first_price_a_model_has_none() -> None:
    before = charge(Usage(uncached=5), price_at(CARDS["gpt-4o-mini"].prices, date(2025, 11, 15)))
    assert (before.priced, before.amount) == (False, Decimal(0))


def test_a_change_of_the_cached_price_alone_counts() -> None:
    prices = CARDS["claude-sonnet-5-5"].prices
    used = Usage(cache_read=1_000_000)
    assert charge(used, price_at(prices, date(2026, 10, 6))).amount == Decimal("0.2")
    assert charge(used, price_at(prices, date(2026, 10, 7))).amount == Decimal("0.1")


def test_amounts_are_exact() -> None:
    price = parse_cards(ROW, VENDORS)["m"].prices[0]
    assert (str(price.input), str(price.cached_input), price.output) == ("1.10", "0.11", Decimal(4))


def test_a_price_without_a_source_has_its_rows() -> None:
    text = ROW.replace(', source = "a list"', "")
    assert parse_cards(ROW, VENDORS)["m"].prices[0].source == "a list"
    assert parse_cards(text, VENDORS)["m"].prices[0].source == "a page"


def test_the_upstream_name_is_the_id_unless_stated() -> None:
    stated = ROW.replace('source = "a page"', 'source = "a page"\nupstream = "big/m"')
    assert parse_cards(ROW, VENDORS)["m"].upstream == "m"
    assert parse_cards(stated, VENDORS)["m"].upstream == "big/m"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"openai"', '"nobody"', r"\[m\]: no vendor 'nobody'"),
        ('source = "a page"', 'source = "a page"\nprice = 3', r"\[m\]: Object contains unknown field `price`"),
        ('source = "a list"', 'sauce = "a list"', "unknown field `sauce`"),
        ('source = "a page"', 'source = ""', "length >= 1"),
        ('source = "a page"\n', "", "missing required field `source`"),
        ("input = 1.10", "input = -1.10", "below zero"),
        ("cached_input = 0.11", "cached_input = 1.11", "cached input costs more"),
        ("input = 1.10, ", "", "missing required field `input`"),
        ('source = "a list"', 'currency = "dollars"', "pattern|regex"),
        ('source = "a page"', 'source = "a page"\ncontext = 0', "`int` >= 1"),
        ('source = "a page"', 'source = "a page"\nabilities = { flying = true }', "Invalid enum value 'flying'"),
        ('source = "a page"', 'source = "a page"\nabilities = { tools = "yes" }', "Expected `bool`"),
        ("}]", "}, { valid_from = 2026-01-01, input = 2, output = 4 }]", "one a day"),
        ("}]", "}, { valid_from = 2025-12-31, input = 2, output = 4 }]", "order of their days"),
    ],
)
def test_a_wrong_row_is_refused_by_name(old: str, new: str, complaint: str) -> None:
    assert old in ROW
    with pytest.raises(ValueError, match=complaint) as caught:
        parse_cards(ROW.replace(old, new, 1), VENDORS)
    assert str(caught.value).startswith("models.toml [m]: ")


def test_two_rows_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Cannot declare"):
        parse_cards(ROW + ROW, VENDORS)


def test_settings_start_from_a_card() -> None:
    settings = Settings.model_validate(
        {"providers": {"groq": {"models": ["groq/gpt-oss-20b"]}, "openai": {"models": ["gpt-4o-mini", "gpt-9"]}}}
    )
    cards = {card.id: card for card in settings.cards(settings.providers(VENDORS), CARDS)}
    assert cards["gpt-4o-mini"] == CARDS["gpt-4o-mini"]
    assert cards["groq/gpt-oss-20b"].upstream == "openai/gpt-oss-20b"
    assert cards["gpt-9"].prices == ()
