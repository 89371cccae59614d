"""The plot of `bench.semantic_cache`: right and wrong hits over the threshold."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bench.plots import BLUE, INK, LINE, ORANGE, QUIET, canvas, tidy
from bench.semantic_cache.findings import SHIPPED, THRESHOLDS, Compared, Measured, Share, false_hits, hits


def figure(found: Measured) -> Figure:
    """Two panels side by side: what should be found, and what should not."""
    drawn = canvas(9.5, 4.4)
    right, wrong = drawn.subplots(1, 2, sharey=True)
    _panel(right, "Same question: found", found.tested, hits)
    _panel(wrong, "Other question: wrongly found", found.tested, false_hits)
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    right.set_ylim(-0.02, 1.02)
    right.legend(loc="lower left", bbox_to_anchor=(0.02, 0.36), frameon=False, fontsize=9)
    return drawn


def _panel(axes: Axes, title: str, compared: Sequence[Compared], share: Callable[..., Share]) -> None:
    for words, label, colour in ((False, "by similarity alone", ORANGE), (True, "and the same words", BLUE)):
        shares = [share(compared, threshold, words=words) for threshold in THRESHOLDS]
        lows, highs = zip(*(one.interval for one in shares), strict=True)
        axes.fill_between(THRESHOLDS, lows, highs, color=colour, alpha=0.18, linewidth=0)
        axes.plot(THRESHOLDS, [one.share for one in shares], color=colour, linewidth=2, label=label)
    axes.axvline(SHIPPED, color=QUIET, linewidth=0.9, linestyle=":")
    axes.annotate(f"shipped: {SHIPPED}", (SHIPPED, 0.27), (4, 0), textcoords="offset points", fontsize=8, color=INK)
    tidy(axes, title, "similarity at least; bands: 95 % intervals")
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
