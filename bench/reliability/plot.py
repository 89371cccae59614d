"""The plot of `bench.reliability`: memory before the first kill, and how long answers took while all of it happened."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.plots import BLUE, GREY, LINE, ORANGE, PINK, canvas, tidy
from bench.reliability.findings import Measured, answered_in

_COLOURS = {"database": BLUE, "kill": ORANGE, "both": ORANGE, "replace": PINK, "drain": PINK}
_BAND = 0.1


def figure(found: Measured) -> Figure:
    """Two panels, one above the other, over the requests of the run."""
    drawn = canvas(9.5, 6.4)
    memory, latency = drawn.subplots(2, 1, sharex=True)
    _memory(memory, found)
    _latency(latency, found)
    return drawn


def _memory(axes: Axes, found: Measured) -> None:
    warm = found.stretch[0]
    lives = sorted({sample.life for sample in found.soaked.samples})
    for life in lives:
        samples = [sample for sample in found.soaked.samples if sample.life == life]
        colour = BLUE if life == lives[0] else GREY
        axes.plot([one.requests for one in samples], [one.mib for one in samples], color=colour, marker="o", markersize=3)
    axes.axhspan(warm.mib * (1 - _BAND), warm.mib * (1 + _BAND), color=LINE, alpha=0.5, zorder=0)
    axes.set_ylim(0, max(sample.mib for sample in found.soaked.samples) * 1.25)
    tidy(axes, "Resident memory in MiB (band: 10 % around the warm process; grey: later processes)", "")


def _latency(axes: Axes, found: Measured) -> None:
    taken = answered_in(found.evidence)
    places = [one.requests for one in taken]
    axes.plot(places, [one.p99 for one in taken], color=GREY, label="99th percentile")
    axes.plot(places, [one.p50 for one in taken], color=BLUE, label="median")
    axes.set_yscale("log")
    _marks(axes, found)
    axes.legend(loc="upper left", ncols=2, frameon=False, fontsize=9)
    tidy(axes, "Milliseconds of whole answers, with retries and waiting (logarithmic)", "requests")


def _marks(axes: Axes, found: Measured) -> None:
    """A line where something was done, at the number of the request that was asked then."""
    heard = sorted(found.evidence.notes.heard, key=lambda one: one.began)
    for happening in found.evidence.notes.happenings:
        place = next((one.number for one in heard if one.began >= happening.began), None)
        if place is not None and happening.what in _COLOURS:
            axes.axvline(place, color=_COLOURS[happening.what], linewidth=1, linestyle=":")
            axes.text(place, axes.get_ylim()[0], f" {happening.what}", rotation=90, va="bottom", ha="right", fontsize=7)
