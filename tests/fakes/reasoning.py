"""Chains of thought in memory."""

from datetime import datetime

from kyozon.domain.reasoning import Reasoning
from tests.fakes.memory import Troubled


class MemoryReasoning(Troubled):
    """Implements `ReasoningStore`."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log)
        self.kept: dict[str, Reasoning] = {}

    async def keep(self, reasoning: Reasoning) -> None:
        await self._take_time("keep")
        self.kept.setdefault(reasoning.decision_id, reasoning)

    async def read(self, decision_id: str, now: datetime) -> Reasoning | None:
        await self._take_time("read")
        found = self.kept.get(decision_id)
        return found if found is not None and found.expires_at > now else None
