"""What injected instructions can do through tools, and what the gate costs: `python -m bench.injection --data DIR`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.injection import page, plot
from bench.injection.findings import measure, metrics
from bench.injection.obeying import Stage
from bench.injection.traces import read
from bench.report import Options, deliver, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in. A quick run measures the same, in seconds, and leaves the page as it is."""
    options = parser("injection", "Attacks through tools on an agent that always obeys, with and without the gate.")
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of the exported traces")
    given = options.parse_args(arguments)
    found = measure(Stage(read(given.data)))
    deliver(page.page(found), metrics(found), plot.figure(found), Options(given.quick, given.json))
    return 0


if __name__ == "__main__":
    sys.exit(main())
