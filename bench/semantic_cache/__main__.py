"""How often the semantic cache finds an answer, and how often a wrong one: `python -m bench.semantic_cache`."""

import asyncio
import sys
from collections.abc import Sequence

from bench.report import deliver, options
from bench.semantic_cache import page, plot
from bench.semantic_cache.findings import metrics
from bench.semantic_cache.measuring import FULL, QUICK, measure


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    given = options("semantic_cache", "Hits and false hits of the semantic answer cache.", arguments)
    found = asyncio.run(measure(QUICK if given.quick else FULL))
    deliver(page.page(found), metrics(found), plot.figure(found), given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
