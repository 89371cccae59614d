"""How a prompt looks to the estimators: its words, its form, the domains it may belong to, and what they expect of it."""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.panels import Panels
from kyozon.routing.estimating.shape import shape_of
from kyozon.routing.estimating.words import buckets_of, codes_of, words_of

Numbers = NDArray[np.float64]


class Seen(Struct, frozen=True, eq=False):
    """A prompt after one look: log-odds of the tiers, of each anchor, its length, domains and support."""

    tiers: Numbers
    anchors: Numbers
    length: float
    domains: Numbers
    support: float


class Glance(Struct, frozen=True, eq=False):
    """A prompt's features before the trees: `heads` is what its words say of each target, `domains` a distribution.

    `nearness` says how well its likeliest domain explains its words, `apart` what sets the members of panels apart.
    """

    shape: NDArray[np.float32]
    domains: Numbers
    heads: Numbers
    nearness: float
    apart: Numbers


class Lens(Struct, frozen=True, eq=False):
    """What a glance needs. D domains, T targets, B buckets.

    `evidence` (B, D) is log((count + a) / a) times `evidence_step`, `absence` (D) what a word that never occurred takes
    off, `usual` (D) the logarithm of how often a domain occurs (naive Bayes over present words); `patience` tempers it,
    since neighbouring words are no independent witnesses. `rarity` (B) is the inverse document frequency, `weights` (B, T)
    times `weight_steps` (T) the ridge regression on it, `means` (T) its intercepts. `typical` holds for each domain a low
    and a usual nearness. `panels` are those of anchors.
    """

    evidence: NDArray[np.uint8]
    evidence_step: float
    absence: Numbers
    usual: Numbers
    patience: float
    rarity: NDArray[np.float32]
    weights: NDArray[np.int8]
    weight_steps: Numbers
    means: Numbers
    typical: Numbers
    panels: Panels

    def glance(self, text: str) -> Glance:
        """Look at a text once."""
        codes = codes_of(text)
        words = words_of(codes)
        places, counts = buckets_of(words)
        scores = self.evidence[places].sum(axis=0, dtype=np.float64) * self.evidence_step + len(places) * self.absence
        present = counts * self.rarity[places]
        norm = max(float(np.sqrt(present @ present)), 1e-6)
        weighted = present / norm
        heads = weighted @ self.weights[places].astype(np.float32) * self.weight_steps + self.means
        nearness = nearness_of(scores, len(places)) if len(places) else -np.inf  # no words, as of an image: like nothing
        shape = shape_of(text, codes, len(words))
        apart = weighted @ self.panels.words[places].astype(np.float32) * self.panels.steps
        apart = apart + shape @ self.panels.form + self.panels.offset
        return Glance(shape, softmax(self.patience * (scores + self.usual)), heads, nearness, apart)

    def support(self, glance: Glance) -> float:
        """From 0, where the prompt is less like its likeliest domains than nearly all of theirs, to 1."""
        low, usual = self.typical[:, 0], self.typical[:, 1]
        each = np.clip((glance.nearness - low) / np.maximum(usual - low, 1e-3), 0.0, 1.0)
        return float(glance.domains @ each)


def nearness_of(scores: Any, words: Any) -> Any:
    """How well the best domain explains the words, per word."""
    return np.max(scores, axis=-1) / np.maximum(words, 1)


def softmax(scores: Numbers) -> Numbers:
    """A distribution from scores, along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sureness(domains: Numbers) -> Numbers:
    """How much of the distribution lies on its likeliest domain."""
    return np.asarray(domains.max(axis=-1, keepdims=True))
