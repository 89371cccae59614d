"""Tells several watchers, and keeps their mistakes away from requests."""

import logging
from collections.abc import Sequence

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.labels import Label
from kyozon.ports.telemetry import Telemetry, Words

_log = logging.getLogger("kyozon.telemetry")


class FanOut:
    """A `Telemetry` over others. When one raises, the next ones are told all the same."""

    def __init__(self, watchers: Sequence[Telemetry]) -> None:
        self._watchers = watchers

    def hears(self, label: Label) -> bool:
        """Whether any of them does; each of them is told words only within what it hears itself."""
        return any(watcher.hears(label) for watcher in self._watchers)

    def exports(self, label: Label) -> bool:
        """Whether any of them does."""
        return any(watcher.exports(label) for watcher in self._watchers)

    def decided(self, decision: Decision) -> None:
        """Tell all of them."""
        for watcher in self._watchers:
            try:
                watcher.decided(decision)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a watcher, the request goes on
                _complain(watcher, error)

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        """Tell all of them."""
        for watcher in self._watchers:
            try:
                watcher.ended(decision, outcome, words if words and watcher.hears(decision.label) else None)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a watcher, the request goes on
                _complain(watcher, error)


def _complain(watcher: Telemetry, error: Exception) -> None:
    """The error's own words may quote what the watcher was told, and stay out."""
    _log.error("%s failed: %s", type(watcher).__name__, type(error).__name__)
