"""Judgements of answers, kept beside the decisions that the answers belong to."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from kyozon.domain.feedback import Feedback, Rated


class FeedbackStore(Protocol):
    """Append-only; every method may raise `StorageUnavailable`."""

    async def add(self, feedback: Feedback) -> None:
        """Keep one judgement, durably; one of the same id is kept once.

        Raises:
            NotFound: there is no such decision.
            LimitReached: the person, or the key, has judged this answer as often as it may.
            NotAllowed: its person has been erased.
        """
        ...

    async def of(self, decision_id: str, tenant: str) -> tuple[Feedback, ...]:
        """What was said of one answer, oldest first, comments included."""
        ...

    def rated(
        self, since: datetime, until: datetime | None = None, tenant: str | None = None, left_out: list[str] | None = None
    ) -> AsyncIterator[Rated]:
        """Every decision made from `since` up to `until`, oldest first, and what was said of its answer, without comments.

        Decisions of which nothing was said are among them. The ids of those that this version cannot read are added to
        `left_out`.
        """
        ...
