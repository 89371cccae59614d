"""Versions of what estimates models, kept by the hash of their contents, and how far each has come."""

from typing import Protocol

from kyozon.domain.audit import AuditEvent
from kyozon.domain.rollout import Evidence, Rollout, Stage, Standing


class Rollouts(Protocol):
    """Of all servers of an installation together. Every method may raise `StorageUnavailable`.

    Each `event` becomes durable together with what it tells of, or not at all.
    """

    async def begin(self, rollout: Rollout, body: bytes, event: AuditEvent) -> bool:
        """Keep a version and begin to try it; False where another one is being tried."""
        ...

    async def move(self, rollout: Rollout, before: Stage, event: AuditEvent) -> bool:
        """Put a rollout into its stage, with its moves and evidence; False where it stands no more in `before`."""
        ...

    async def looked(self, rollout: Rollout, evidence: Evidence) -> None:
        """Keep what a look has found, at `looked_at`, while the rollout is in its stage."""
        ...

    async def standing(self) -> Standing:
        """What is followed, and what is on trial."""
        ...

    async def all(self) -> list[Rollout]:
        """Every rollout, the newest first."""
        ...

    async def body(self, version: str) -> bytes | None:
        """The file of a version; None where it is not kept."""
        ...
