"""The plot of `bench.ingestion`."""

from matplotlib.figure import Figure

from bench.ingestion.page import Measured
from bench.plots import BLUE, GREY, INK, QUIET, canvas, tidy


def figure(found: Measured) -> Figure:
    """What is complete after each kill; what each process holds of a large file."""
    drawn = canvas(9.5, 3.2)
    left, right = drawn.subplots(1, 2)
    counts = [*found.killed.complete, found.killed.whole]
    left.step(range(1, len(counts) + 1), counts, where="mid", color=BLUE, linewidth=2)
    left.axhline(found.killed.files, color=QUIET, linewidth=1.0, linestyle=":")
    left.set_ylim(0, found.killed.files * 1.1)
    tidy(left, "Whole documents after each kill", "kills")
    large = found.large
    bars = (("large file", large.mebibytes, GREY), ("server", large.server, BLUE), ("reader", large.reader, BLUE))
    for place, (_, value, colour) in enumerate(bars):
        right.barh(place, value, height=0.55, color=colour)
        right.text(value, place, f" {value:,.0f}", va="center", fontsize=9, color=INK)
    right.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    right.invert_yaxis()
    right.margins(x=0.15)
    tidy(right, "Memory for one large file", "MiB at most")
    return drawn
