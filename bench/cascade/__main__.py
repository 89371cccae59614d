"""Two models of this machine as a cascade: `python -m bench.cascade --data DIR [--cache DIR] [--quick] [--json FILE]`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cascade import page, plot
from bench.cascade.findings import metrics
from bench.cascade.running import FULL, QUICK, Plan, measure
from bench.report import Options, deliver, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    made = parser("cascade", "Quality and processor time of two models of this machine, alone and as a cascade.")
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="recorded items and scores")
    made.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="keeps the models (1.6 GB) and the answers, so that a run goes on where it was (default: beside the JSON)",
    )
    made.add_argument("--items", type=int, default=FULL.measured, metavar="N", help="how many are measured (default: 200)")
    given = made.parse_args(arguments)
    cache = given.cache or (given.json.parent if given.json else Path()) / "cascade-cache"
    found = measure(given.data, cache, QUICK if given.quick else Plan(FULL.known, given.items), _say)
    deliver(page.page(found), metrics(found), plot.figure(found), Options(given.quick, given.json))
    return 0


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
