"""The plot of `bench.cascade`: quality over processor time, the random mixtures as a line."""

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bench.cascade.findings import Scored, cascades, pair, quality
from bench.cascade.running import WAYS, Measured
from bench.plots import BLUE, GREEN, GREY, LINE, ORANGE, PINK, SKY, canvas, tidy


def figure(found: Measured) -> Figure:
    """Each strategy a point with its interval."""
    drawn = canvas(8.0, 4.6)
    axes = drawn.subplots()
    both = pair(found)
    small, large = both.small, both.large
    axes.plot([small.cost, large.cost], [small.quality, large.quality], color=GREY, linestyle="--", label="random mixtures")
    points: list[tuple[str, Scored, str]] = [("0.5B alone", small, ORANGE), ("1.5B alone", large, PINK)]
    points += zip((way.label for way in WAYS.values()), cascades(found).values(), (SKY, BLUE), strict=True)
    points.append(("0.5B, handed on only where it helps", both.oracle(), GREEN))
    for (label, one, colour), mark in zip(points, "oosD^", strict=True):
        sure = quality(one)
        reach = [[one.quality - sure.low], [sure.high - one.quality]]
        # An open mark shows another one that is in the same place.
        face = "none" if mark == "s" else colour
        axes.errorbar(
            one.cost, one.quality, reach, fmt=mark, color=colour, markerfacecolor=face, markersize=9, capsize=3, label=label
        )
    tidy(axes, "Right answers, and what they take", "processor seconds an answer; bars: 95 % intervals")
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, 1.15 * max(one.cost for _, one, _ in points))
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    return drawn
