"""What decisions were made from, kept by name, and the decisions themselves in the order in which they were made."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.policy import Basis


class Policies(Protocol):
    """Bases at rest; they are never changed. Every method may raise `StorageUnavailable`."""

    async def keep(self, basis: Basis) -> None:
        """Keep a basis under its id; one that is kept already stays as it is."""
        ...

    async def basis(self, basis_id: str) -> Basis | None:
        """The basis of that id; None where it is not there, or cannot be read by this version."""
        ...

    def recorded(
        self, since: datetime, tenant: str | None = None, left_out: list[str] | None = None
    ) -> AsyncIterator[tuple[Decision, Outcome | None]]:
        """Every decision since a moment, oldest first; of one tenant where it is named. What was pruned is passed over.

        The ids of those that this version cannot read are added to `left_out`.
        """
        ...
