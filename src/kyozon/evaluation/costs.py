"""What the choices of two versions cost, request by request, set right by what has been paid.

Both versions say what they expect their choice for a request to cost, so the same requests are compared on both sides. But
a version that expects short answers, or few escalations, looks cheap by its own word. So what each of them expects of a
model is set right by what its own choices of that model have really cost, everything that was asked behind it included.
"""

from decimal import Decimal
from typing import Final

from kyozon.domain.decisions import Decision, Outcome, Trial

Picked = tuple[bool, str, str]
"""Whether the newer version chooses, the provider, and the model that is asked first."""

_ENOUGH: Final = 20.0
"""So many answers of a choice count as much as those of all choices of its version."""
_NONE: Final = Decimal(0)


class Costs:
    """Sums over requests; those of unknown price are left out."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[Picked, Picked], tuple[Decimal, Decimal]] = {}
        self._paid: dict[Picked, tuple[int, Decimal, Decimal]] = {}

    def compared(self, decision: Decision, trial: Trial) -> None:
        """Take in what each version expects its choice to cost; where they choose the same, it costs the same."""
        mine, cost = _chosen(decision, trial)
        theirs, other = ((not trial.used, trial.provider, trial.choice), trial.cost) if trial.differs else (mine, cost)
        if cost is None or other is None:
            return
        pair, costs = ((theirs, mine), (other, cost)) if trial.used else ((mine, theirs), (cost, other))
        before, after = self._pairs.get(pair, (_NONE, _NONE))
        self._pairs[pair] = before + costs[0], after + costs[1]

    def paid(self, decision: Decision, trial: Trial, outcome: Outcome) -> None:
        """Take in what an answer has cost."""
        choice, expected = _chosen(decision, trial)
        if expected and outcome.status == "answered" and outcome.paid.priced:
            count, hoped, paid = self._paid.get(choice, (0, _NONE, _NONE))
            self._paid[choice] = count + 1, hoped + expected, paid + outcome.paid.amount

    def change(self) -> float | None:
        """By what share the choices of the newer version cost more; None where nothing could be compared."""
        if not self._pairs:
            return None
        before = sum(float(one) * self._set_right(pair[0]) for pair, (one, _) in self._pairs.items())
        after = sum(float(other) * self._set_right(pair[1]) for pair, (_, other) in self._pairs.items())
        if not before:
            return 0.0 if not after else None
        return after / before - 1

    def _set_right(self, choice: Picked) -> float:
        """What is really paid for what was expected to cost 1."""
        everybody = _ratio(list(self._paid.values()), 1.0)
        usual = _ratio([found for one, found in self._paid.items() if one[0] == choice[0]], everybody)
        return _ratio([self._paid[choice]] if choice in self._paid else [], usual)


def _ratio(found: list[tuple[int, Decimal, Decimal]], usual: float) -> float:
    """Paid to expected, drawn towards what is usual where little is known."""
    count, expected, paid = (sum((one[at] for one in found), _NONE) for at in range(3))
    own = float(paid / expected) if expected else usual
    return (float(count) * own + _ENOUGH * usual) / (float(count) + _ENOUGH)


def _chosen(decision: Decision, trial: Trial) -> tuple[Picked, Decimal | None]:
    """What the version that decided has chosen, and what it expected that to cost, with all that may be asked behind it."""
    first = next((one for one in decision.candidates if one.rank == 1), None)
    if first is None:
        return (trial.used, "", ""), None
    cost = first.predicted_cost if decision.cascade is None else decision.cascade.cost
    return (trial.used, first.provider, first.model), cost
