"""The plot of `bench.search`: how the cost of a search grows with the passages."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.plots import BLUE, GREY, LINE, ORANGE, SKY, canvas, tidy
from bench.search.measuring import Sized


def figure(sized: Sequence[Sized]) -> Figure:
    """Processor milliseconds over the number of passages, both on logarithmic scales."""
    drawn = canvas(7.5, 4.2)
    axes = drawn.subplots()
    counts = [one.passages for one in sized]
    lines = {
        "Kyozon, words and vectors": (BLUE, [one.hybrid.mean_cpu for one in sized]),
        "Kyozon, in one hundredth of the documents": (SKY, [one.filtered.mean_cpu for one in sized]),
        "numpy, vectors alone": (ORANGE, [one.numpy.mean_cpu for one in sized]),
        "tantivy, words alone": (GREY, [one.tantivy.mean_cpu for one in sized]),
    }
    for label, (colour, values) in lines.items():
        axes.plot(counts, values, color=colour, linewidth=2, marker="o", markersize=4, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    tidy(axes, "Processor time of a search, ms", "passages")
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
    axes.legend(frameon=False, fontsize=9)
    return drawn
