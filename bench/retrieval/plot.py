"""The plot of `bench.retrieval`: each system's nDCG@10 on each set."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.plots import BLUE, GREY, INK, ORANGE, canvas, tidy
from bench.retrieval.measuring import Result
from bench.retrieval.page import NAMES

_COLOURS = {"kyozon": BLUE, "kyozon_there": BLUE, "haystack": ORANGE, "llamaindex": ORANGE}


def figure(results: Sequence[Result]) -> Figure:
    """One panel for each set, all on one scale."""
    drawn = canvas(3.2 * len(results) + 1.2, 3.8)
    for axes, result in zip(drawn.subplots(1, len(results), sharey=True, squeeze=False)[0], results, strict=True):
        systems = list(reversed(result.quality))
        values = [result.quality[name].ndcg10 for name in systems]
        bars = axes.barh([NAMES[name] for name in systems], values, color=[_COLOURS.get(name, GREY) for name in systems])
        axes.bar_label(bars, [f"{value:.3f}" for value in values], padding=3, fontsize=8, color=INK)
        axes.set_xlim(0, 1.18)
        tidy(axes, result.pack.name, "nDCG@10")
    return drawn
