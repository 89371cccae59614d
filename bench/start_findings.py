"""What `bench.start` finds out."""

from msgspec import Struct

from bench.installation import Phase, Start
from bench.installing import Installed
from bench.limits import Engine
from bench.memory import Memory

TOKENS = 24
AT_ONCE = 16


class Round(Struct, frozen=True):
    """One warm start, two commands beside the running server, and right after it the bare parts, in seconds."""

    start: Start
    help: float
    keys: float
    postgres: float
    engine: Engine
    python: float

    @property
    def ratio_sum(self) -> float:
        """Our start to the first token ÷ the bare database's start plus the bare engine's to its first token."""
        return self.start.first_token / (self.postgres + self.engine.first_token)

    @property
    def ratio_slower(self) -> float:
        """The same ÷ the slower of the two, as if both started at once on cores of their own."""
        return self.start.first_token / max(self.postgres, self.engine.first_token)


class Serving(Struct, frozen=True):
    """Memory before the first request, after one embedding, and the peak while many answers run at once."""

    idle: Memory
    embedded: Memory
    peak: Memory


class Measured(Struct, frozen=True):
    """Everything one run has found out."""

    download: float
    wheel_mib: float
    cold: Start
    initdb: float
    rounds: tuple[Round, ...]
    serving: Serving
    installed: Installed | None

    @property
    def typical(self) -> Start:
        """The warm start whose first token came neither early nor late: the median round itself, not a mixture."""
        starts = sorted((found.start for found in self.rounds), key=lambda start: start.first_token)
        return starts[len(starts) // 2]

    def phases(self) -> tuple[str, ...]:
        """The names of a start's phases, in the order of the cold start's first ones."""
        return tuple(phase.name for phase in sorted(self.cold.phases, key=_began))


def _began(phase: Phase) -> float:
    return phase.begin
