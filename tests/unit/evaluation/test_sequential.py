"""An interval that is looked at after every observation is wrong no more often than it says."""

import random

from hypothesis import given
from hypothesis import strategies as st

from kyozon.evaluation.sequential import Group, surely_apart, surely_between

counts = st.integers(1, 100_000)
shares = st.floats(0, 1)


@given(counts, shares, st.floats(0.001, 0.5))
def test_the_mean_seen_lies_within(count: int, share: float, alpha: float) -> None:
    low, high = surely_between(Group(share * count, count), alpha)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


@given(counts, shares)
def test_good_and_bad_are_mirrored(count: int, share: float) -> None:
    low, high = surely_between(Group(share * count, count), 0.05)
    low_again, high_again = surely_between(Group(count - share * count, count), 0.05)
    assert abs(low + high_again - 1) < 1e-5
    assert abs(high + low_again - 1) < 1e-5


@given(st.integers(2, 10_000), shares)
def test_more_of_the_same_is_known_better(count: int, share: float) -> None:
    few, many = surely_between(Group(share * count, count), 0.05), surely_between(Group(share * 9 * count, 9 * count), 0.05)
    assert few[0] <= many[0] + 1e-9
    assert many[1] <= few[1] + 1e-9


def test_nothing_is_known_of_nothing_and_little_of_little() -> None:
    assert surely_between(Group(), 0.05) == (0.0, 1.0)
    low, high = surely_between(Group(5, 5), 0.05)
    assert (round(low, 2), high) == (0.41, 1.0)
    low, high = surely_between(Group(450, 500), 0.05)
    assert (round(low, 2), round(high, 2)) == (0.85, 0.94)


def test_looking_after_each_observation_does_no_harm() -> None:
    """Of 100 sequences, each looked at 200 times: by the usual 95 % interval a third would be wrong some time."""
    wrong = 0
    for seed in range(100):
        chance = random.Random(seed)  # noqa: S311 - tests want the same again
        mean, total = 0.7, 0.0
        for count in range(1, 201):
            total += chance.betavariate(0.7, 0.3) if seed % 2 else float(chance.random() < mean)
            low, high = surely_between(Group(total, count), 0.05)
            if not low <= mean <= high:
                wrong += 1
                break
    assert wrong <= 8


@given(counts, shares, counts, shares)
def test_two_groups_are_as_far_apart_as_they_may_be(count: int, share: float, other_count: int, other: float) -> None:
    before, after = Group(share * count, count), Group(other * other_count, other_count)
    low, high = surely_apart(before, after, 0.05)
    assert -1 <= low <= other - share + 1e-5
    assert other - share - 1e-5 <= high <= 1
    low_again, high_again = surely_apart(after, before, 0.05)
    assert abs(low + high_again) < 1e-5
    assert abs(high + low_again) < 1e-5


def test_of_one_group_alone_nothing_is_known_of_the_difference() -> None:
    assert surely_apart(Group(5, 10), Group(), 0.05) == (-1.0, 1.0)
    low, high = surely_apart(Group(360, 400), Group(360, 400), 0.05)
    assert (round(low, 3), round(high, 3)) == (-0.095, 0.095)


def test_looking_at_two_groups_again_and_again_does_no_harm() -> None:
    wrong = 0
    for seed in range(40):
        chance = random.Random(seed)  # noqa: S311 - tests want the same again
        groups = [Group(), Group()]
        for count in range(1, 201):
            at = chance.random() < 0.3
            groups[at] = Group(groups[at].total + (chance.random() < 0.8), groups[at].count + 1)
            if count % 20 == 0:
                low, high = surely_apart(groups[0], groups[1], 0.05)
                if not low <= 0 <= high:
                    wrong += 1
                    break
    assert wrong <= 4
