"""The cheapest first, the demo last, the same order whatever order the options come in."""

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.requests import Needs
from kyozon.routing.cheapest import router
from kyozon.routing.option import Option
from tests.fakes.installation import CHEAP, DEAR, IN_HOUSE
from tests.fakes.strategies import costs

NEEDS = Needs("chat")

_cards = st.builds(
    lambda name, provider, demo: structs.replace(IN_HOUSE, id=name, provider=provider, demo=demo),
    st.sampled_from("abc"),
    st.sampled_from(("p", "q")),
    st.booleans(),
)
_options = st.lists(
    st.builds(Option, _cards, costs), min_size=1, max_size=8, unique_by=lambda o: (o.card.id, o.card.provider)
)


@given(_options)
def test_returns_every_option_once(options: list[Option]) -> None:
    ranking = router(options, NEEDS)
    assert len(ranking.options) == len(options)
    assert all(option in ranking.options for option in options)


@given(_options, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(options: list[Option], random: Random) -> None:
    shuffled = list(options)
    random.shuffle(shuffled)
    assert router(shuffled, NEEDS) == router(options, NEEDS)


@given(_options)
def test_demos_last_then_unpriced_then_dearer(options: list[Option]) -> None:
    ranked = router(options, NEEDS).options
    keys = [(option.card.demo, option.cost is None, option.cost or Decimal(0)) for option in ranked]
    assert keys == sorted(keys)


@given(_options)
def test_says_why_in_both_languages(options: list[Option]) -> None:
    ranking = router(options, NEEDS)
    assert ranking.options[0].card.id in ranking.reason.en
    assert ranking.options[0].card.id in ranking.reason.ja


def test_a_free_demo_comes_after_a_dear_assistant() -> None:
    demo = Option(structs.replace(CHEAP, demo=True), Decimal(0))
    assert router([demo, Option(DEAR, Decimal(9))], NEEDS).options[0].card is DEAR
    assert "demo" in router([demo], NEEDS).reason.en
