"""All that a verifier looks at, as one row of named numbers."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kyozon.routing.verifying.agreement import agreement
from kyozon.routing.verifying.answered import Answered
from kyozon.routing.verifying.choice import choice
from kyozon.routing.verifying.code import code
from kyozon.routing.verifying.final import final_answer
from kyozon.routing.verifying.form import Features, form
from kyozon.routing.verifying.reckoning import reckoning
from kyozon.routing.verifying.recomputing import recomputing

_SURE = 1e-3


def row(answered: Answered) -> NDArray[np.float64]:
    """Its features in the order of `NAMES`; NaN where something is unknown or does not apply."""
    found = _named(answered)
    return np.array([found[name] for name in NAMES])


def log_odds(probability: float) -> float:
    """Log-odds, kept from infinity."""
    kept = min(max(probability, _SURE), 1 - _SURE)
    return math.log(kept / (1 - kept))


def _named(answered: Answered) -> Features:
    prompt, answer = answered.prompt, answered.answer
    final = final_answer(answer)
    found = form(prompt, answer, final) | reckoning(prompt, answer, final) | choice(prompt, answer, final)
    found |= code(prompt, answer, final) | recomputing(prompt, final)
    return found | agreement(answer, final, answered.others) | _told(answered)


def _told(answered: Answered) -> Features:
    """What does not come from the words; each a slot that may stay empty."""
    odds = {OF_PROMPT[0]: answered.expected, OF_PROMPT[1]: answered.stronger}
    found = {name: math.nan if given is None else log_odds(given) for name, given in odds.items()}
    rest = {
        "stopped by its limit": answered.cut,
        "log-probability": answered.log_probability,
        "least log-probability": answered.least_log_probability,
    }
    return found | {name: math.nan if given is None else float(given) for name, given in rest.items()}


OF_PROMPT: Final = ("expected of the prompt", "expected of the stronger model")
NAMES: Final = tuple(_named(Answered("", "")))
