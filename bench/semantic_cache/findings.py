"""What `bench.semantic_cache` has found out, and what follows from it."""

import math
from collections.abc import Callable, Iterable, Iterator
from statistics import NormalDist

from msgspec import Struct

from bench.report import spread
from bench.semantic_cache.pairs import Pair
from kyozon.services.cache import CacheOptions

SHIPPED = CacheOptions().similarity
THRESHOLDS = tuple(hundredth / 100 for hundredth in range(85, 100))
_Z = NormalDist().inv_cdf(0.975)


class Compared(Struct, frozen=True):
    """A pair, the cosine of its two vectors, and whether the words that matter agree."""

    pair: Pair
    similarity: float
    alike: bool

    def found(self, threshold: float = SHIPPED, *, words: bool = True) -> bool:
        """Whether the cache would give the one's answer to the other, with or without a look at the words."""
        return self.similarity >= threshold and (self.alike or not words)


class Share(Struct, frozen=True):
    """So many of so many."""

    found: int
    of: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 of none."""
        return self.found / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of E. B. Wilson (1927), which holds for few cases and for none found, too."""
        if not self.of:
            return 0.0, 1.0
        shrunk = 1 + _Z**2 / self.of
        middle = (self.share + _Z**2 / (2 * self.of)) / shrunk
        reach = _Z / shrunk * math.sqrt(self.share * (1 - self.share) / self.of + _Z**2 / (4 * self.of**2))
        return max(0.0, middle - reach), min(1.0, middle + reach)


class Cost(Struct, frozen=True):
    """Milliseconds of processor time a question: the look at its words, its vector, the vector by the bare library."""

    words: float
    vector: float
    bare: float


class Measured(Struct, frozen=True):
    """All pairs of either set, and the rounds in which the processor time was taken."""

    blind: tuple[Compared, ...]
    aimed: tuple[Compared, ...]
    costs: tuple[Cost, ...]

    @property
    def tested(self) -> tuple[Compared, ...]:
        """The half that no rule was mended by."""
        return tuple(one for one in self.blind if one.pair.half == "test")

    def cost(self, of: Callable[[Cost], float]) -> float:
        """The median of the rounds."""
        return spread([of(one) for one in self.costs]).median


def hits(compared: Iterable[Compared], threshold: float = SHIPPED, *, words: bool = True) -> Share:
    """Of the pairs that mean the same those that are found."""
    return _share(compared, threshold, same=True, words=words)


def false_hits(compared: Iterable[Compared], threshold: float = SHIPPED, *, words: bool = True) -> Share:
    """Of the pairs that need two answers those that would get one."""
    return _share(compared, threshold, same=False, words=words)


def metrics(found: Measured) -> dict[str, float]:
    """The flat figures; those without a half are of the test half at the shipped setting."""
    return dict(_figures(found))


def _figures(found: Measured) -> Iterator[tuple[str, float]]:
    yield from _rates("", found.tested)
    yield from _rates("development.", [one for one in found.blind if one.pair.half == "development"])
    for language in ("en", "ja"):
        yield from _rates(f"{language}.", [one for one in found.tested if one.pair.language == language])
    yield "aimed.false_hit_rate", false_hits(found.aimed).share
    for threshold in THRESHOLDS:
        for name, words in (("", True), ("without_words.", False)):
            key = f"{name}at_{round(threshold * 100)}"
            yield f"{key}.hit_rate", hits(found.tested, threshold, words=words).share
            yield f"{key}.false_hit_rate", false_hits(found.tested, threshold, words=words).share
    yield "cpu_ratio_encode", found.cost(lambda cost: (cost.words + cost.vector) / cost.bare)
    yield "words_cpu_share", found.cost(lambda cost: cost.words / (cost.words + cost.vector))


def _rates(prefix: str, compared: Iterable[Compared]) -> Iterator[tuple[str, float]]:
    compared = tuple(compared)
    right, wrong = hits(compared), false_hits(compared)
    yield f"{prefix}hit_rate", right.share
    yield f"{prefix}false_hit_rate", wrong.share
    yield f"{prefix}false_hit_upper", wrong.interval[1]
    yield f"{prefix}same_pairs", right.of
    yield f"{prefix}different_pairs", wrong.of


def _share(compared: Iterable[Compared], threshold: float, *, same: bool, words: bool) -> Share:
    chosen = [one for one in compared if one.pair.same == same]
    return Share(sum(one.found(threshold, words=words) for one in chosen), len(chosen))
