"""The plot of `bench.audit`: records a second with the log, without it, and the target."""

from matplotlib.figure import Figure

from bench.audit.findings import TARGET, Measured
from bench.plots import BLUE, GREY, INK, QUIET, canvas, tidy
from bench.report import spread


def figure(found: Measured) -> Figure:
    """Two bars with their spread, and a line."""
    drawn = canvas(9.5, 2.4)
    axes = drawn.subplots()
    names = []
    for place, (name, rounds, colour) in enumerate((("with the log", found.logged, BLUE), ("without", found.bare, GREY))):
        seen = spread([each.rate for each in rounds])
        axes.barh(place, seen.median, height=0.55, color=colour)
        axes.plot([seen.low, seen.high], [place, place], color=INK, linewidth=1.5)
        axes.text(seen.high * 1.01, place, f"{seen.median:,.0f}", va="center", fontsize=9, color=INK)
        names.append(name)
    axes.axvline(TARGET, color=QUIET, linewidth=1.0, linestyle=":")
    axes.annotate(f"target {TARGET:,.0f}", (TARGET, 1.42), (4, 0), textcoords="offset points", fontsize=8, color=INK)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    tidy(axes, "Durable records, 256 clients", "records a second")
    return drawn
