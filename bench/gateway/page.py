"""The tables and the words of `bench.gateway`."""

from collections.abc import Callable, Iterator, Sequence

from bench.gateway.findings import CONNECTIONS, STREAMS, USUAL, Measured, Point, Seen, median, metrics
from bench.report import Page, Table

_NOTES = (
    (
        "One machine, loopback, plain HTTP. The server under test has a core to itself; the mock upstream, the load and "
        "Kyozon's PostgreSQL share the other cores, so that a server's requests a second are what one core gives, or "
        "what the upstream, the load and the disk leave it. Processor time is the figure to trust: it is that of the "
        "server's whole process tree, user and system, read from /proc before and after each load."
    ),
    (
        "The upstream is nginx answering from memory, and for streams an event loop that sends "
        "20 chunks 10 ms apart (200 ms when nothing stands between). Every server gets the same question of about 700 "
        "bytes, and the first answer of each is checked to be the upstream's."
    ),
    (
        "All servers run all the time and are asked in turn, round after round, each round beginning with another one. "
        "Every figure is the median of the rounds; a ratio is the quotient of two such medians."
    ),
    (
        "wrk puts on the load of whole answers where it is installed and the server answers at least a hundred times as "
        "many requests as there are connections. Elsewhere, and for streams, it is the benchmark's own event loop, which "
        "asks nothing new at the end but waits for what is under way: cut off half done, that would be work for nothing."
    ),
    (
        "Kyozon runs as `kyozon up` does, without a local model: key, label header, all rules, routing, reservation, "
        "decision and outcome durable in the embedded PostgreSQL (the decision before the request leaves), double-entry "
        "ledger, metrics, log. Records that wait share one commit, without an artificial delay. With the pooled client the "
        "same goes out through aiohttp, which carries HTTPS, too; otherwise through Kyozon's own client for plain HTTP."
    ),
    (
        "Direct is the mock without anything between; its processor time is the mock's own. Direct shares its core with "
        "the load, every other server does not, so the latency that a server adds at one connection contains two "
        "wake-ups of another core."
    ),
    (
        "The ladder runs `kyozon up` with a part exchanged: the application by ones that do a little more each with "
        "Kyozon's own code, then the journal by one that writes nothing. Each step's own part is its difference to the one "
        "before; a busier core saves wake-ups, so small differences may come out a little too small."
    ),
    (
        "The share of labelling is not sampled: it is the processor time of the calls themselves (read the label, join it, "
        "every rule on every candidate) in a loop of their own, divided by that of a whole request."
    ),
    (
        "The growth of memory is Kyozon's resident memory after all these requests, divided by that after the warm-up, "
        "less one. Its database's memory is bounded by PostgreSQL's settings and not in it."
    ),
    (
        "Other gateways are installed by pip or npm into folders of their own and started with one worker, as their makers "
        "say, without databases. They do less: see the table. Requests that fail are counted apart; a dash stands where "
        "none came through."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="gateway",
        title="What the gateway costs",
        summary=_summary(found),
        plot="Processor time of a request through each server; the ladder of what each part of Kyozon costs",
        tables=(_ratios(found), _answers(found), _streams(found), _memory(found), *_ladder(found), _does(found)),
        notes=_NOTES,
    )


def _summary(found: Measured) -> str:
    figures = metrics(found)
    return (
        f"With everything on, a request takes **{found.cpu_us('kyozon'):.0f} µs** of processor time "
        f"at {USUAL} connections, {figures['cpu_ratio_nginx_lean']:.1f} times nginx's reverse proxy in the same run, "
        f"and {found.cpu_us('kyozon_pooled'):.0f} µs ({figures['cpu_ratio_nginx']:.1f} times) with the pooled client that "
        f"carries HTTPS. One request at a time, it adds **{figures['added_p50_ms']:.1f} ms** to the median answer, durable "
        f'records included (one flush of this disk takes {found.flush_ms:.1f} ms); with `durability = "relaxed"`, which '
        f"does not wait for the disk, {figures['added_p50_relaxed_ms']:.1f} ms. Labelling and permission are "
        f"{figures['label_cpu_share']:.1%} of the processor time. Over {figures['rss_requests']:,.0f} requests the "
        f"gateway's memory grew by {figures['rss_growth']:.1%}."
    )


def _ratios(found: Measured) -> Table:
    pairs = [("Kyozon, pooled client", "kyozon_pooled", "nginx", "15"), ("Kyozon", "kyozon", "nginx", "8")]
    pairs += [("Kyozon", "kyozon", peer, "") for peer in found.peers]
    rows = tuple(
        (
            f"{ours} ÷ {found.servers[theirs].name}",
            f"{found.cpu_us(key):.0f}",
            f"{found.cpu_us(theirs):.0f}",
            f"{found.cpu_ratio(key, theirs):.2f}",
            target,
        )
        for ours, key, theirs, target in pairs
    )
    figures = metrics(found)
    steady, burst = figures["ttft_ratio_nginx_64"], figures["ttft_ratio_nginx_64_burst"]
    note = (
        f"Time to the first token at {STREAMS} streams, ours ÷ nginx's: {steady:.1f} where they begin one after another, "
        f"{burst:.1f} when all begin at once."
    )
    columns = ("processor time a request", "ours µs", "theirs µs", "ratio", "at most")
    return Table(f"Beside the others, {USUAL} connections", columns, "lrrrr", rows, note)


def _answers(found: Measured) -> Table:
    rows = tuple(
        (server.name, str(connections), *_point(server, connections))
        for server in found.servers.values()
        for connections in CONNECTIONS
    )
    columns = ("server", "connections", "CPU s / 1,000", "database's", "requests/s", "p50 ms", "p99 ms", "failed")
    return Table("Whole answers", columns, "lrrrrrrr", rows, f"Medians of {found.rounds} rounds of {found.seconds:.0f} s.")


def _point(server: Seen, connections: int) -> Iterator[str]:
    def cell(of: Callable[[Point], float], form: str) -> str:
        return format(server.answer(connections, of), form)

    yield cell(lambda point: point.cpu_us / 1000, ".3f")
    yield cell(lambda point: point.database_us / 1000, ".3f") if server.key.startswith("kyozon") else "–"
    yield cell(lambda point: point.rate, ",.0f")
    yield cell(lambda point: point.served.p50, ".2f")
    yield cell(lambda point: point.served.p99, ".2f")
    yield str(sum(point.served.failed for point in server.answers[connections]))


def _streams(found: Measured) -> Table:
    rows = tuple(
        (server.name, begin, *_stream(points))
        for server in found.servers.values()
        for begin, points in (("one after the other", server.spread), ("all at once", server.burst))
    )
    columns = ("server", "streams begin", "first token p50 ms", "p99 ms", "whole p50 ms", "CPU s / 1,000", "failed")
    return Table(f"Streams, {STREAMS} at a time", columns, "llrrrrr", rows)


def _stream(points: Sequence[Point]) -> Iterator[str]:
    failed = sum(point.served.failed for point in points)
    if not any(point.served.requests for point in points):
        yield from ("–", "–", "–", "–", str(failed))
        return
    yield f"{median(points, lambda point: point.served.first_p50):.2f}"
    yield f"{median(points, lambda point: point.served.first_p99):.2f}"
    yield f"{median(points, lambda point: point.served.p50):.0f}"
    yield f"{median(points, lambda point: point.cpu_us / 1000):.2f}"
    yield str(failed)


def _memory(found: Measured) -> Table:
    rows = tuple(
        (
            server.name,
            f"{server.started_in:.2f}",
            *(f"{mib:.0f}" for mib in (server.idle_mib, server.warm_mib, server.end_mib)),
            f"{server.requests:,}",
        )
        for server in found.servers.values()
        if server.key != "direct"
    )
    columns = ("server", "s to first answer", "MiB idle", "after warm-up", "at the end", "requests")
    return Table("Start and memory", columns, "lrrrrr", rows, "Kyozon's start contains that of its PostgreSQL.")


def _ladder(found: Measured) -> Iterator[Table]:
    if found.ladder:
        rows = tuple((rung.name, f"{rung.cpu_us:.0f}", f"{rung.own_us:+.0f}") for rung in found.ladder)
        yield Table(f"What each part costs, {USUAL} connections", ("", "CPU µs a request", "own part"), "lrr", rows)


def _does(found: Measured) -> Table:
    rows = tuple((server.name, server.version, server.does) for server in found.servers.values())
    return Table("What each does with a request", ("server", "version", "work"), "lrl", rows)
