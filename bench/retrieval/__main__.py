"""How good search is: `python -m bench.retrieval --data DIR [--cache DIR] [--all] [--no-peers] [--quick] [--json FILE]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from bench.report import Options, deliver, parser
from bench.retrieval import page, plot
from bench.retrieval.embedding import CACHE, Vectoriser
from bench.retrieval.measuring import figures, measure
from bench.retrieval.sets import packs

_SMALL = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, embed what is new, search, and hand in."""
    given = _arguments(arguments)
    found = packs(given.data, everything=given.all)
    if given.quick:
        found = tuple(pack for pack in found if len(pack.papers) <= _SMALL)
    vectoriser = Vectoriser(given.cache / "vectors")
    peers = None if given.quick or given.no_peers else given.cache
    with threadpool_limits(1):
        results = [measure(pack, vectoriser, peers) for pack in found]
    told = Options(given.quick or given.no_peers, given.json)
    deliver(page.page(results), figures(results), plot.figure(results), told)
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("retrieval", "How well passages are found, beside plain methods and two peers.")
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="sets of questions and passages")
    made.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="vectors and peers are kept in: %(default)s")
    made.add_argument("--all", action="store_true", help="all questions of a set, also of one with more than a thousand")
    made.add_argument("--no-peers", action="store_true", help="only Kyozon and plain methods; the page is left as it is")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
