"""Measurements of `bench.gateway` made up for tests."""

from collections.abc import Sequence

from bench.gateway.driver import Served
from bench.gateway.findings import CONNECTIONS, Measured, Point, Seen, rungs


def point(cpu_us: float, *, p50: float = 1.0, first: float = 0.5, requests: int = 1000, failed: int = 0) -> Point:
    """A load of one second whose requests took so much processor time each, a tenth as much of the database's."""
    served = Served(requests, failed, 1.0, p50=p50, p99=2 * p50, first_p50=first, first_p99=2 * first)
    return Point(served, cpu_us * requests / 1e6, cpu_us * requests / 1e7)


def seen(key: str, points: Sequence[Point], *, streams: Sequence[Point] | None = None) -> Seen:
    """A server with the same points at every number of connections."""
    return Seen(
        key=key,
        name=key.capitalize(),
        version="1.0",
        does="something",
        started_in=0.5,
        idle_mib=60.0,
        warm_mib=80.0,
        end_mib=84.0,
        requests=50_000,
        answers=dict.fromkeys(CONNECTIONS, points),
        spread=points if streams is None else streams,
        burst=points if streams is None else streams,
    )


def measured(*, ladder: bool = True) -> Measured:
    """Nginx 20 µs, Kyozon 100 and 200, a peer 1,000 whose streams all fail."""
    servers = [
        seen("direct", [point(5, p50=0.2)] * 3),
        seen("nginx", [point(20, first=0.5), point(90, first=3.0), point(10, first=0.4)]),
        seen("kyozon", [point(100, p50=1.5, first=1.5)] * 3),
        seen("kyozon_pooled", [point(200)] * 3),
        seen("kyozon_relaxed", [point(95)] * 3),
        seen("portkey", [point(1000)] * 3, streams=[point(0, requests=0, failed=64)] * 3),
    ]
    steps = rungs(["alone", "+ client", "+ journal"], [40.0, 60.0, 55.0]) if ladder else ()
    return Measured({server.key: server for server in servers}, 3, 1.0, 2.0, 0.3, steps, ("portkey",))
