import pytest

from kyozon.cli.candidates import _objection
from kyozon.domain.decisions import Exclusion


def test_a_request_that_is_too_long_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Exclusion("context", "about 2554 tokens", "128 tokens")
    assert _objection(found) == "context: about 2554 tokens, reads 128"
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert _objection(found) == "文脈長：約 2554 トークン、読めるのは 128 トークン"


def test_other_rules_say_what_was_needed_and_what_was_there() -> None:
    assert _objection(Exclusion("clearance", "confidential", "internal")) == "clearance: confidential ≠ internal"
