"""Versions of what estimates models, and how far each has come, in memory."""

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.rollout import Evidence, Rollout, Stage, Standing
from tests.fakes.memory import Troubled


class MemoryRollouts(Troubled):
    """Implements `Rollouts`; `events` are those that became durable."""

    def __init__(self) -> None:
        super().__init__([])
        self.by_id: dict[str, Rollout] = {}
        self.bodies: dict[str, bytes] = {}
        self.events: list[AuditEvent] = []

    async def begin(self, rollout: Rollout, body: bytes, event: AuditEvent) -> bool:
        await self._take_time("begin")
        if any(one.running for one in self.by_id.values()):
            return False
        self.bodies.setdefault(rollout.version, body)
        self.by_id[rollout.id] = rollout
        self.events.append(event)
        return True

    async def move(self, rollout: Rollout, before: Stage, event: AuditEvent) -> bool:
        await self._take_time("move")
        if self.by_id[rollout.id].stage != before:
            return False
        self.by_id[rollout.id] = rollout
        self.events.append(event)
        return True

    async def looked(self, rollout: Rollout, evidence: Evidence) -> None:
        await self._take_time("looked")
        if self.by_id[rollout.id].stage == rollout.stage:
            self.by_id[rollout.id] = structs.replace(rollout, evidence=evidence)

    async def standing(self) -> Standing:
        await self._take_time("standing")
        whole = sorted((one for one in self.by_id.values() if one.stage == "whole"), key=lambda one: (one.since, one.id))
        return Standing(whole[-1] if whole else None, next((one for one in self.by_id.values() if one.running), None))

    async def all(self) -> list[Rollout]:
        await self._take_time("all")
        return sorted(self.by_id.values(), key=lambda one: (one.began, one.id), reverse=True)

    async def body(self, version: str) -> bytes | None:
        await self._take_time("body")
        return self.bodies.get(version)
