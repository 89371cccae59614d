"""Whether citations stand where they say, and what is not in the documents is refused: `python -m bench.citations`."""

import sys
from collections.abc import Sequence

from bench.citations.measuring import measure, questions
from bench.citations.page import figure, metrics, page
from bench.report import deliver, options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and hand in."""
    given = options("citations", "Citations and refusals over a set of documents.", arguments)
    found = measure(questions(quick=given.quick), lambda line: print(line, file=sys.stderr))
    deliver(page(found), metrics(found), figure(found), given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
