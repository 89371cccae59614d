"""Judgements in memory."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import structs

from kyozon.domain.feedback import Feedback, Rated
from kyozon.services.feedback import MOST, MOST_OF_KEY, too_many, unknown_decision
from tests.fakes.memory import MemoryBook, Troubled


class MemoryFeedback(Troubled):
    """Implements `FeedbackStore`; the decisions are those of `book`."""

    def __init__(self, book: MemoryBook) -> None:
        super().__init__(book.log)
        self.book = book
        self.by_id: dict[str, Feedback] = {}

    async def add(self, feedback: Feedback) -> None:
        await self._take_time("add")
        decision = self.book.decisions_by_id.get(feedback.decision_id)
        if decision is None or decision.tenant != feedback.tenant:
            raise unknown_decision(feedback.decision_id)
        if feedback.id in self.by_id:
            return
        with_key = [one for one in self._of(feedback.decision_id) if one.key_id == feedback.key_id]
        if len(with_key) >= MOST_OF_KEY or sum(one.user == feedback.user for one in with_key) >= MOST:
            raise too_many()
        self.by_id[feedback.id] = feedback

    async def of(self, decision_id: str, tenant: str) -> tuple[Feedback, ...]:
        await self._take_time("of")
        return tuple(one for one in self._of(decision_id) if one.tenant == tenant)

    async def rated(
        self,
        since: datetime,
        until: datetime | None = None,
        tenant: str | None = None,
        left_out: list[str] | None = None,  # noqa: ARG002 - the port's; everything in memory can be read
    ) -> AsyncIterator[Rated]:
        await self._take_time("rated")
        for decision in sorted(self.book.decisions_by_id.values(), key=lambda one: (one.at, one.id)):
            in_time = since <= decision.at and (until is None or decision.at < until)
            if in_time and tenant in (None, decision.tenant):
                said = tuple(structs.replace(one, comment=None) for one in self._of(decision.id))
                yield Rated(decision, self.book.outcomes.get(decision.id), said)

    def _of(self, decision_id: str) -> list[Feedback]:
        found = [one for one in self.by_id.values() if one.decision_id == decision_id]
        return sorted(found, key=lambda one: (one.at, one.id))
