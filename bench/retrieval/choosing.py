"""Which settings to compare with: `python -m bench.retrieval.choosing --data DIR [--cache DIR]`.

Tries a grid on all sets and prints the best, and for each set what it would lose by settings that the others chose. A
settings file is not written: what is chosen stands in `kyozon.retrieval.fusing`.
"""

import sys
from collections.abc import Mapping
from statistics import fmean

from threadpoolctl import threadpool_limits

from bench.retrieval.embedding import asked_for
from bench.retrieval.scoring import quality
from bench.retrieval.sets import packs
from bench.retrieval.systems import Indexed, indexed, kyozon
from kyozon.retrieval.fusing import DEFAULT, Fusion

_DENSE = (0.25, 0.35, 0.45)
_COVERED = (0.25, 0.35, 0.45)
_DOUBT = (1.5, 2.5, 3.5)
_SHOWN = 5

Scores = Mapping[Fusion, Mapping[str, float]]


def main() -> int:
    """Try all, and print."""
    data, vectoriser = asked_for("bench.retrieval.choosing", __doc__)
    found = [indexed(pack, vectoriser) for pack in packs(data)]
    grid = [
        Fusion(dense=dense, covered=covered, doubt=doubt) for dense in _DENSE for covered in _COVERED for doubt in _DOUBT
    ]
    scores: dict[Fusion, dict[str, float]] = {}
    with threadpool_limits(1):
        for number, fusion in enumerate([DEFAULT, *grid]):
            print(f"… {number} of {len(grid)}", file=sys.stderr, flush=True)
            scores[fusion] = {one.pack.name: _ndcg(one, fusion) for one in found}
    _tell(scores)
    return 0


def _ndcg(found: Indexed, fusion: Fusion) -> float:
    return quality(kyozon(found, fusion=fusion), [question.relevant for question in found.pack.questions]).ndcg10


def _tell(scores: Scores) -> None:
    ordered = sorted(scores, key=lambda fusion: -fmean(scores[fusion].values()))
    for fusion in dict.fromkeys([DEFAULT, *ordered[:_SHOWN]]):
        each = "  ".join(f"{name} {score:.4f}" for name, score in scores[fusion].items())
        print(f"{fmean(scores[fusion].values()):.4f}  {_named(fusion)}  {each}")
    for name in scores[DEFAULT]:
        others = {one: fmean(score for other, score in scores[one].items() if other != name) for one in scores}
        chosen = max(others, key=others.__getitem__)
        best = max(scores[one][name] for one in scores)
        print(f"{name} loses {best - scores[chosen][name]:.4f} by what the others choose: {_named(chosen)}")


def _named(fusion: Fusion) -> str:
    return f"dense {fusion.dense} covered {fusion.covered} doubt {fusion.doubt}"


if __name__ == "__main__":
    sys.exit(main())
