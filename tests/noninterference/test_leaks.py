"""The proof that the random lives bite: each seeded bug is found. The run fails if one survives."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.noninterference.leaks import LEAKS
from tests.noninterference.machine import Lives

FEWEST = 25
HUNT = settings(
    max_examples=400,
    stateful_step_count=15,
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)


def test_the_list_is_long_enough() -> None:
    assert len(LEAKS) >= FEWEST


@pytest.mark.parametrize("name", LEAKS)
def test_a_seeded_leak_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    LEAKS[name](monkeypatch)
    with pytest.raises(AssertionError, match="leak: "):
        run_state_machine_as_test(Lives, settings=HUNT)
