"""What a request through Kyozon costs, beside nginx and other gateways: `python -m bench.gateway`."""

import os
import pkgutil
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.gateway import kyozon, page, plot
from bench.gateway.findings import Measured, metrics
from bench.gateway.measuring import FULL, QUICK, Plan, measure
from bench.gateway.processes import cores
from bench.gateway.servers import Place, Server, direct, reverse
from bench.gateway.upstream import mock
from bench.report import Options, deliver, parser

_PEERS = Path(__file__).resolve().parents[1] / "peers"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    known = peers()
    made = parser("gateway", "Processor time, latency and memory of a request, beside nginx and other gateways.")
    made.add_argument(
        "--peer", action="append", choices=sorted(known), default=[], help="another gateway, installed by pip or npm"
    )
    made.add_argument("--cache", type=Path, default=_cache(), metavar="DIR", help="where peers are installed: %(default)s")
    given = made.parse_args(arguments)
    found = run([known[name] for name in dict.fromkeys(given.peer)], given.cache, QUICK if given.quick else FULL)
    deliver(page.page(found), metrics(found), plot.figure(found), Options(given.quick, given.json))
    return 0


def run(others: Sequence[Server], cache: Path, plan: Plan) -> Measured:
    """Kyozon with either client, nginx, nothing, and the others."""
    where = cores()
    ours = (kyozon.server(variant) for variant in (kyozon.LEAN, kyozon.POOLED, kyozon.RELAXED))
    servers = [direct(), reverse(), *ours, *others]
    with tempfile.TemporaryDirectory(prefix="kz-gateway-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o711)  # Started by root, the database and nginx run under accounts of their own and must get there.
        with mock(scratch, where.rest) as upstream:
            return measure(servers, [other.key for other in others], Place(upstream, where, scratch, cache), plan)


def peers() -> dict[str, Server]:
    """Every gateway that a file of `bench/peers` knows how to run, by name."""
    modules = (import_module(f"bench.peers.{found.name}") for found in pkgutil.iter_modules([str(_PEERS)]))
    return {module.peer.key: module.peer for module in modules if hasattr(module, "peer")}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kyozon-bench"


if __name__ == "__main__":
    sys.exit(main())
