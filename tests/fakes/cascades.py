"""Requests that may be cascaded: who answers what, and what it costs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from kyozon.bootstrap.estimating import verifier
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.quality import Goal
from kyozon.domain.usage import Usage
from kyozon.services.chat import Answered
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import CHEAP, DEAR, FakeInstallation, ask
from tests.fakes.policies import MemoryPolicies
from tests.fakes.scripted import Line, piece, reported
from tests.samples.sums import GOOD, QUESTION

GOAL = Goal(0.95)
USED = Usage(uncached=100, output=10)
SMALL, LARGE = Decimal("0.00015"), Decimal("0.0015")
"""What such an answer costs at the cheap model and at the dear one."""


def saying(*words: str, finish: str = "stop", usage: Usage | None = USED) -> list[Line]:
    return [piece(role="assistant"), *map(piece, words), piece(finish=finish), reported(usage)]


class House(FakeInstallation):
    """The cheap model begins, the dear one stands behind it; with three, the cheap one gives a second opinion."""

    def __init__(self, cards: Sequence[Any] = (CHEAP, DEAR), first: str = GOOD, **parts: Any) -> None:
        self.policies = MemoryPolicies()
        super().__init__(tuple(cards), keep=self.policies.keep, **parts)
        self.policies.book = self.book
        self.measure(KnowsThree(), GOAL)
        self.judge(verifier())
        for chat in self.chats.values():
            chat.scripts = [saying(first)]
        self.chats["boutique"].scripts = [saying(GOOD)]

    async def answered(self, **fields: Any) -> tuple[Answered, Decision, Outcome]:
        found = await self.chat.answer(asked(**fields))
        decision = self.book.decisions_by_id[found.decision_id]
        return found, decision, self.book.outcomes[found.decision_id]

    async def streamed(self, **fields: Any) -> tuple[str, Outcome]:
        found = await self.chat.stream(asked(stream=True, **fields))
        text = "".join([each.text async for each in found.pieces])
        await found.close()
        return text, self.book.outcomes[found.decision_id]

    def spent(self) -> Decimal:
        return self.book.total("key:key_test:spend")


def asked(**fields: Any) -> Any:
    usual: dict[str, Any] = {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 200}
    return ask(**usual | fields)


def said(answered: Answered) -> str:
    return str(msgspec.json.decode(answered.payload)["choices"][0]["message"]["content"])


def acts(outcome: Outcome) -> list[tuple[str, str | None, str | None]]:
    return [(one.model, one.judged.act if one.judged else None, one.error) for one in outcome.attempts]
