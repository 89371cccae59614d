"""The anchors' odds for a prompt: by their trees where they are known, elsewhere by their abilities, beside each other."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.abilities import odds_at
from kyozon.routing.estimating.eye import log_odds
from kyozon.routing.estimating.standing import Standing

Numbers = NDArray[np.float64]

ENOUGH = 20.0
"""So many results of a domain make an anchor's own trees weigh as much there as what its ability says."""
ELSEWHERE = 0.3
"""What a domain without results of an anchor weighs against one with enough: the same questions may stand in both."""

SETTLED = 50.0
"""So many results of a whole benchmark make an anchor half known there."""
AWAY, HOME = 0.4, 0.8
"""How likely what an anchor has answered must be, beside the likeliest domain, so that it knows such a prompt a little, and
so that it knows it fully. Prompts of benchmarks that it has or has not answered lie mostly beyond the two."""


class Anchored(Struct, frozen=True, eq=False):
    """What is known of A anchors, over D domains: their places among the tiers, and their departures (A, D).

    `trusted` (A, D) is how far their trees are believed by the results in a domain, `home` (A, D) how well they are known
    by those of its whole benchmark, both from 0 to 1.
    """

    places: Sequence[float]
    effects: Numbers
    trusted: Numbers
    home: Numbers
    standing: Standing | None

    def odds(self, trees: Numbers, tiers: Numbers, domains: Numbers, shape: NDArray[np.float32]) -> Numbers:
        """Log-odds of each anchor (A), from those of its trees and of the tiers."""
        if not self.places:
            return trees
        said = np.array([float(odds_at(place, tiers)) for place in self.places]) + self.effects @ domains
        share = self.trusted @ domains
        said += share / (share + ELSEWHERE * (1 - share)) * (trees - said)
        if self.standing is None:
            return np.asarray(said)
        known = np.clip((self.home @ domains / domains.max() - AWAY) / (HOME - AWAY), 0.0, 1.0)
        return log_odds(self.standing.placed(1 / (1 + np.exp(-said)), known, shape))


def believed(counts: Numbers, half: float = ENOUGH) -> Numbers:
    """From 0 for no result towards 1 for many; `half` of them make it a half."""
    return np.asarray(counts / (counts + half))


def of_benchmarks(counts: Numbers, domains: Sequence[str]) -> Numbers:
    """For each domain (the last axis; named `benchmark:category`) how many results its whole benchmark has."""
    names = [name.partition(":")[0] for name in domains]
    _, which = np.unique(names, return_inverse=True)
    together = np.eye(int(which.max(initial=-1)) + 1)[which]
    return np.asarray(counts @ together @ together.T)
