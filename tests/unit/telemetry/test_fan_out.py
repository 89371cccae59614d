"""Nobody who watches can stop a request, or hear what is not for them."""

import logging

import pytest

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.ports.telemetry import SILENT, Words
from kyozon.telemetry.fan_out import FanOut
from tests.fakes.telemetry_samples import DECISION, outcome

SECRET = Label(Level.RESTRICTED)


class Hearing:
    """Remembers what it was told; cleared up to a level."""

    def __init__(self, level: Level) -> None:
        self.clearance = Clearance(level, frozenset({"*"}))
        self.told: list[tuple[str, Words | None]] = []

    def hears(self, label: Label) -> bool:
        return label.within(self.clearance)

    def exports(self, label: Label) -> bool:
        return self.hears(label)

    def decided(self, decision: Decision) -> None:
        self.told.append((decision.id, None))

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        self.told.append((f"{decision.id} {outcome.status}", words))


class Broken(Hearing):
    """Raises, quoting what it was told."""

    def decided(self, decision: Decision) -> None:
        raise ValueError(decision.tenant)

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        raise ValueError(decision.tenant, outcome, words)


def test_a_broken_watcher_harms_nobody_and_quotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    last = Hearing(Level.PUBLIC)
    watching = FanOut([Broken(Level.PUBLIC), last])
    with caplog.at_level(logging.ERROR):
        watching.decided(DECISION)
        watching.ended(DECISION, outcome())
    assert last.told == [("dec_1", None), ("dec_1 answered", None)]
    assert "Broken failed: ValueError" in caplog.text
    assert DECISION.tenant not in caplog.text


def test_each_hears_only_what_it_is_cleared_for() -> None:
    low, high = Hearing(Level.PUBLIC), Hearing(Level.RESTRICTED)
    words = Words({"messages": []})
    watching = FanOut([low, high])
    assert watching.hears(DECISION.label)
    watching.ended(DECISION, outcome(), words)
    assert (low.told, high.told) == ([("dec_1 answered", None)], [("dec_1 answered", words)])


def test_nobody_hears_what_none_is_cleared_for() -> None:
    assert not FanOut([Hearing(Level.PUBLIC), SILENT]).hears(SECRET)


def test_a_long_answer_is_kept_from_its_beginning() -> None:
    words = Words({})
    for piece in (b"a" * 200_000, b"b" * 200_000, b"c"):
        words.add(piece, "anthropic")
    assert [piece[:1] for piece in words.payloads] == [b"a"]
    assert words.dialect == "anthropic"
