"""Where answers are kept for other requests that ask the same."""

from datetime import datetime
from typing import Protocol

from kyozon.domain.cache import CachedAnswer, Wanted


class AnswerStore(Protocol):
    """Kept answers at rest. Nothing outside what is `wanted` is compared. Every method may raise `StorageUnavailable`."""

    async def same(self, wanted: Wanted, question_sha256: str) -> CachedAnswer | None:
        """The answer to the same question."""
        ...

    async def nearest(self, wanted: Wanted, essence: str, vector: tuple[float, ...]) -> tuple[CachedAnswer, float] | None:
        """The answer to the most similar question of the same essence, and the cosine of the two vectors."""
        ...

    async def keep(self, answer: CachedAnswer) -> None:
        """Keep an answer; of the same partition and question the last one stays."""
        ...

    async def forget(self, tenant: str, user: str | None) -> int:
        """Delete what was kept for a tenant, or for one of its users; how many answers there were."""
        ...

    async def tidy(self, at: datetime, policy_version: str, most: int) -> int:
        """Delete what has expired, what another policy gave, and of the rest the oldest beyond `most`; how many."""
        ...
