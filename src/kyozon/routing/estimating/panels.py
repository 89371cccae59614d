"""How anchors differ on benchmarks that several of them have answered: learnt of their differences, not of their levels.

What decides between two models is the gap between them. It is smaller than what the two have in common, and so it is learnt
apart, of the questions that all members of a panel have answered: from the words, the form, and what the trees make of it.
"""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_STAY = 0.05
"""A panel is heard half where so much more than `_FAINT` of a prompt belongs to its domains."""
_FAINT = 0.05
"""Where no more belongs to them a panel is not heard: what it has learnt would be stretched to what it has never seen."""


class Panels(Struct, frozen=True, eq=False):
    """P panels of some of A anchors, over D domains. A panel has a column for each of its members but the last: K together.

    `domains` (P, D) are those of the panel and `members` (P, A) its anchors, 1 or 0. `trust` (P) weighs what the trees say
    of the members' differences. `words` (B, K) times `steps` (K), `form` (26, K) and `offset` (K) say by how much a member
    is better than all of the panel are on average.
    """

    domains: Numbers
    members: Numbers
    trust: Numbers
    words: NDArray[Any]
    steps: Numbers
    form: Numbers
    offset: Numbers

    def told(self, chances: Numbers, domains: Numbers, columns: Numbers) -> Numbers:
        """The anchors' chances (A) when the panels have been heard, each as far as the prompt belongs to its domains.

        Least squares: the differences in each panel shall be as it says, and all chances near to what they were. The mean
        of all that a panel joins stays what it was.
        """
        mass, size = np.maximum(self.domains @ domains - _FAINT, 0.0), self.members.sum(axis=1)
        apart = self.members * (chances - (self.members @ chances / size)[:, None])
        wanted = self.trust[:, None] * apart + own(self.members, columns)
        heard = self.members * mass[:, None]
        joined = np.diag(heard.sum(axis=0) + _STAY) - heard.T @ (self.members / size[:, None])
        return np.asarray(np.linalg.solve(joined, mass @ wanted + _STAY * chances))


def own(members: Numbers, columns: Numbers) -> Numbers:
    """Columns (K) laid out by panel and anchor (P, A): what the last member of a panel has is what the others lack."""
    inside = members > 0
    last = inside & (np.cumsum(inside[:, ::-1], axis=1)[:, ::-1] == 1)
    found = np.zeros(inside.shape)
    found[inside & ~last] = columns
    found[last] = -found.sum(axis=1)
    return found
