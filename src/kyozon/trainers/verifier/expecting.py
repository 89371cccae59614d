"""What a prompt alone lets expect of the model asked and of the stronger one: ridge regressions over its hashed words."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.words import buckets_of, codes_of, words_of
from kyozon.trainers.quality.words import corpus_of, cross_ridge, ridge
from kyozon.trainers.verifier.cases import Numbers, Places

_STRENGTH = 20.0
_SURE = 0.02


class Expecting(Struct, frozen=True, eq=False):
    """Fitted regressions: `rarity` of each of B buckets of words, `weights` (B by targets) and `means`."""

    rarity: NDArray[np.float32]
    weights: Numbers
    means: Numbers

    def of(self, prompt: str) -> Numbers:
        """The expected score of each target, kept from 0 and 1."""
        found, often = buckets_of(words_of(codes_of(prompt)))
        weighted = often * self.rarity[found]
        said = weighted @ self.weights[found] / max(float(np.sqrt((weighted**2).sum())), 1e-6)
        return np.clip(said + self.means, _SURE, 1 - _SURE)


def expecting(prompts: Sequence[str], scores: Numbers, fold: Places) -> tuple[Expecting, Numbers]:
    """Regressions on the scores (n by targets, NaN if unknown), and what those of the other folds say of each prompt."""
    corpus = corpus_of(prompts)
    unseen = cross_ridge(corpus.weighted, scores, fold, _STRENGTH)
    weights, means = ridge(corpus.weighted, scores, _STRENGTH)
    return Expecting(corpus.rarity, weights, means), np.clip(unseen, _SURE, 1 - _SURE)
