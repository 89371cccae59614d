"""What is said of an answer afterwards, and by what else may be seen how good it was."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from kyozon.domain.decisions import Decision, Outcome

Source = Literal["person", "program", "retry", "edit", "escalation"]
"""`person` and `program` say it outright. The others are seen: the same was asked again (`retry`), in other words (`edit`),
or of a better model (`escalation`)."""

SEEN_WEIGHT: Final = 0.3
"""What a judgement that was only seen counts, where one that was said outright counts 1."""


class Feedback(Struct, frozen=True):
    """One judgement of one answer. `score` goes from 0, useless, to 1, as good as could be.

    `user` and `key_id` are those of whoever judged; one of an application's users stands behind its name, as in `shop/u1`.
    `comment` is the words said with it, None where there are none or the reader may not see them: they carry the label of
    the decision.
    """

    id: str
    decision_id: str
    tenant: str
    at: datetime
    source: Source
    score: float
    user: str
    key_id: str
    comment: str | None = None

    @property
    def outright(self) -> bool:
        """Whether somebody said it, so that it need not be guessed."""
        return self.source in {"person", "program"}


class Noted(Struct, frozen=True):
    """A judgement without its words, of which model's answer it was (None: not known), and whether there are words."""

    feedback: Feedback
    model: str | None
    commented: bool


class Rated(Struct, frozen=True):
    """A decided request, how it ended, and what is known of how good its answer was."""

    decision: Decision
    outcome: Outcome | None
    feedback: tuple[Feedback, ...]

    @property
    def said(self) -> float | None:
        """The mean of the last word of each who said it outright; None where nobody did.

        Of many answers only this says how good they are: what is seen tells of bad ones alone, so the mean of it is low
        whatever the answers were.
        """
        last = {(one.source, one.key_id, one.user): one.score for one in sorted(self.feedback, key=_moment) if one.outright}
        return sum(last.values()) / len(last) if last else None

    @property
    def score(self) -> float | None:
        """What was said; where nothing was, the mean of what was seen; None without either."""
        if self.said is not None or not self.feedback:
            return self.said
        return sum(one.score for one in self.feedback) / len(self.feedback)

    @property
    def weight(self) -> float:
        """What the score counts: 1 where it was said outright, less where it was only seen, 0 without one."""
        if not self.feedback:
            return 0.0
        return SEEN_WEIGHT if self.said is None else 1.0


def _moment(one: Feedback) -> tuple[datetime, str]:
    return one.at, one.id
