"""One cascade under way: the first answer and what is paid for it, who else may be asked, and how each is recorded."""

from collections.abc import Sequence

from msgspec import Struct, structs

from kyozon.domain.cascades import Cascade, Judged
from kyozon.domain.decisions import Attempt, Decision
from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate
from kyozon.domain.requests import Json
from kyozon.routing.asked import asked_words
from kyozon.routing.planned import planned
from kyozon.routing.verifying.answered import Answered, Stakes
from kyozon.services.deciding import Decided
from kyozon.services.settling import Ending, charge_for, usage_of
from kyozon.services.spoken import Spoken, has_form

_LONGEST = 12_000
"""Characters of a prompt and of each answer that are read: of a longer one its beginning and, twice as much, its end."""
_CUT = frozenset({"length", "max_tokens"})


class Part(Struct, frozen=True):
    """A model of a plan: what a call to it is expected to cost and how good its answer was expected to be."""

    card: ModelCard
    cost: float
    estimate: Estimate


class Setting(Struct, frozen=True):
    """What a cascade takes place in: the request, its plan, who has answered, and the stronger model."""

    decided: Decided
    ending: Ending
    chat: Json
    plan: Cascade
    begun: Part
    strong: Part


class Course:
    """One cascade under way.

    While others are asked, the first answer stands among the attempts, paid. Taken up again it is the one to deliver, and
    the last of them.
    """

    def __init__(self, setting: Setting, spoken: Spoken, opinion: Part | None) -> None:
        self._setting, self._spoken = setting, spoken
        self.strong, self.opinion = setting.strong, opinion
        self._attempt = _paid(setting.decided.decision, setting.begun.card, spoken)
        self._place = len(setting.ending.attempts) - 1

    @classmethod
    def of(cls, decided: Decided, ending: Ending, chat: Json, spoken: Spoken) -> "Course | None":
        """The cascade that was planned; None where it cannot be, or the answer is such that nothing else is wanted."""
        plan, card = decided.decision.cascade, ending.card
        if plan is None or card is None or spoken.words is None:
            return None
        others = {one.id: _part(one, decided.decision) for one in planned(plan, decided.order)}
        begun, strong = _part(card, decided.decision), others.get(plan.strong)
        if begun is None or strong is None:
            return None
        found = cls(Setting(decided, ending, chat, plan, begun, strong), spoken, others.get(plan.opinion or ""))
        return None if found.cut_by_caller() else found

    def cut_by_caller(self) -> bool:
        """Whether the answer is as long as the caller lets it be: another one would be cut, too."""
        needs, used = self._setting.decided.needs, self._attempt.usage
        return self._cut and needs.bounded and used is not None and used.output >= needs.output_tokens

    def unfit(self) -> Judged | None:
        """The verdict on an answer that need not be weighed: it says nothing, breaks off, or has not the form asked for."""
        words = self._spoken.words or ""
        troubles = {
            "says nothing": not words.strip(),
            "stopped by its limit": self._cut,
            "not the form asked for": not has_form(self._setting.chat, words),
        }
        why = next((name for name, troubled in troubles.items() if troubled), None)
        return None if why is None else Judged(0.0, self._expected_of_strong, "escalate", ((why, 0.0),))

    def shown(self, others: Sequence[str]) -> Answered:
        """What the verifier is shown; `others` are second opinions."""
        prompt, words = asked_words(self._setting.chat), self._spoken.words or ""
        beside = tuple(map(_read, others))
        expected = self._setting.begun.estimate.quality
        return Answered(_read(prompt), _read(words), beside, expected, self._expected_of_strong)

    @property
    def stakes(self) -> Stakes:
        """What hangs on the verdict."""
        opinion, setting = None if self.opinion is None else self.opinion.cost, self._setting
        return Stakes(self.strong.cost, opinion, setting.plan.rate, setting.begun.estimate.support)

    def judged_by(self, version: str) -> None:
        """Say who judged."""
        self._setting.ending.verifier = version

    def set_aside(self) -> None:
        """The first answer becomes an attempt like others, paid for itself."""
        self._setting.ending.attempts[self._place] = self._attempt
        self._stop(self._attempt)

    def conclude(self, judged: Judged) -> None:
        """Record what was thought of the first answer in the end."""
        self._attempt = structs.replace(self._attempt, judged=judged)
        self._setting.ending.attempts[self._place] = self._attempt

    def put_beside(self, card: ModelCard, spoken: Spoken, judged: Judged) -> None:
        """Record a second opinion, and the verdict for which it was asked."""
        paid = _paid(self._setting.decided.decision, card, spoken)
        self._setting.ending.attempts[-1] = structs.replace(paid, judged=judged)
        self._stop(paid)

    def take_up(self) -> None:
        """The first answer is the one to deliver after all."""
        ending = self._setting.ending
        del ending.attempts[self._place]
        ending.attempts.append(structs.replace(self._attempt, usage=None, charge=None))
        self._stop()
        ending.card, ending.waiting = self._setting.begun.card, False

    @property
    def _cut(self) -> bool:
        return self._spoken.ending.finish in _CUT

    @property
    def _expected_of_strong(self) -> float:
        return self.strong.estimate.quality

    def _stop(self, whole: Attempt | None = None) -> None:
        """No call is under way; `whole` is the answer that the last one has brought, if it did."""
        ending = self._setting.ending
        call, ending.call, ending.card = ending.call, None, None
        if call is not None:
            call.end(whole.usage.output if whole and whole.usage else 0)


def _part(card: ModelCard, decision: Decision) -> Part | None:
    found = next((one for one in decision.candidates if (one.provider, one.model) == card.place), None)
    if found is None or found.predicted_cost is None or found.estimate is None:
        return None
    return Part(card, float(found.predicted_cost), found.estimate)


def _paid(decision: Decision, card: ModelCard, spoken: Spoken) -> Attempt:
    """A whole answer that is not delivered: it costs what it would have cost."""
    usage = usage_of(decision, structs.replace(spoken.ending, card=card))
    return Attempt(card.id, card.provider, usage=usage, charge=charge_for(decision, card, usage))


def _read(words: str) -> str:
    third = _LONGEST // 3
    return words if len(words) <= _LONGEST else f"{words[:third]}\n{words[-2 * third :]}"
