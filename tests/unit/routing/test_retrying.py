"""When a failed call is made again: for every failure, policy and throw of the dice."""

from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.retrying import Budget, Failed, Retrying, deposit, pause, withdraw

seconds = st.floats(0, 10_000)
chances = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    Retrying,
    retries=st.integers(0, 10),
    base=st.floats(0, 60),
    longest=st.floats(0, 600),
    share=st.integers(0, 100),
)
failures = st.builds(
    Failed,
    retryable=st.booleans(),
    retry_after=st.none() | seconds,
    retries=st.integers(0, 12),
    seconds_left=st.floats(-10, 1_000),
    elsewhere=st.booleans(),
)


@given(failures, policies, chances)
def test_a_pause_is_bounded_and_never_shorter_than_the_provider_asks(
    failed: Failed, policy: Retrying, chance: float
) -> None:
    wait = pause(failed, policy, chance)
    if wait is None:
        return
    assert failed.retryable
    assert failed.retries < policy.retries
    assert (failed.retry_after or 0) <= wait < failed.seconds_left
    assert wait <= (failed.retry_after or 0) + policy.longest
    assert (failed.retry_after or 0) <= policy.longest


@given(st.integers(0, 9), chances)
def test_the_pause_is_drawn_from_a_range_that_doubles(retries: int, chance: float) -> None:
    policy = Retrying(retries=10, base=0.25, longest=10.0)
    wait = pause(
        Failed(retryable=True, retry_after=None, retries=retries, seconds_left=600.0, elsewhere=False), policy, chance
    )
    assert wait == chance * min(10.0, 0.25 * 2**retries)


def test_another_candidate_is_better_than_a_long_wait() -> None:
    policy = Retrying()
    assert (
        pause(Failed(retryable=True, retry_after=5.0, retries=0, seconds_left=600.0, elsewhere=True), policy, 0.0) is None
    )
    assert (
        pause(Failed(retryable=True, retry_after=5.0, retries=0, seconds_left=600.0, elsewhere=False), policy, 0.0) == 5.0
    )
    assert pause(Failed(retryable=True, retry_after=0.5, retries=0, seconds_left=600.0, elsewhere=True), policy, 0.0) == 0.5


def test_a_wait_beyond_the_longest_is_left_to_the_caller() -> None:
    assert (
        pause(
            Failed(retryable=True, retry_after=10.1, retries=0, seconds_left=600.0, elsewhere=False),
            Retrying(longest=10.0),
            0.0,
        )
        is None
    )


@given(st.lists(st.booleans(), max_size=300), st.integers(0, 100))
def test_retries_never_exceed_the_share_and_the_few_saved(steps: list[bool], share: int) -> None:
    policy, budget = Retrying(share=share), Budget()
    requests = retries = 0
    for is_request in steps:
        if is_request:
            requests, budget = requests + 1, deposit(budget, policy)
        elif (after := withdraw(budget)) is not None:
            retries, budget = retries + 1, after
    assert 100 * retries <= 1000 + share * requests
    assert 0 <= budget.level <= 1000


def test_a_sick_provider_gets_one_retry_for_every_five_requests() -> None:
    budget, retries = Budget(), 0
    for _ in range(1_000):
        budget = deposit(budget, Retrying(share=20))
        while (after := withdraw(budget)) is not None:
            budget, retries = after, retries + 1
    assert retries == 10 + 199  # the tenth saved one is full at the first request: nothing is added to it
