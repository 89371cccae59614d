"""How well personal data and secrets are found: `python -m bench.pii --data FILE [--peer] [--quick] [--json FILE]`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.pii import page, plot
from bench.pii.measuring import FULL, QUICK, measure
from bench.pii.metrics import metrics
from bench.pii.peers import PEERS
from bench.report import Options, deliver, parser

_CACHE = Path.home() / ".cache" / "kyozon" / "bench"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    made = parser("pii", "Precision, recall and cost of the detectors on labelled texts.")
    made.add_argument(
        "--data", type=Path, required=True, metavar="FILE", help="texts with their spans, one JSON object a line"
    )
    made.add_argument("--peer", action="store_true", help="other libraries, too, each installed into a folder of its own")
    made.add_argument("--cache", type=Path, default=_CACHE, metavar="DIR", help="folder for the other libraries")
    given = made.parse_args(arguments)
    peers = PEERS if given.peer else ()
    found = measure(given.data, QUICK if given.quick else FULL, peers, given.cache)
    deliver(page.page(found), metrics(found), plot.figure(found), Options(given.quick, given.json))
    return 0


if __name__ == "__main__":
    sys.exit(main())
