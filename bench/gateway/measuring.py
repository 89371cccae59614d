"""The run itself: every server is started once, then all are asked in turn, round after round."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from msgspec import Struct, structs

from bench.gateway import kyozon
from bench.gateway.disk import flush_ms
from bench.gateway.driver import Load
from bench.gateway.findings import CONNECTIONS, STREAMS, USUAL, Measured, Point, Rung, Seen, median, rungs
from bench.gateway.label import labelling_us
from bench.gateway.load import own, put
from bench.gateway.processes import cpu_seconds, resident_mib
from bench.gateway.servers import Place, Running, Server
from bench.gateway.traffic import STREAM_SECONDS, Target

_FILL_SECONDS = 2.0
_MOST_FILLS = 200


class Plan(Struct, frozen=True):
    """How long to measure: `fill` are the requests over which memory is watched, `ladder` the rounds of the ladder."""

    rounds: int
    seconds: float
    streams: float
    warm: float
    fill: int
    ladder: int


FULL = Plan(rounds=5, seconds=3.0, streams=2.0, warm=2.0, fill=50_000, ladder=3)
QUICK = Plan(rounds=2, seconds=1.0, streams=0.4, warm=0.3, fill=2_000, ladder=0)


class _Watched:
    """A running server under measurement."""

    def __init__(self, server: Server, running: Running, place: Place) -> None:
        self.server = server
        self.running = running
        self._place = place
        self._idle_mib = resident_mib(running.processes())
        self._warm_mib = 0.0
        self._rate = 0.0
        self._requests = 0
        self._answers: dict[int, list[Point]] = {connections: [] for connections in CONNECTIONS}
        self._streams: dict[float, list[Point]] = {0.0: [], STREAM_SECONDS: []}

    def warm(self, seconds: float) -> None:
        """First requests, which fill caches and grow buffers to their size; they tell how fast it is."""
        self._rate = own(Load(self.running.answers, USUAL, seconds), self._place.cores.rest).requests / seconds
        for target in (self.running.answers, self.running.streams):
            own(Load(target, STREAMS, seconds / 2), self._place.cores.rest)
        self._warm_mib = resident_mib(self.running.processes())

    def round(self, plan: Plan) -> None:
        """Every point once."""
        for connections, points in self._answers.items():
            points.append(self.point(self.running.answers, connections, plan.seconds))
        for spread, points in self._streams.items():
            points.append(self.point(self.running.streams, STREAMS, plan.streams, spread))

    def point(self, target: Target, connections: int, seconds: float, spread: float = 0.0) -> Point:
        """One load."""
        cpu, database = self._spent()
        load = Load(target, connections, seconds, spread)
        served = put(load, self._place.cores.rest, self._place.scratch, self._rate)
        cpu_after, database_after = self._spent()
        self._requests += served.requests
        return Point(served, cpu_after - cpu, database_after - database)

    def fill(self, requests: int) -> None:
        """Further requests until there were so many since the warm-up, or it has gone on too long."""
        for _ in range(_MOST_FILLS):
            if self._requests >= requests:
                return
            self.point(self.running.answers, USUAL, _FILL_SECONDS)

    def seen(self) -> Seen:
        """What was found out."""
        server = self.server
        return Seen(
            key=server.key,
            name=server.name,
            version=server.version,
            does=server.does,
            started_in=self.running.started_in,
            idle_mib=self._idle_mib,
            warm_mib=self._warm_mib,
            end_mib=resident_mib(self.running.processes()),
            requests=self._requests,
            answers=self._answers,
            spread=self._streams[STREAM_SECONDS],
            burst=self._streams[0.0],
        )

    def _spent(self) -> tuple[float, float]:
        return cpu_seconds(self.running.processes()), cpu_seconds(self.running.database())


def measure(servers: Sequence[Server], peers: Sequence[str], place: Place, plan: Plan) -> Measured:
    """Start them, ask them, end them."""
    found = Measured(
        servers=_compared(servers, place, plan),
        rounds=plan.rounds,
        seconds=plan.seconds,
        label_us=labelling_us(place.scratch),
        flush_ms=flush_ms(place.scratch),
        peers=tuple(peers),
    )
    return structs.replace(found, ladder=_ladder(place, plan)) if plan.ladder else found


def _compared(servers: Sequence[Server], place: Place, plan: Plan) -> Mapping[str, Seen]:
    with ExitStack() as stack:
        watched = _started(servers, place, stack)
        for one in watched:
            one.warm(plan.warm)
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}")
            turn = number % len(watched)
            for one in (*watched[turn:], *watched[:turn]):
                one.round(plan)
        say(f"memory over {plan.fill} requests")
        next(one for one in watched if one.server.key == kyozon.LEAN.key).fill(plan.fill)
        return {one.server.key: one.seen() for one in watched}


def _ladder(place: Place, plan: Plan) -> tuple[Rung, ...]:
    with ExitStack() as stack:
        watched = _started([kyozon.server(variant) for variant in kyozon.LADDER], place, stack)
        for one in watched:
            one.warm(plan.warm / 2)
        points: list[list[Point]] = [[] for _ in watched]
        for _ in range(plan.ladder):
            for one, found in zip(watched, points, strict=True):
                found.append(one.point(one.running.answers, USUAL, plan.seconds))
        return rungs([one.server.name for one in watched], [median(found, lambda point: point.cpu_us) for found in points])


def _started(servers: Sequence[Server], place: Place, stack: ExitStack) -> list[_Watched]:
    watched = []
    for server in servers:
        say(f"starting {server.name}")
        watched.append(_Watched(server, stack.enter_context(server.run(place)), place))
    return watched


def say(what: str) -> None:
    """Progress, beside the output proper."""
    print(f"… {what}", file=sys.stderr, flush=True)
