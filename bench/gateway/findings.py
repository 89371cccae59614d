"""What `bench.gateway` finds out, and the ratios in it: ours ÷ theirs, each from the medians of the same rounds."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from bench.gateway.driver import Served

CONNECTIONS = (1, 16, 64)
USUAL = 16
STREAMS = 64


class Point(Struct, frozen=True):
    """One load on one server: what came back, and the seconds of processor time it took the server and its database."""

    served: Served
    cpu: float
    database: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's processor time a request."""
        return self.cpu / self.served.requests * 1e6

    @property
    def database_us(self) -> float:
        """Microseconds of its database's processor time a request."""
        return self.database / self.served.requests * 1e6

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.served.requests / self.served.seconds


class Seen(Struct, frozen=True):
    """One server: start in seconds, resident MiB before, after the warm-up and at the end, the points of all rounds."""

    key: str
    name: str
    version: str
    does: str
    started_in: float
    idle_mib: float
    warm_mib: float
    end_mib: float
    requests: int
    answers: Mapping[int, Sequence[Point]]
    spread: Sequence[Point]
    burst: Sequence[Point]

    def answer(self, connections: int, of: Callable[[Point], float]) -> float:
        """The median of the rounds, whole answers; 0 where nothing was answered."""
        return median(self.answers[connections], of)

    @property
    def streamed(self) -> bool:
        """Whether its streams came through in every round."""
        return all(point.served.requests and not point.served.failed for point in (*self.spread, *self.burst))


class Rung(Struct, frozen=True):
    """One rung of the ladder: microseconds of processor time a request, and how much of that is its own."""

    name: str
    cpu_us: float
    own_us: float


class Measured(Struct, frozen=True):
    """Everything one run has found out. `flush_ms` is what a durable write of one page takes on this disk."""

    servers: Mapping[str, Seen]
    rounds: int
    seconds: float
    label_us: float
    flush_ms: float
    ladder: tuple[Rung, ...] = ()
    peers: tuple[str, ...] = field(default_factory=tuple)

    def cpu_us(self, key: str) -> float:
        """Microseconds of processor time a request at the usual number of connections."""
        return self.servers[key].answer(USUAL, lambda point: point.cpu_us)

    def cpu_ratio(self, ours: str, theirs: str) -> float:
        """How many times the other's processor time ours takes."""
        return self.cpu_us(ours) / self.cpu_us(theirs)


def median(points: Sequence[Point], of: Callable[[Point], float]) -> float:
    """Over the rounds in which something was answered; 0 where nothing was."""
    values = [of(point) for point in points if point.served.requests]
    return statistics.median(values) if values else 0.0


def rungs(names: Sequence[str], cpu_us: Sequence[float]) -> tuple[Rung, ...]:
    """The ladder from the processor time of each step, the lowest first."""
    below = (0.0, *cpu_us)
    return tuple(Rung(name, us, us - under) for name, us, under in zip(names, cpu_us, below, strict=False))


def metrics(found: Measured) -> dict[str, float]:
    """The flat figures: the ratios by the names that the targets have, then all they come from."""
    figures = _ratios(found)
    for server in found.servers.values():
        figures |= {f"{server.key}.{name}": value for name, value in _raw(server).items()}
    for place, rung in enumerate(found.ladder):
        figures[f"ladder.{place}.cpu_us"] = rung.cpu_us
    return figures


def _ratios(found: Measured) -> dict[str, float]:
    ours, limit, none = found.servers["kyozon"], found.servers["nginx"], found.servers["direct"]
    figures = {
        "cpu_ratio_nginx": found.cpu_ratio("kyozon_pooled", "nginx"),
        "cpu_ratio_nginx_lean": found.cpu_ratio("kyozon", "nginx"),
        "added_p50_ms": ours.answer(1, _p50) - none.answer(1, _p50),
        "added_p50_relaxed_ms": found.servers["kyozon_relaxed"].answer(1, _p50) - none.answer(1, _p50),
        "ttft_ratio_nginx_64": median(ours.spread, _first) / median(limit.spread, _first),
        "ttft_ratio_nginx_64_burst": median(ours.burst, _first) / median(limit.burst, _first),
        "rss_growth": ours.end_mib / ours.warm_mib - 1,
        "rss_requests": ours.requests,
        "label_cpu_share": found.label_us / found.cpu_us("kyozon"),
        "label_cpu_us": found.label_us,
        "disk_flush_p50_ms": found.flush_ms,
    }
    return figures | {f"cpu_ratio_{peer}": found.cpu_ratio("kyozon", peer) for peer in found.peers}


def _raw(server: Seen) -> dict[str, float]:
    figures = {
        "start_s": server.started_in,
        "idle_mib": server.idle_mib,
        "warm_mib": server.warm_mib,
        "end_mib": server.end_mib,
    }
    for connections in CONNECTIONS:
        figures |= {
            f"c{connections}.cpu_s_per_1000": server.answer(connections, lambda point: point.cpu_us) / 1000,
            f"c{connections}.database_cpu_s_per_1000": server.answer(connections, lambda point: point.database_us) / 1000,
            f"c{connections}.requests_per_s": server.answer(connections, lambda point: point.rate),
            f"c{connections}.p50_ms": server.answer(connections, _p50),
            f"c{connections}.p99_ms": server.answer(connections, lambda point: point.served.p99),
            f"c{connections}.failed": sum(point.served.failed for point in server.answers[connections]),
        }
    for name, points in (("spread", server.spread), ("burst", server.burst)):
        figures |= {
            f"streams_{name}.first_p50_ms": median(points, _first),
            f"streams_{name}.first_p99_ms": median(points, lambda point: point.served.first_p99),
            f"streams_{name}.total_p50_ms": median(points, _p50),
            f"streams_{name}.cpu_s_per_1000": median(points, lambda point: point.cpu_us) / 1000,
            f"streams_{name}.failed": sum(point.served.failed for point in points),
        }
    return figures


def _p50(point: Point) -> float:
    return point.served.p50


def _first(point: Point) -> float:
    return point.served.first_p50
