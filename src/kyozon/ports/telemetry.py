"""What services tell those who watch: pure values, told once, as they happen. Nobody who watches can stop a request."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct, field

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.labels import Label
from kyozon.domain.requests import Dialect, Json

_KEPT_BYTES = 1 << 18


class Words(Struct):
    """What was said in one chat: the request in OpenAI's shape, and the answer's JSON as it was passed on, piece by piece.

    It is kept for a watcher that `hears` the request's label, and for nobody else. Of a long answer the beginning is kept.
    """

    chat: Json
    dialect: Dialect = "openai"
    payloads: list[bytes] = field(default_factory=list)
    _left: int = _KEPT_BYTES

    @property
    def whole(self) -> bool:
        """Whether all of the answer was kept."""
        return self._left >= 0

    def add(self, payload: bytes, dialect: Dialect) -> None:
        """Keep one more piece of the answer, while there is room."""
        self.dialect = dialect
        self._left -= len(payload)
        if self._left >= 0:
            self.payloads.append(payload)


class Telemetry(Protocol):
    """Told on the request path: each call is a few increments, does not wait and does not raise."""

    def hears(self, label: Label) -> bool:
        """Whether the words of a request with this label may be told; only then are they kept."""
        ...

    def exports(self, label: Label) -> bool:
        """Whether such words are passed on to another place. What is heard and stays on this host has been nowhere."""
        ...

    def decided(self, decision: Decision) -> None:
        """A decision is recorded and its request is about to be sent; `ended` follows."""
        ...

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        """A request has come to its end, refused ones too; told before the outcome is durable."""
        ...


class Silent:
    """A `Telemetry` that tells nobody."""

    def hears(self, label: Label) -> bool:  # noqa: ARG002 - the port's signature
        """Nobody listens."""
        return False

    def exports(self, label: Label) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing leaves."""
        return False

    def decided(self, decision: Decision) -> None:
        """Pass over it."""

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        """Pass over it."""


SILENT = Silent()


class Gauge(Struct, frozen=True):
    """A level as it stands now: the length of a queue, the state of a breaker.

    `name` is a Prometheus name. `labels` hold names out of settings and code, never of requests.
    """

    name: str
    about: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


GaugeSource = Callable[[], Iterable[Gauge]]
"""Asked at each scrape. Every gauge of one name has the same labels, in the same order."""
