"""From an answer to what becomes of it: the verdict of a verifier, and the act that is worth most after it."""

import math

from kyozon.domain.cascades import Judged
from kyozon.routing.cascade import Opinion, decide
from kyozon.routing.verifying.answered import Answered, Stakes
from kyozon.routing.verifying.features import log_odds
from kyozon.routing.verifying.verifier import Verdict, Verifier

_DIGITS = 4


class Judge:
    """A verifier, and the rule for what to do after its verdict. `version` is the verifier's."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self.version = verifier.version

    def judge(self, answered: Answered, stakes: Stakes) -> Judged:
        """What is thought of an answer and what to do with it.

        Where little is known of requests like this one, the verdict is drawn to what was expected of the prompt.
        """
        found = self._verifier.judge(answered)
        good = _drawn(found.good, answered.expected, stakes.support)
        stronger = _drawn(found.stronger, answered.stronger, stakes.support)
        move = self._verifier.move(len(answered.others))
        opinions = [Opinion(stakes.opinion, move)] if stakes.opinion is not None and move is not None else []
        act = decide(Verdict(good, stronger), stakes.stronger, opinions, stakes.rate)
        return Judged(round(good, _DIGITS), round(stronger, _DIGITS), act, found.reasons)


def _drawn(probability: float, expected: float | None, support: float) -> float:
    """Between both, in log-odds: what was found where much is known, what was expected where nothing is."""
    if expected is None:
        return probability
    odds = support * log_odds(probability) + (1 - support) * log_odds(expected)
    return 1 / (1 + math.exp(-odds))
