"""What changes is found, soon; what does not change gives no more false alarms than promised."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.evaluation.betting import Bet, Frequencies, Ranks, Recent, Slope
from kyozon.evaluation.drift import NAMES, PATIENCE, STREAMS, USUAL, Alarm, Seen, Watch

DOMAINS = [f"subject {place}" for place in range(20)]


def stream(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - tests want the same again


def usual(chance: random.Random) -> Seen:
    """A request of a kind that is known, its answer as good as expected."""
    score = float(chance.random() < 0.8)
    domain = DOMAINS[min(int(chance.expovariate(0.3)), 19)]
    return Seen(chance.random(), "one", chance.betavariate(9, 1), score - 0.8, domain)


def strange(chance: random.Random) -> Seen:
    """One like hardly anything known."""
    return Seen(chance.random(), "one", chance.betavariate(5, 5))


def disappointing(chance: random.Random) -> Seen:
    """One whose answer is worse than expected."""
    return Seen(chance.random(), "one", None, float(chance.random() < 0.5) - 0.8)


def delightful(chance: random.Random) -> Seen:
    """One whose answer is better than expected."""
    return Seen(chance.random(), "one", None, 1.0 - 0.8)


def elsewhere(chance: random.Random) -> Seen:
    """One about something that was seldom asked before."""
    return Seen(chance.random(), "one", None, None, chance.choice([DOMAINS[15], *DOMAINS[:3]]))


def found(
    watch: Watch, kind: Callable[[random.Random], Seen], most: int, chance: random.Random
) -> tuple[int, Alarm] | None:
    """After how many such requests there is an alarm, and which."""
    for count in range(most):
        for alarm in watch.take(kind(chance)):
            return count + 1, alarm
    return None


@pytest.mark.parametrize(
    ("kind", "name", "within"),
    [(strange, "support", 40), (disappointing, "quality", 300), (delightful, "quality", 700), (elsewhere, "domains", 300)],
)
def test_a_change_is_found_and_said_to_be_where_it_was(
    kind: Callable[[random.Random], Seen], name: str, within: int
) -> None:
    chance, watch = stream(1), Watch()
    assert found(watch, usual, 3000, chance) is None
    hit = found(watch, kind, within, chance)
    assert hit is not None
    delay, alarm = hit
    assert alarm.stream == name
    assert alarm.place == 3000 + delay - 1
    assert -150 < alarm.begun - 3000 < max(10, delay / 2)
    rises = kind in (delightful, elsewhere)
    assert (alarm.after > alarm.before) is rises
    assert alarm.domain == (DOMAINS[15] if name == "domains" else "")


def test_after_an_alarm_the_stream_begins_anew_and_the_others_go_on() -> None:
    chance, watch = stream(2), Watch()
    found(watch, usual, 500, chance)
    hit = found(watch, strange, 100, chance)
    assert hit is not None
    assert watch.reached["support"] == 0.0
    assert watch.observed == {"support": 0, "quality": 500, "domains": 500}
    assert found(watch, strange, 1000, chance) is None


def test_another_version_of_the_estimator_is_another_beginning() -> None:
    chance, watch = stream(3), Watch()
    found(watch, usual, 500, chance)
    for _ in range(15):
        watch.take(strange(chance))
    assert watch.reached["support"] > 0.4
    assert watch.take(Seen(0.5, "two", 0.1, -0.9, "else")) == []
    assert watch.observed == dict.fromkeys(NAMES, 1)


def test_the_first_observations_are_the_usual_whatever_they_are() -> None:
    chance, watch = stream(6), Watch()
    assert found(watch, usual, USUAL // 2, chance) is None
    assert found(watch, strange, USUAL // 2, chance) is None
    assert watch.reached["support"] == 0.0


@pytest.mark.parametrize("names", [("dear", "cheap"), ("", "")])
def test_more_requests_to_a_model_that_was_always_underestimated_are_no_change(names: tuple[str, str]) -> None:
    """Where the record does not tell the models apart, the same looks like better answers."""
    chance, watch = stream(7), Watch()
    alarms = []
    for place in range(3000):
        under = chance.random() < (0.1 if place < 1500 else 0.9)
        surprise = chance.gauss(0.3 if under else 0.0, 0.1)
        alarms += watch.take(Seen(chance.random(), "one", None, surprise, None, names[not under]))
    assert bool(alarms) is (names[0] == names[1])


def detector_levels(bet: Bet, p_values: list[float], patience: float) -> int:
    """How often a stake grows to `patience`, each time from the start."""
    alarms, stake = 0, 0.0
    for p in p_values:
        stake = (stake + 1) * bet.factor(p)
        if stake >= patience:
            alarms, stake = alarms + 1, 0.0
    return alarms


@pytest.mark.parametrize("bet", [Slope(0.5), Slope(2.0), Slope(-1.0), Recent()])
def test_false_alarms_are_no_more_frequent_than_promised(bet: Bet) -> None:
    chance, ranks = stream(4), Ranks()
    uniform = [ranks.p(round(chance.gauss(), 1), chance.random()) for _ in range(20_000)]
    assert 0 < detector_levels(bet, uniform, 50) <= 20_000 / 50 * 1.1


def test_nothing_changes_in_thirty_thousand_requests_and_nothing_is_said() -> None:
    chance, watch = stream(5), Watch()
    assert found(watch, usual, 30_000, chance) is None
    assert STREAMS * PATIENCE == 3_000_000


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1, exclude_max=True))
def test_the_rank_of_a_number_is_what_it_says(values: list[float], chance: float) -> None:
    ranks = Ranks()
    for value in values[:-1]:
        ranks.p(value, 0.5)
    last = values[-1]
    below = sum(value < last for value in values)
    expected = (below + chance * values.count(last)) / len(values)
    assert ranks.p(last, chance) == pytest.approx(expected)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_a_rare_name_has_a_small_p_value(names: list[int]) -> None:
    frequencies = Frequencies()
    for name in names[:-1]:
        frequencies.p(name, 0.5)
    own = names.count(names[-1])
    rarer = sum(names.count(name) < own for name in names)
    equal = sum(names.count(name) == own for name in names)
    assert frequencies.p(names[-1], 0.5) == pytest.approx((rarer + 0.5 * equal) / len(names))
