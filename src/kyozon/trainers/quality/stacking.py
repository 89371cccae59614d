"""How far to trust each witness: a small logistic regression on what each said of items it had not learnt from."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

STILL = 1e-6
USUAL = (0.0, 0.7, 0.2, 0.2, 0.2)
"""What is believed before the data: the trees know most, and the witnesses' log-odds add up to a little more than one."""


def stacked(witnesses: Numbers, scores: Numbers, calm: float = 20.0) -> Numbers:
    """Weights of the witnesses (n by 4 or 5, log-odds, the first column one) for scores from 0 to 1, by Newton's method.

    `calm` is the precision with which the weights are held to `USUAL`.
    """
    usual = np.array(USUAL[: witnesses.shape[1]])
    weights = usual.copy()
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(witnesses @ weights, -30, 30)))
        slope = witnesses.T @ (scores - chance) - calm * (weights - usual)
        bend = (witnesses * (chance * (1 - chance))[:, None]).T @ witnesses + calm * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < STILL:
            break
    return weights
