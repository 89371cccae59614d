"""Whether citations stand where they say, and what is not in the documents is refused: `python -m bench.citations`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.citations.measuring import libraries, measure, questions
from bench.citations.page import figure, metrics, page
from bench.report import Options, deliver, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in. Without the sets of passages it is a part of the measurement, and leaves the page alone."""
    made = parser("citations", "Citations and refusals over two sets of documents.")
    made.add_argument(
        "--data", type=Path, metavar="DIR", help="sets of questions and passages, as bench.retrieval takes them"
    )
    given = made.parse_args(arguments)
    folder = None if given.quick else given.data
    asked = questions(others=folder is not None, quick=given.quick)
    found = measure(asked, libraries(folder), lambda line: print(line, file=sys.stderr))
    deliver(page(found), metrics(found), figure(found), Options(folder is None, given.json))
    return 0


if __name__ == "__main__":
    sys.exit(main())
