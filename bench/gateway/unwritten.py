"""A journal that writes nothing: what a record's durability costs is the difference to the real one."""

from collections.abc import Sequence

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer


class Unwritten:
    """`ports.records.Journal` over nothing; takes the arguments of the real one and needs none of them."""

    pending = 0

    def __init__(self, *_: object, **__: object) -> None:
        """Nothing is kept."""

    async def open(self, decision: Decision, hold: Transaction | None) -> None:
        """Say that it is written."""

    async def close(self, outcome: Outcome, transactions: Sequence[Transaction], kept: KeptAnswer | None = None) -> None:
        """Say that it is written."""

    async def stop(self) -> None:
        """Nothing waits."""
