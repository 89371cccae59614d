"""Nothing leaks by way of documents either; and each seeded bug with them is found."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.noninterference.documents import WAYS_IN, Documented
from tests.noninterference.documents_leaks import LEAKS
from tests.noninterference.test_leaks import HUNT

HAPPENED: Counter[str] = Counter()


class Counted(Documented):
    """Tells how often what may be was."""

    def teardown(self) -> None:
        HAPPENED.update(self.premises.happened)
        super().teardown()


def test_nothing_leaks_by_way_of_documents() -> None:
    """And in these lives people read what is open to them, in each of the ways in which it may be, and get answers."""
    run_state_machine_as_test(Counted, settings=settings(HUNT, max_examples=90))
    assert HAPPENED["answered from documents"] > 0
    assert HAPPENED["ranked once more"] > 0
    assert [way for way in WAYS_IN if HAPPENED[f"read by {way}"]] == ["user", "group", "role", "everyone"]


@pytest.mark.parametrize("name", LEAKS)
def test_a_seeded_leak_with_documents_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    LEAKS[name](monkeypatch)
    with pytest.raises(AssertionError, match="leak: "):
        run_state_machine_as_test(Documented, settings=HUNT)
