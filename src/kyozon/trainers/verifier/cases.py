"""What a verifier is fitted on, checked and laid out as arrays."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.verifying.features import NAMES

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]


class Case(Struct, frozen=True, eq=False):
    """One answer as it looked at one moment: its features (`verifying.features.row`) and what is known of it now.

    `good` is the answer's score, `stronger` that of the model to escalate to (None where it was not asked), both 0 to 1.
    `about` names the item and the model: an answer may come once for each number of `others` that were there. Equal
    questions share a `fold`, questions of one kind a `source`.
    """

    features: Numbers
    good: float
    stronger: float | None
    about: str
    others: int
    fold: int
    source: str = ""


class Table(Struct, frozen=True, eq=False):
    """The cases as arrays: `features` n by k, `targets` n by 2 (good, stronger; NaN where unknown)."""

    features: Numbers
    targets: Numbers
    about: tuple[str, ...]
    others: Places
    fold: Places
    source: tuple[str, ...]


def tabled(cases: Sequence[Case]) -> Table:
    """The cases laid out; raises `ValueError` that says which cannot be learnt from."""
    if not cases:
        raise ValueError("there is nothing to learn from: no case was given")
    for place, case in enumerate(cases):
        if case.features.shape != (len(NAMES),) or np.isinf(case.features).any():
            raise ValueError(f"case {place} ({case.about}): its features must be {len(NAMES)} numbers, none infinite")
        if not 0 <= case.good <= 1 or (case.stronger is not None and not 0 <= case.stronger <= 1):
            raise ValueError(f"case {place} ({case.about}): scores must be numbers from 0 to 1")
    if len({case.fold for case in cases}) == 1:
        raise ValueError("all cases are in one fold: at least two are needed to see how well the fit does")
    goods = {case.good for case in cases}
    if len(goods) == 1:
        raise ValueError(f"every case has the score {goods.pop()}: both good and bad answers are needed")
    return Table(
        features=np.stack([case.features for case in cases]),
        targets=np.array([(case.good, np.nan if case.stronger is None else case.stronger) for case in cases]),
        about=tuple(case.about for case in cases),
        others=np.array([case.others for case in cases]),
        fold=np.array([case.fold for case in cases]),
        source=tuple(case.source for case in cases),
    )
