"""What Kyozon keeps while everything around it breaks: `python -m bench.reliability`."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.reliability import page, plot
from bench.reliability.checks.all import violations
from bench.reliability.conductor import FULL, QUICK
from bench.reliability.findings import Measured, metrics
from bench.reliability.plan import MOST
from bench.reliability.soaking import Wanted, soak
from bench.report import Options, deliver, parser

_REQUESTS, _QUICK_REQUESTS = 50_000, 1_500
_QUICK_AT_ONCE = 16
_SHOWN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, check, and hand in; 1 where a rule was broken."""
    made = parser(
        "reliability", "Faults of upstreams, database, clients and Kyozon itself, and what was kept through them."
    )
    made.add_argument(
        "--requests", type=_count, metavar="N", help=f"{_REQUESTS:,} when left out, {_QUICK_REQUESTS:,} quick"
    )
    given = made.parse_args(arguments)
    wanted = Wanted(given.requests or _REQUESTS, FULL)
    if given.quick:
        wanted = Wanted(given.requests or _QUICK_REQUESTS, QUICK, _QUICK_AT_ONCE)
    found = run(wanted)
    deliver(page.page(found), metrics(found), plot.figure(found), Options(given.quick, given.json))
    for name, texts in found.violations.items():
        for text in texts[:_SHOWN]:
            print(f"{name}: {text}", file=sys.stderr)
    return 1 if found.broken else 0


def run(wanted: Wanted) -> Measured:
    """One run in a folder of its own, and its checks."""
    with tempfile.TemporaryDirectory(prefix="kz-soak-") as scratch:
        Path(scratch).chmod(0o711)  # Started by root, the database runs under an account of its own and must get there.
        soaked = uvloop.run(soak(Path(scratch), wanted))
    return Measured(soaked, violations(soaked.evidence))


def _count(text: str) -> int:
    count = int(text)
    if not 0 < count <= MOST:
        raise ValueError(text)
    return count


if __name__ == "__main__":
    sys.exit(main())
