"""What the trial of a version has shown, from the records of its decisions and what was said of their answers.

Where both versions would choose the same model, following one or the other comes to the same; so their answers are compared
where they differ, and what is found there counts as often as they do ("triggered" analysis: Deng and Hu, 2015). A
conversation is one observation, however many requests it has and however many of their answers were judged: it stays with
one version. How often the versions differ is a mean over conversations, too. The intervals of a share hold at every look
together (`sequential`), so it can be looked at each minute and stopped at the first sign.

In a shadow nothing follows the version. There what was drawn by chance tells, where enough was (`off_policy`).
"""

from typing import Final

from msgspec import structs

from kyozon.domain.decisions import Decision, Outcome, Trial
from kyozon.domain.feedback import Rated
from kyozon.domain.rollout import Difference, Evidence, Rollout
from kyozon.evaluation.costs import Costs
from kyozon.evaluation.off_policy import Logged, evaluated
from kyozon.evaluation.sequential import Group, surely_apart, surely_between

ALPHA: Final = 0.05
"""The chance that an interval is ever wrong."""
_PARTS: Final = 2
"""How often they differ, and what comes out where they do: each may be wrong with half of that chance."""
_BAD: Final = 0.5
_DIGITS: Final = 4


class Arm:
    """What came out in the conversations that follow one version, as numbers from 0 to 1: the mean of each counts once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, int]] = {}

    def add(self, conversation: str, value: float) -> None:
        """Take in what came out of one request."""
        total, count = self._found.get(conversation, (0.0, 0))
        self._found[conversation] = total + value, count + 1

    @property
    def group(self) -> Group:
        """Their means, together."""
        return Group(sum(total / count for total, count in self._found.values()), len(self._found))


class Tally:
    """Takes in the decisions of a rollout's stage, in any order.

    `floor` is the share of the best quality below which no model is drawn by chance (`domain.policy.Exploring`).
    """

    def __init__(self, rollout: Rollout, floor: float = 0.0) -> None:
        self._rollout = rollout
        self._floor = floor
        self._counts = Evidence()
        self._costs = Costs()
        self._differs = Arm()
        self._scores = Arm(), Arm()
        self._well = Arm(), Arm()
        self._logged: list[Logged] = []

    def add(self, rated: Rated) -> None:
        """Take in a decision; one that is not of this stage, or asks for no answer, is passed over."""
        trial = rated.decision.trial
        stage = self._rollout.version, self._rollout.stage
        if trial is None or rated.decision.kind != "chat" or (trial.version, trial.stage) != stage:
            return
        counts = self._counts
        self._counts = structs.replace(
            counts,
            decisions=counts.decisions + 1,
            decided=counts.decided + trial.used,
            abstained=counts.abstained + trial.failed,
            differing=counts.differing + trial.differs,
        )
        self._differs.add(trial.conversation, float(trial.differs))
        outcome = rated.outcome
        if outcome is not None and not (outcome.cache and outcome.cache.hit):
            self._came_out(rated, trial, outcome)

    def evidence(self) -> Evidence:
        """What has been found so far."""
        change = self._costs.change()
        found = structs.replace(self._counts, cost_change=None if change is None else round(change, _DIGITS))
        if self._rollout.stage == "shadow":
            return structs.replace(found, quality=_robust(self._logged))
        often = self._differs.group
        return structs.replace(found, quality=_compared(self._scores, often), well=_compared(self._well, often))

    def _came_out(self, rated: Rated, trial: Trial, outcome: Outcome) -> None:
        decision = rated.decision
        score = rated.said  # what is only seen tells of bad answers alone, so no mean of it says how good answers are
        explored = decision.exploration is not None and decision.exploration.explored
        if not explored and not trial.failed:
            self._costs.compared(decision, trial)
            self._costs.paid(decision, trial, outcome)
        if trial.stage == "shadow":
            if score is not None:
                self._logged += _logged(decision, trial, score, self._floor)
        elif trial.differs and not explored and (well := _well(rated, outcome)) is not None:
            self._well[trial.used].add(trial.conversation, well)
            if score is not None:
                self._scores[trial.used].add(trial.conversation, score)


def _compared(arms: tuple[Arm, Arm], often: Group) -> Difference:
    """The second arm less the first, over all conversations, of which the versions differ in the share that is `often`."""
    before, after = (arm.group for arm in arms)
    rarely, mostly = surely_between(often, ALPHA / _PARTS)
    low, high = surely_apart(before, after, ALPHA / _PARTS)
    value = None
    if before.mean is not None and after.mean is not None:
        value = round((often.mean or 0.0) * (after.mean - before.mean), _DIGITS)
    return Difference(
        low=round(min(rarely * low, mostly * low), _DIGITS),
        high=round(max(rarely * high, mostly * high), _DIGITS),
        value=value,
        before=round(before.count),
        after=round(after.count),
    )


def _well(rated: Rated, outcome: Outcome) -> float | None:
    """Whether it went well: not where no answer came, or it was seen to be asked again. None where nobody could tell."""
    if outcome.status in {"failed", "broken"}:
        return 0.0
    if outcome.status != "answered":
        return None
    return 0.0 if any(not one.outright and one.score < _BAD for one in rated.feedback) else 1.0


def _logged(decision: Decision, trial: Trial, score: float, floor: float) -> list[Logged]:
    """What a shadow would have done, where the answer that was given instead has a score."""
    expected = {one.model: one.estimate.quality for one in decision.candidates if one.permitted and one.estimate}
    drawn, own = decision.exploration, _own(decision)
    done = (decision.chosen or "",) if drawn is not None and drawn.explored else own
    theirs = (trial.choice, *trial.behind) if trial.differs else own
    if trial.failed or not all(plan and plan[0] in expected for plan in (done, theirs)):
        return []
    if theirs == done:
        chance = 1.0 if drawn is None else drawn.propensity
    else:  # only whether there was a chance counts
        alone = len(theirs) == 1 and expected[theirs[0]] >= floor * max(expected.values())
        chance = float(drawn is not None and (alone or theirs == own))
    return [Logged(score, expected[done[0]], expected[theirs[0]], chance, theirs == done, theirs != own)]


def _own(decision: Decision) -> tuple[str, ...]:
    """Whom the router itself would ask, whatever was drawn by chance: the first, and those behind it in a cascade."""
    if decision.exploration is not None and decision.exploration.explored:
        return decision.exploration.instead
    behind = decision.cascade
    return (decision.chosen or "", *((behind.strong, behind.opinion or "") if behind else ()))


def _robust(logged: list[Logged]) -> Difference | None:
    """What following the shadow would have changed, doubly robust; None where the records do not tell."""
    found = evaluated(logged)
    if found is None or found.lack is not None:
        return None
    said = found.difference
    return Difference(
        round(said.low, _DIGITS), round(said.high, _DIGITS), round(said.value, _DIGITS), found.requests, found.tried
    )
