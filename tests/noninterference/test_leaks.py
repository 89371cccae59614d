"""The proof that the random lives bite: each seeded bug is found. The run fails if one survives."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fakes.installation import rules
from tests.noninterference import holding_leaks, leaks, masking_leaks, releasing_leaks
from tests.noninterference.all_lives import AllLives

FEWEST = 25
rules()  # loaded before anything is replaced in what they import
LEAKS = leaks.LEAKS | releasing_leaks.LEAKS | holding_leaks.LEAKS | masking_leaks.LEAKS
HUNT = settings(
    max_examples=1000,
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
        run_state_machine_as_test(AllLives, settings=HUNT)
