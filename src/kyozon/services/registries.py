"""What was known where recorded decisions were made."""

from collections.abc import Callable

from kyozon.domain.decisions import Decision
from kyozon.domain.errors import MissingPiece
from kyozon.domain.policy import Basis
from kyozon.ports.policies import Policies
from kyozon.services.registry import Registry
from kyozon.services.replaying import replayable

RegistryAsOf = Callable[[Basis], Registry]
"""What was, or would have been, known where a decision was made from a basis."""


class Registries:
    """The registries of recorded decisions, each made once however many decisions share a basis."""

    def __init__(self, policies: Policies, as_of: RegistryAsOf) -> None:
        self._policies = policies
        self._as_of = as_of
        self._bases: dict[str, Basis] = {}
        self._made: dict[str, Registry | MissingPiece] = {}

    async def basis(self, decision: Decision) -> Basis | None:
        """What a decision was made from; None where the record does not hold enough to make it again."""
        if not replayable(decision):
            return None
        if decision.basis not in self._bases:
            found = await self._policies.basis(decision.basis)
            if found is None:
                return None
            self._bases[decision.basis] = found
        return self._bases[decision.basis]

    async def of(self, decision: Decision) -> Registry | None:
        """What was known, None as for `basis`; raises `MissingPiece` where a rule or router of then is not installed."""
        basis = await self.basis(decision)
        if basis is None:
            return None
        if decision.basis not in self._made:
            try:
                self._made[decision.basis] = self._as_of(basis)
            except MissingPiece as error:
                self._made[decision.basis] = error
        found = self._made[decision.basis]
        if isinstance(found, MissingPiece):
            raise found
        return found
