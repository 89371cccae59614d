"""What a run over a corpus came to, and whether it came to more or less than another one did."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.evaluation.resampling import ALPHA, Difference, Interval, difference, interval

Scores = Mapping[str, float]
"""Of one question: measure to value, from 0 to 1; without those that say nothing of it."""


class Run(Struct, frozen=True):
    """The scores of each question, by its key, and under what they came about: software, embedder, chunking, settings."""

    made_with: Mapping[str, str]
    scores: Mapping[str, Scores]

    @property
    def measures(self) -> tuple[str, ...]:
        """Those that were taken of any question, in order."""
        return tuple(dict.fromkeys(name for scores in self.scores.values() for name in scores))


def run_of(text: bytes) -> Run:
    """A run that was kept; raises `InvalidRequest`."""
    try:
        return msgspec.json.decode(text, type=Run)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(
            Text(
                f"the baseline cannot be read ({error}): write one with --save.",
                f"ベースラインを読み込めません（{error}）。--save で作成してください。",
            ),
            "--baseline",
        ) from error


def summary(run: Run) -> dict[str, Interval]:
    """Each measure's mean over the questions that it says something of."""
    return {name: interval([found[name] for found in run.scores.values() if name in found]) for name in run.measures}


def compared(now: Run, before: Run) -> dict[str, Difference]:
    """Of each measure the difference over the questions that both measured; the intervals hold together (Bonferroni)."""
    both = {name: _pairs(now, before, name) for name in now.measures}
    measured = {name: pairs for name, pairs in both.items() if pairs}
    return {
        name: difference([pair[0] for pair in pairs], [pair[1] for pair in pairs], ALPHA / len(measured))
        for name, pairs in measured.items()
    }


def _pairs(now: Run, before: Run, measure: str) -> list[tuple[float, float]]:
    found = ((scores.get(measure), before.scores.get(key, {}).get(measure)) for key, scores in now.scores.items())
    return [(one, other) for one, other in found if one is not None and other is not None]
