"""What a search costs: `python -m bench.search --data DIR [--cache DIR] [--quick] [--json FILE]`."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from bench.report import Options, deliver, parser
from bench.retrieval.embedding import Vectoriser
from bench.search import page, plot
from bench.search.filters import filters
from bench.search.findings import Measured, figures
from bench.search.first import first_searches
from bench.search.measuring import measure
from bench.search.passages import passages

_SIZES = (1_000, 10_000, 100_000)
_QUESTIONS = {True: 20, False: 100}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, search, and hand in."""
    made = parser("search", "Processor time, latency, recall and memory of a search among up to 100,000 passages.")
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="sets of questions and passages")
    made.add_argument("--cache", type=Path, default=_cache(), metavar="DIR", help="vectors are kept in: %(default)s")
    given = made.parse_args(arguments)
    sizes = _SIZES[:-1] if given.quick else _SIZES
    with threadpool_limits(1):  # processor time is compared: everybody gets one core
        found = passages(given.data, Vectoriser(given.cache / "vectors"), sizes[-1], _QUESTIONS[given.quick])
        sized = measure(found, sizes)
        first = asyncio.run(first_searches(found, sizes))
        rights, filtered = filters()
    measured = Measured(sized, first, rights, filtered, len(found.questions))
    deliver(page.page(measured), figures(measured), plot.figure(sized), Options(given.quick, given.json))
    return 0


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kyozon-bench"


if __name__ == "__main__":
    sys.exit(main())
