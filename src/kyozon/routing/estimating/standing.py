"""What an anchor is expected to reach on questions of a kind it has not answered, beside anchors that have.

On a benchmark never seen, the differences that trees expect between two models hardly follow the true ones: by leaving out
whole benchmarks, a tenth to a third of them is true. What carries over is which form of a question sets the two apart,
learnt wherever both have answered, and by how much one is usually better.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

CARRIED = 0.25
"""So much of what the trees expect of a difference is believed where one of the two is not known."""
NOBODY = 0.05
"""What an anchor that knows nothing of a kind counts among those that the others are measured by."""
FARTHEST = 3.0
"""How far (standard deviations) a number of a prompt's form counts at most: beyond, nothing was learnt."""
LIKE, UNLIKE = 5.0, 7.0
"""Mean squares of those distances up to which a form counts fully, and from which it counts nothing: in recorded English
questions hardly one is above 5, in Japanese ones, whose form says other things, none below 7."""


class Standing(Struct, frozen=True, eq=False):
    """How A anchors stand to each other. F numbers of the form.

    `usual` (A) are their usual chances; `middle` and `scale` (F) those of the form, `slopes` (F, A) by how much a form that
    lies one standard deviation off sets an anchor apart from the others.
    """

    usual: Numbers
    middle: Numbers
    scale: Numbers
    slopes: Numbers

    def placed(self, chances: Numbers, known: Numbers, shape: NDArray[np.float32]) -> Numbers:
        """The chances (A) where each anchor knows the kind of question only so far (`known`, A, from 0 to 1)."""
        form = (shape - self.middle) / self.scale
        like = min(max((UNLIKE - float(form @ form) / len(form)) / (UNLIKE - LIKE), 0.0), 1.0)
        stands = CARRIED * chances + (1 - CARRIED) * self.usual
        stands += like * (np.clip(form, -FARTHEST, FARTHEST) @ self.slopes)
        weight = known + NOBODY
        weight = weight / weight.sum()
        return np.asarray(known * chances + (1 - known) * (weight @ chances + stands - weight @ stands))
