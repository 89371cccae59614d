"""What the audit log costs, and how long it takes to examine and to prove: `python -m bench.audit`."""

import asyncio
import sys
from collections.abc import Sequence

from bench.audit import page, plot
from bench.audit.findings import metrics
from bench.audit.measuring import FULL, QUICK, measure
from bench.report import deliver, options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    given = options("audit", "Throughput, processor time, examination and proofs of the audit log.", arguments)
    found = asyncio.run(measure(QUICK if given.quick else FULL))
    deliver(page.page(found), metrics(found), plot.figure(found), given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
