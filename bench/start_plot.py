"""The plot of `bench.start`: where a start's time goes, and where the memory is."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec import Struct

from bench.installation import Phase, Start
from bench.memory import Memory
from bench.plots import BLUE, GREEN, GREY, INK, ORANGE, PINK, QUIET, SKY, canvas, tidy
from bench.start_findings import AT_ONCE, Measured

_COLOURS = {
    "download": SKY,
    "program": GREY,
    "database": BLUE,
    "tables": BLUE,
    "model files": ORANGE,
    "model engine": ORANGE,
    "endpoint": GREEN,
    "first token": PINK,
    "rest of the answer": PINK,
}
_PARTS = {"engine": ("engine with model", ORANGE), "postgres": ("PostgreSQL", BLUE), "gateway": ("gateway", GREY)}
_NARROW = 0.025  # of the axis: a bar below it has no room for its figure


class _Bar(Struct, frozen=True):
    label: str
    begin: float
    end: float
    colour: str
    pale: bool = False


def figure(found: Measured) -> Figure:
    """Three panels, one above the other: cold start, warm start beside its bare parts, memory."""
    drawn = canvas(9.5, 9.2)
    cold, warm, memory = drawn.subplots(3, 1, height_ratios=[9, 10, 4.2])
    download = _Bar("download", 0.0, found.download, _COLOURS["download"])
    _timeline(cold, [download, *_bars(found.cold, found.download)])
    tidy(cold, "First start, on an empty data directory", "seconds")
    _timeline(warm, [*_bars(found.typical, 0.0), *_alone(found)])
    tidy(warm, "Every later start, and its parts without Kyozon", "seconds")
    states = {
        "idle": found.serving.idle,
        "after an embedding": found.serving.embedded,
        f"{AT_ONCE} answers at once": found.serving.peak,
    }
    _stacks(memory, states)
    tidy(memory, "Memory", "MiB")
    return drawn


def _bars(start: Start, offset: float) -> list[_Bar]:
    phases = sorted(start.phases, key=lambda phase: phase.begin)
    asked = [
        Phase("first token", start.ready, start.first_token),
        Phase("rest of the answer", start.first_token, start.end),
    ]
    return [
        _Bar(phase.name, offset + phase.begin, offset + phase.end, _COLOURS.get(phase.name, GREY))
        for phase in (*phases, *asked)
    ]


def _alone(found: Measured) -> list[_Bar]:
    """The bare parts of the round that the bars above show."""
    shown = next(one for one in found.rounds if one.start is found.typical)
    return [
        _Bar("PostgreSQL alone", 0.0, shown.postgres, BLUE, pale=True),
        _Bar("engine alone, to first token", 0.0, shown.engine.first_token, ORANGE, pale=True),
    ]


def _timeline(axes: Axes, bars: list[_Bar]) -> None:
    end = max(bar.end for bar in bars)
    for place, bar in enumerate(bars):
        face = "white" if bar.pale else bar.colour
        axes.barh(place, bar.end - bar.begin, left=bar.begin, height=0.62, color=face, edgecolor=bar.colour, linewidth=1.2)
        axes.text(bar.end + end * 0.01, place, f"{bar.end - bar.begin:.2f}", va="center", fontsize=9, color=QUIET)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
    axes.invert_yaxis()
    axes.set_xlim(0, end * 1.07)


def _stacks(axes: Axes, states: dict[str, Memory]) -> None:
    widest = max(memory.total for memory in states.values())
    for name, (label, colour) in _PARTS.items():
        lefts = [_before(memory, name) for memory in states.values()]
        widths = [getattr(memory, name) for memory in states.values()]
        axes.barh(range(len(states)), widths, left=lefts, height=0.62, color=colour, label=label)
        for place, (left, width) in enumerate(zip(lefts, widths, strict=True)):
            if width > widest * _NARROW:
                axes.text(
                    left + width / 2,
                    place,
                    f"{width:.0f}",
                    va="center",
                    ha="center",
                    fontsize=9,
                    color=INK if colour == ORANGE else "white",
                )
    for place, memory in enumerate(states.values()):
        axes.text(memory.total + widest * 0.01, place, f"{memory.total:.0f}", va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(states)), list(states))
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.07)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(_PARTS), frameon=False, fontsize=9)


def _before(memory: Memory, part: str) -> float:
    """The MiB of the parts drawn left of this one."""
    names = list(_PARTS)
    return float(sum(getattr(memory, name) for name in names[: names.index(part)]))
