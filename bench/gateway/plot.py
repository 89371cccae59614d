"""The plot of `bench.gateway`: each server's processor time a request, the ladder, the time to the first token."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.gateway.findings import STREAMS, USUAL, Measured, Rung, Seen, median
from bench.plots import BLUE, GREEN, GREY, INK, ORANGE, canvas, tidy

_OURS = ("kyozon", "kyozon_pooled", "kyozon_relaxed")


def figure(found: Measured) -> Figure:
    """Two or three panels, one above the other."""
    servers = [server for server in found.servers.values() if server.key != "direct"]
    streams = [server for server in servers if server.streamed]
    heights = [len(servers), len(streams), *([len(found.ladder)] if found.ladder else [])]
    drawn = canvas(9.5, 0.42 * sum(heights) + 1.1 * len(heights))
    panels = drawn.subplots(len(heights), 1, height_ratios=heights)
    _costs(panels[0], servers, found)
    _first_tokens(panels[1], streams)
    if found.ladder:
        _steps(panels[2], found.ladder)
    return drawn


def _costs(axes: Axes, servers: Sequence[Seen], found: Measured) -> None:
    values = [found.cpu_us(server.key) for server in servers]
    _bars(axes, servers, values, "{:,.0f} µs, {:.1f} × nginx", found.cpu_us("nginx"))
    tidy(axes, f"Processor time a request, {USUAL} connections (logarithmic)", "microseconds")


def _first_tokens(axes: Axes, servers: Sequence[Seen]) -> None:
    values = [median(server.spread, lambda point: point.served.first_p50) for server in servers]
    limit = next(value for server, value in zip(servers, values, strict=True) if server.key == "nginx")
    _bars(axes, servers, values, "{:.2f} ms, {:.1f} × nginx", limit)
    tidy(axes, f"Median time to the first token, {STREAMS} streams at a time (logarithmic)", "milliseconds")


def _bars(axes: Axes, servers: Sequence[Seen], values: Sequence[float], said: str, limit: float) -> None:
    colours = [BLUE if server.key in _OURS else GREY for server in servers]
    axes.scatter(values, range(len(servers)), s=70, color=colours, zorder=3)  # a bar has no length on a logarithmic axis
    for place, value in enumerate(values):
        axes.text(value * 1.25, place, said.format(value, value / limit), va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(servers)), [server.name for server in servers])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2, max(values) * 20)
    axes.margins(y=0.15)


def _steps(axes: Axes, ladder: Sequence[Rung]) -> None:
    """Each part begins where the ones before it end."""
    widest = max(rung.cpu_us for rung in ladder)
    for place, rung in enumerate(ladder):
        left = min(rung.cpu_us, rung.cpu_us - rung.own_us)
        axes.barh(place, abs(rung.own_us), left=left, height=0.62, color=ORANGE if rung.own_us >= 0 else GREEN)
        text = f"{rung.own_us:+.0f}"
        axes.text(left + abs(rung.own_us) + widest * 0.01, place, text, va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(ladder)), [rung.name for rung in ladder])
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.1)
    tidy(axes, f"What each part of Kyozon costs, {USUAL} connections", "microseconds of processor time a request")
