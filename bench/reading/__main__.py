"""How much of a document arrives: `python -m bench.reading [--font FILE] [--cache DIR] [--no-peers] [--json FILE]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.reading.measuring import figures, measure
from bench.reading.page import figure, page
from bench.reading.peers import CACHE
from bench.reading.samples import FONT
from bench.report import Options, deliver, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the files, read them, and hand in."""
    given = _arguments(arguments)
    if not given.font.exists():
        print(f"{given.font} is missing: apt-get install fonts-ipafont-gothic, or --font FILE", file=sys.stderr)
        return 2
    found = measure(given.font, None if given.no_peers or given.quick else given.cache)
    told = Options(given.quick or given.no_peers, given.json)
    deliver(page(found), figures(found), figure(found), told)
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("reading", "How much of the words and tables of a document arrives, beside three peers.")
    made.add_argument("--font", type=Path, default=FONT, metavar="FILE", help="a Japanese TrueType font: %(default)s")
    made.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="peers are kept in: %(default)s")
    made.add_argument("--no-peers", action="store_true", help="only Kyozon; the page is left as it is")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
