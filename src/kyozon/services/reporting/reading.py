"""Walks the decisions of a period in order, each with its calls and with what it was decided by."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import Struct

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.policy import Basis
from kyozon.domain.reports import Period
from kyozon.ports.policies import Policies
from kyozon.services.reporting.calls import Made, calls_of, told_of
from kyozon.services.reporting.places import Places


class Happened(Struct, frozen=True):
    """One decision, with the calls it led to. An outcome from after the period is not there: it belongs to the next."""

    decision: Decision
    outcome: Outcome | None
    calls: tuple[Made, ...]
    basis: Basis | None

    @property
    def departures(self) -> tuple[Made, ...]:
        """Everything that left for it: the calls, and words told to a collector."""
        return (*self.calls, *told_of(self.decision, self.outcome))


class Walk:
    """Reads the period once.

    `places` then knows what the bases in use say, and `left_out` which records cannot be read.
    """

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._bases: dict[str, Basis | None] = {}
        self._last = ""
        self.places = Places()
        self.left_out: list[str] = []

    async def over(self, period: Period) -> AsyncGenerator[Happened, None]:
        """Every decision of the period, oldest first."""
        async with aclosing(self._recorded(period)) as recorded:
            async for decision, outcome in recorded:
                if decision.at >= period.until:
                    return
                ended = None if outcome is None or outcome.at >= period.until else outcome
                basis = await self.basis(decision.basis)
                yield Happened(decision, ended, calls_of(decision, ended), basis)

    async def basis(self, name: str) -> Basis | None:
        """What a decision was made from, whose facts `places` then knows; None where its record names none."""
        if not name:
            return None
        if name not in self._bases:
            self._bases[name] = await self._policies.basis(name)
        found = self._bases[name]
        if found is not None and name != self._last:
            self.places.take(found)
            self._last = name
        return found

    async def _recorded(self, period: Period) -> AsyncGenerator[tuple[Decision, Outcome | None], None]:
        async for pair in self._policies.recorded(period.since, period.tenant, self.left_out):
            yield pair
