"""The plot of `bench.routing`: quality over cost in the tasks that cost money, and what labels are worth."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from bench.plots import BLUE, GREEN, GREY, INK, LINE, ORANGE, PINK, QUIET, SKY, canvas
from bench.routing.findings import Judged
from bench.routing.measuring import Measured
from bench.routing.pools import CURVE, SAMPLE, TARGETS
from bench.routing.product import NAME, VECTORS

_PANELS = {
    "MMLU-Pro: seven models": ("mmlu_pro7",),
    "Japanese, never seen: eleven models": ("ja_unseen",),
    "MMLU-Pro: Llama 70B, GPT-4o": ("llama70b_gpt4o", "llama70b_gpt4o_before"),
    "ZeroEval: GPT-4o mini, GPT-4o": ("4omini_4o", "4omini_4o_before"),
    "GSM8K: Mixtral, GPT-4": ("gsm8k_cascade", "gsm8k"),
}
_BOTTOM = 0.92
_NONE = 50  # where no label is drawn on an axis that has no zero
_COLOURS = {
    NAME: BLUE,
    VECTORS: PINK,
    "logistic regression on words": ORANGE,
    "nearest neighbours": GREEN,
    "regression on answers": ORANGE,
    "category mean (category given)": SKY,
}


def figure(found: Measured) -> Figure:
    """Six panels: five frontiers, and the learning curve."""
    drawn = canvas(12, 8)
    panels = drawn.subplots(2, 3).ravel().tolist()
    for axes, (title, names) in zip(panels, _PANELS.items(), strict=False):
        _frontier(axes, found, title, names)
    _learning(panels[-1], found)
    shown = {text: line for axes in panels for line, text in zip(*axes.get_legend_handles_labels(), strict=True)}
    drawn.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return drawn


def _frontier(axes: Axes, found: Measured, title: str, names: Sequence[str]) -> None:
    offered = next((found.grounds[name] for name in names if name in found.grounds), None)
    if offered is None:
        axes.set_visible(False)
        return
    levels = np.linspace(_BOTTOM, 1.0, 60)
    costs = [offered.mix_at(level) for level in levels]
    axes.plot(costs, levels, color=GREY, linewidth=1.5, linestyle=":", label="cheapest random mixture")
    axes.scatter(list(offered.oracle.values()), list(offered.oracle), marker="*", color=INK, s=28, label="oracle")
    for one in found.judged:
        if one.task.name in names and one.frontier and one.entrant in _COLOURS:
            _line(axes, one)
    axes.axhline(1.0, color=QUIET, linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylim(_BOTTOM, None)
    _dressed(axes, title, "cost, share of the best model's", "quality, share of the best model's")


def _line(axes: Axes, one: Judged) -> None:
    before = one.task.kind != "cascade"
    points = [(cost, quality) for cost, quality in one.frontier if quality >= _BOTTOM]
    colour = _COLOURS[one.entrant]
    name = one.entrant if before or one.entrant != NAME else f"{NAME}, cascade"
    style = "-" if before else "--"
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.6, linestyle=style, label=name)
    for target in TARGETS:
        outcome = one.at[target].outcome
        axes.scatter(outcome.cost_share, outcome.quality_ratio, color=colour, s=22, zorder=3)


def _learning(axes: Axes, found: Measured) -> None:
    names = {0: "mmlu_transfer", SAMPLE: f"mmlu_{SAMPLE}", **{task.labels: task.name for task in CURVE}}
    whole = found.grounds.get("mmlu")
    if whole is not None:
        names[whole.items] = "mmlu"
    for entrant in dict.fromkeys(one.entrant for one in found.judged if one.task in CURVE):
        done = [(labels, found.of(name, entrant)) for labels, name in sorted(names.items())]
        points = [(max(labels, _NONE), one.apgr) for labels, one in done if one is not None]
        axes.plot(*zip(*points, strict=True), color=_COLOURS[entrant], marker="o", markersize=4, linewidth=1.6)
    axes.set_xscale("log")
    axes.axhline(0.5, color=GREY, linewidth=1.5, linestyle=":")
    axes.set_ylim(0.45, 0.75)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda labels, _: f"{labels:,.0f}"))
    _dressed(axes, "What labels are worth: MMLU", "labels (leftmost: none)", "APGR")


def _dressed(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.set_xlabel(across, fontsize=8.5)
    axes.set_ylabel(up, fontsize=8.5)
    axes.grid(visible=True, color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
