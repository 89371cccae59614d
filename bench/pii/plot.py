"""The plot of `bench.pii`: recall by type, and F1 beside other libraries."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.pii.measuring import Measured
from bench.pii.scoring import ALL
from bench.plots import BLUE, GREY, INK, canvas, tidy


def figure(found: Measured) -> Figure:
    """Two panels side by side."""
    drawn = canvas(10, 5)
    types, libraries = drawn.subplots(1, 2, width_ratios=(3, 2))
    _types(types, found)
    _libraries(libraries, found)
    return drawn


def _types(axes: Axes, found: Measured) -> None:
    whole = found.score()
    kinds = sorted(whole.gold.keys() - {ALL}, key=lambda kind: whole.gold[kind])
    names = [f"{kind}  {whole.gold[kind]}" for kind in kinds]
    axes.barh(names, [whole.recall(kind) for kind in kinds], color=BLUE, height=0.6)
    axes.set_xlim(0, 1.02)
    tidy(axes, "Recall by type (number of spans)", "recall, all texts")


def _libraries(axes: Axes, found: Measured) -> None:
    rows = [("Kyozon", found.half("report").f1(), found.ours.ms_per_kb)]
    rows += [(name, found.half("report", of=name).f1(), run.ms_per_kb) for name, run in found.peers.items()]
    rows.reverse()
    names = [f"{name}\n{cost:.1f} ms/kB" for name, _, cost in rows]
    colours = [GREY] * (len(rows) - 1) + [BLUE]
    axes.barh(names, [f1 for _, f1, _ in rows], color=colours, height=0.6)
    for place, (_, f1, _) in enumerate(rows):
        axes.annotate(f"{f1:.2f}", (f1, place), (4, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    axes.set_xlim(0, 1.12)
    tidy(axes, "F1 by library, and its cost", "F1, report half")
