"""The flat figures of `bench.pii`."""

from collections.abc import Iterator

from bench.pii.measuring import Measured
from bench.pii.scoring import ALL, Score


def metrics(found: Measured) -> dict[str, float]:
    """Those without a prefix are of all texts; of a file that rules were mended by, `report.` is the honest half."""
    return dict(_figures(found))


def _figures(found: Measured) -> Iterator[tuple[str, float]]:
    whole = found.score()
    yield from _rates("", whole)
    for language in ("ja", "en"):
        yield f"f1_{language}", found.score(lambda text, wanted=language: text.lang == wanted).f1()  # type: ignore[misc]
    for kind in sorted(whole.gold.keys() - {ALL}):
        yield f"recall.{kind}", whole.recall(kind)
        yield f"precision.{kind}", whole.precision(kind)
    yield "cpu_ms_per_kb", found.ours.ms_per_kb
    yield "second_look.cpu_ms_per_kb", found.second
    for kind, count in found.held_back.items():
        yield f"second_look.held_back.{kind}", count / max(1, sum(text.kind == kind for text in found.texts))
    yield from _rates("development.", found.half("development"))
    yield from _rates("report.", found.half("report"))
    for name, run in found.peers.items():
        yield from _rates(f"{name}.", found.score(of=name))
        yield f"{name}.cpu_ms_per_kb", run.ms_per_kb


def _rates(prefix: str, score: Score) -> Iterator[tuple[str, float]]:
    yield f"{prefix}precision", score.precision()
    yield f"{prefix}recall", score.recall()
    yield f"{prefix}f1", score.f1()
    yield f"{prefix}leaked_spans", score.leak
    yield f"{prefix}hard_negative_rate", score.hard_negative_rate
