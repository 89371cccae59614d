"""How predictions are counted against the spans that stand in the texts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from bench.pii.texts import Gold, Labelled, Predicted

FOUND, RIGHT, LEAKED = 0.9, 0.5, 0.1
ALL = "ALL"


class Score(Struct, frozen=True):
    """Spans found of those that are there, predictions that are right of those made; by type, and of all."""

    gold: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    leaked: int = 0
    negatives: int = 0
    flagged: int = 0

    def precision(self, kind: str = ALL) -> float:
        """1 where nothing was predicted."""
        return self.right[kind] / self.predicted[kind] if self.predicted[kind] else 1.0

    def recall(self, kind: str = ALL) -> float:
        """1 where nothing is there to find."""
        return self.found[kind] / self.gold[kind] if self.gold[kind] else 1.0

    def f1(self, kind: str = ALL) -> float:
        """The harmonic mean of both."""
        precision, recall = self.precision(kind), self.recall(kind)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    @property
    def leak(self) -> float:
        """Of the spans those of which more than a tenth would have left the house, whatever they were taken for."""
        return self.leaked / self.gold[ALL] if self.gold[ALL] else 0.0

    @property
    def hard_negative_rate(self) -> float:
        """Of the texts with nothing in them those in which something is found."""
        return self.flagged / self.negatives if self.negatives else 0.0


def score(texts: Sequence[Labelled], predictions: Sequence[Sequence[Predicted]]) -> Score:
    """Count one detector's predictions for each of the texts.

    A span is found when nine tenths of it are covered by predictions of its type; a prediction is right when half of it
    lies on spans of its type. Predictions that touch an optional span are passed over. An address may cover a postal code.
    """
    counts = {name: Counter[str]() for name in ("gold", "found", "predicted", "right")}
    leaked = negatives = flagged = 0
    for text, made in zip(texts, predictions, strict=True):
        optional = [span for span in text.spans if span.optional]
        wanted = [span for span in text.spans if not span.optional]
        counted = [one for one in made if not any(_touch(one, span) for span in optional)]
        for span in wanted:
            _add(counts["gold"], span.type)
            if _covered(span, [one for one in counted if _fits(one.type, span.type)]) >= FOUND * (span.end - span.start):
                _add(counts["found"], span.type)
            leaked += _covered(span, counted) < (1 - LEAKED) * (span.end - span.start)
        for one in counted:
            _add(counts["predicted"], one.type)
            if _covered(one, [span for span in wanted if _fits(one.type, span.type)]) >= RIGHT * (one.end - one.start):
                _add(counts["right"], one.type)
        if text.kind == "hard_negative":
            negatives += 1
            flagged += bool(counted)
    return Score(**counts, leaked=leaked, negatives=negatives, flagged=flagged)


def _add(counts: Counter[str], kind: str) -> None:
    counts[kind] += 1
    counts[ALL] += 1


def _fits(predicted: str, gold: str) -> bool:
    return predicted == gold or (predicted == "ADDRESS" and gold == "POSTAL_CODE")


def _touch(one: Gold | Predicted, other: Gold | Predicted) -> bool:
    return one.start < other.end and other.start < one.end


def _covered(span: Gold | Predicted, by: Iterable[Gold | Predicted]) -> int:
    """How many characters of a span the others cover."""
    return len({at for one in by for at in range(max(span.start, one.start), min(span.end, one.end))})
