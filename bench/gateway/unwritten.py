"""A journal that writes nothing: what a record's durability costs is the difference to the real one."""

from asyncio import Future
from collections.abc import Sequence

from kyozon.domain.decisions import Decision, Outcome, UnderWay
from kyozon.domain.usage import Transaction
from kyozon.ports.records import KeptAnswer


class Unwritten:
    """`ports.records.Journal` over nothing; takes the arguments of the real one and needs none of them."""

    pending = 0

    def __init__(self, *_: object, **__: object) -> None:
        """Nothing is kept."""

    def open(self, decision: Decision, hold: Transaction | None) -> Future[None]:  # noqa: ARG002 - the port's signature
        """Say that it is written."""
        return _written()

    def note(self, under_way: UnderWay) -> Future[None]:  # noqa: ARG002 - the port's signature
        """Say that it is written."""
        return _written()

    def close(
        self,
        outcome: Outcome,  # noqa: ARG002 - the port's signature
        transactions: Sequence[Transaction],  # noqa: ARG002 - the port's signature
        kept: KeptAnswer | None = None,  # noqa: ARG002 - the port's signature
    ) -> Future[None]:
        """Say that it is written."""
        return _written()

    async def stop(self) -> None:
        """Nothing waits."""


def _written() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done
