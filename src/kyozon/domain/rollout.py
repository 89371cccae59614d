"""How another version of what estimates models goes live: who asked for it, how far it has come, and what speaks for it."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from kyozon.domain.language import Text

Stage = Literal["shadow", "share", "whole", "refused", "rolled_back"]
"""`shadow`: asked, not followed. `share`: followed for a share of the conversations. `whole`: followed for all.
`refused` before anything followed it, `rolled_back` afterwards."""

RUNNING: Final = ("shadow", "share")
LARGEST: Final = 16 << 20
"""Bytes of the largest version that is kept."""
LONGEST: Final = 200
"""Characters of the longest reason: it stands in the audit log, which nothing is taken out of."""


class Terms(Struct, frozen=True):
    """What a version must show, fixed before anything is known of it.

    `share` of a hundred conversations follow it in the second stage. No stage ends well before `least` decisions. Of the
    quality of all answers it may cost no more than `margin`, a number from 0 to 1.
    """

    share: int = 20
    least: int = 200
    margin: float = 0.03


class Difference(Struct, frozen=True):
    """By how much answers differ where the version is followed, over all requests: surely between `low` and `high`.

    `value` is the best guess, None where one side has none; `before` and `after` count the conversations known of each.
    """

    low: float
    high: float
    value: float | None
    before: int
    after: int


class Evidence(Struct, frozen=True):
    """What a stage has shown so far.

    Of its `decisions` the version `decided` some, abstained from some, and would have chosen another model in those that
    are `differing`. `cost_change` is the share by which its choices cost more (less, below 0), None where prices are
    unknown. `quality` compares the scores that were given outright; `well` compares how often a request went well: was
    answered, and not seen to be asked again.
    """

    decisions: int = 0
    decided: int = 0
    abstained: int = 0
    differing: int = 0
    cost_change: float | None = None
    quality: Difference | None = None
    well: Difference | None = None


class Move(Struct, frozen=True):
    """Into `stage`, at `at`: by the gate, which said `why`, or by a person, whose `reason` may be empty."""

    stage: Stage
    at: datetime
    reason: str = ""
    why: tuple[Text, ...] = ()


class Rollout(Struct, frozen=True):
    """One version on its way. It stands in `stage` since `since`; `by` brought it, and `moves` are those since then.

    `instead` is the version that was followed when it began. `evidence` is that of the last look, at `looked_at`.
    """

    id: str
    version: str
    instead: str
    stage: Stage
    began: datetime
    since: datetime
    terms: Terms = Terms()
    by: str = ""
    note: str = ""
    moves: tuple[Move, ...] = ()
    size: int = 0
    evidence: Evidence | None = None
    looked_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it is being tried."""
        return self.stage in RUNNING


class Ruling(Struct, frozen=True):
    """What a stage's evidence says is to be done, and why; where it says to stay, what is still missing."""

    act: Literal["stay", "on", "back"]
    reasons: tuple[Text, ...]


class Standing(Struct, frozen=True):
    """What is followed: `whole`, None for the settings' own; `running` is on trial beside it."""

    whole: Rollout | None = None
    running: Rollout | None = None
