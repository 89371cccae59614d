"""Kept answers in memory."""

from datetime import datetime

from kyozon.domain.cache import CachedAnswer, Wanted
from tests.fakes.memory import Troubled


class MemoryAnswers(Troubled):
    """Implements `AnswerStore`; `kept` holds the answers, oldest first."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log)
        self.kept: list[CachedAnswer] = []

    async def same(self, wanted: Wanted, question_sha256: str) -> CachedAnswer | None:
        await self._take_time("same")
        return next((answer for answer in self._within(wanted) if answer.question_sha256 == question_sha256), None)

    async def nearest(self, wanted: Wanted, essence: str, vector: tuple[float, ...]) -> tuple[CachedAnswer, float] | None:
        await self._take_time("nearest")
        alike = [
            (answer, _cosine(answer.vector, vector))
            for answer in self._within(wanted)
            if answer.essence == essence and answer.vector is not None and len(answer.vector) == len(vector)
        ]
        return max(alike, key=lambda pair: pair[1], default=None)

    async def keep(self, answer: CachedAnswer) -> None:
        await self._take_time("keep")
        place = (answer.partition, answer.question_sha256)
        self.kept = [other for other in self.kept if (other.partition, other.question_sha256) != place] + [answer]

    async def forget(self, tenant: str, user: str | None) -> int:
        await self._take_time("forget")
        meant = [a for a in self.kept if a.partition.tenant == tenant and (user is None or user in a.partition.principals)]
        return self._leave([answer for answer in self.kept if answer not in meant])

    async def tidy(self, at: datetime, policy_version: str, most: int) -> int:
        await self._take_time("tidy")
        valid = [a for a in self.kept if a.expires_at > at and a.partition.policy_version == policy_version]
        return self._leave(valid[len(valid) - min(most, len(valid)) :])

    def _within(self, wanted: Wanted) -> list[CachedAnswer]:
        here = [answer for answer in self.kept if answer.partition == wanted.partition]
        return [answer for answer in here if answer.deployment in wanted.deployments and answer.expires_at > wanted.at]

    def _leave(self, left: list[CachedAnswer]) -> int:
        gone = len(self.kept) - len(left)
        self.kept = left
        return gone


def _cosine(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    def length(vector: tuple[float, ...]) -> float:
        return float(sum(x * x for x in vector) ** 0.5)

    return sum(x * y for x, y in zip(one, other, strict=True)) / (length(one) * length(other))
