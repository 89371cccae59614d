"""Many small decision trees as a few arrays, walked all at once."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float32]


class Forest(Struct, frozen=True, eq=False):
    """Trees for several targets. A node asks whether `features[feature] <= threshold`; a leaf leads to itself.

    `feature`, `threshold`, `left`, `right`, `value` are per node, `roots` and `targets` per tree; `depth` steps reach a
    leaf from any root, and the value of a target is the sum over its trees' leaves.
    """

    feature: NDArray[np.integer]
    threshold: Numbers
    left: NDArray[np.integer]
    right: NDArray[np.integer]
    value: Numbers
    roots: NDArray[np.integer]
    targets: NDArray[np.integer]
    depth: int
    width: int

    def sums(self, features: Numbers) -> NDArray[np.float64]:
        """The `width` targets' sums for one row of features."""
        nodes = self.roots
        for _ in range(self.depth):
            down = features[self.feature[nodes]] <= self.threshold[nodes]
            nodes = np.where(down, self.left[nodes], self.right[nodes])
        return np.bincount(self.targets, weights=self.value[nodes], minlength=self.width).astype(np.float64)

    def trouble(self, features: int) -> str | None:
        """What is wrong with the arrays, if they were read from a stranger's file; None where each walk stays inside."""
        nodes = len(self.feature)
        if not len(self.threshold) == len(self.left) == len(self.right) == len(self.value) == nodes:
            return "the arrays of a forest differ in length"
        places = (self.left, self.right, self.roots)
        if any(len(array) and (int(array.min()) < 0 or int(array.max()) >= nodes) for array in places):
            return "a tree leads outside its forest"
        if nodes and (int(self.feature.min()) < 0 or int(self.feature.max()) >= features):
            return "a tree asks for a feature that does not exist"
        wrong = len(self.targets) and (int(self.targets.min()) < 0 or int(self.targets.max()) >= self.width)
        if len(self.roots) != len(self.targets) or wrong:
            return "a tree has no target"
        return None
