"""Deployments of one model share the work: by load and speed, and by nothing but the inputs."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.models import ModelCard
from kyozon.routing.balancing import Load, heard, spread
from kyozon.routing.option import Option

chances = st.floats(0, 1, exclude_max=True)
loads = st.builds(Load, st.integers(0, 50), st.none() | st.floats(0, 60), st.just(0.0))


def option(model: str, provider: str, cost: str = "1") -> Option:
    return Option(ModelCard(model, provider, model, "lan"), Decimal(cost))


def order(options: list[Option], known: dict[str, Load], chance: float) -> list[str]:
    found = spread(options, lambda card: known.get(card.provider, Load()), chance)
    return [one.card.provider for one in found]


@given(st.lists(loads, min_size=1, max_size=6), chances)
def test_it_is_a_permutation_and_the_first_is_no_worse_than_all_others(found: list[Load], chance: float) -> None:
    known = {f"p{place}": load for place, load in enumerate(found)}
    options = [option("m", name) for name in known]
    once, again = order(options, known, chance), order(options, known, chance)
    assert once == again
    assert sorted(once) == sorted(known)


@given(st.integers(2, 6), chances)
def test_the_most_loaded_of_equally_fast_ones_is_never_first(count: int, chance: float) -> None:
    known = {f"p{place}": Load(place, 1.0) for place in range(count)}
    assert order([option("m", name) for name in known], known, chance)[0] != f"p{count - 1}"


@given(chances)
def test_the_router_decides_between_models_and_between_prices(chance: float) -> None:
    options = [option("a", "p0"), option("a", "p1", "2"), option("b", "p2", "2")]
    assert order(options, {"p0": Load(40, 9.0)}, chance) == ["p0", "p1", "p2"]


@given(chances)
def test_of_two_the_less_loaded_goes_first(chance: float) -> None:
    options = [option("m", "p0"), option("m", "p1")]
    assert order(options, {"p0": Load(3, 1.0), "p1": Load(1, 1.0)}, chance) == ["p1", "p0"]
    assert order(options, {"p0": Load(1, 1.0), "p1": Load(1, 4.0)}, chance) == ["p0", "p1"]
    assert order(options, {"p0": Load(5, 1.0), "p1": Load(1, 2.0)}, chance) == ["p1", "p0"]
    assert order(options, {"p0": Load(1, 1.0), "p1": Load()}, chance) == ["p1", "p0"]  # nothing known: given a try


def test_chance_picks_every_pair() -> None:
    options = [option("m", f"p{place}") for place in range(4)]
    firsts = {order(options, {}, chance / 12)[0] for chance in range(12)}
    assert firsts == {"p0", "p1", "p2", "p3"}


def test_a_slow_answer_counts_at_once_and_is_forgotten_slowly() -> None:
    load = heard(heard(Load(), 0.2, 0.0), 5.0, 1.0)
    assert load.latency == 5.0
    assert 4.5 < (heard(load, 0.2, 1.5).latency or 0) < 5.0
    assert (heard(load, 0.2, 61.0).latency or 0) < 0.3
