"""The plot of `bench.learning`: errors by the share that explores, and how soon a change is noticed."""

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bench.learning.hidden import SHARES, TARGETS
from bench.learning.page import Found
from bench.plots import BLUE, GREEN, INK, LINE, ORANGE, canvas, tidy

_COLOURS = {"ips": ("inverse propensity", ORANGE), "snips": ("self-normalised", GREEN), "dr": ("doubly robust", BLUE)}


def figure(found: Found) -> Figure:
    """A panel for each goal, and one for drift."""
    drawn = canvas(13, 3.6)
    panels = drawn.subplots(1, len(TARGETS) + 1)
    for axes, goal in zip(panels, TARGETS, strict=False):
        rows = [one for one in found.judged if one.goal == goal.name]
        for way, (name, colour) in _COLOURS.items():
            axes.plot([one.share for one in rows], [one.errors[way] for one in rows], "o-", color=colour, label=name)
        axes.set_title(f"goal {goal.name}", loc="left", fontsize=11, fontweight="bold", pad=10)
        axes.set_xlabel("share of requests that explore", fontsize=9)
        axes.set_ylabel("error of the score", fontsize=9)
        axes.set_xticks(SHARES)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, color=LINE, linewidth=0.8)
    panels[0].legend(frameon=False, fontsize=9)
    bars = panels[-1]
    names = [one.stream for one in found.noticed]
    bars.barh(names, [one.middle for one in found.noticed], color=BLUE, height=0.5)
    for place, one in enumerate(found.noticed):
        bars.plot([one.middle, one.most], [place, place], color=INK, linewidth=1.2)
    bars.invert_yaxis()
    tidy(bars, "drift is noticed after", "requests: median, and nine in ten")
    return drawn
