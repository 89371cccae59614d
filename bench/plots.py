"""How every plot of a benchmark looks: quiet lines, plain words, colours that readers with any eyes can tell apart."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, QUIET, LINE = "#1f2933", "#52606d", "#d9e2ec"
# Okabe and Ito's palette, told apart with any kind of colour vision.
BLUE, ORANGE, GREEN, PINK, SKY, GREY = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#9aa5b1"


def canvas(width: float, height: float) -> Figure:
    """An empty figure of that many inches, in the style of all benchmarks."""
    # The same file whenever it is drawn, the same look wherever it is seen.
    mpl.rc("svg", hashsalt="kyozon", fonttype="path")
    mpl.rc("font", family="DejaVu Sans", size=10)
    mpl.rc("text", color=INK)
    mpl.rc("axes", labelcolor=QUIET, edgecolor=LINE)
    mpl.rc("xtick", color=QUIET)
    mpl.rc("ytick", color=INK)
    figure = Figure(figsize=(width, height), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.2, h_pad=0.15)
    return figure


def tidy(axes: Axes, title: str, unit: str) -> None:
    """Give horizontal bars their title, their unit and nothing that distracts from them."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=10)
    axes.set_xlabel(unit, loc="right", fontsize=9)
    axes.grid(visible=True, axis="x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def save(figure: Figure, path: Path) -> None:
    """Write an SVG that is the same, byte for byte, for the same figures."""
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    # Matplotlib ends lines in blanks, which editors and hooks would take away.
    path.write_text("\n".join(line.rstrip() for line in path.read_text("utf-8").splitlines()) + "\n", "utf-8")
