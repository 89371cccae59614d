"""What use teaches: `python -m bench.learning --data DIR [--quick] [--json FILE]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs
from threadpoolctl import threadpool_limits

from bench.learning import joining, learnt, page, plot
from bench.learning.drifting import noticed, quiet
from bench.learning.hidden import judged
from bench.learning.newcomers import Newcomers
from bench.learning.traffic import traffic
from bench.report import Options, deliver, parser
from bench.routing.recordings import read

_REQUESTS, _LOGS, _QUICK_LOGS = 20_000, 200, 10
_RUNS, _QUICK_RUNS, _QUIET = 50, 4, 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, fit, replay, and hand in."""
    given = _arguments(arguments)
    logs, runs = (_QUICK_LOGS, _QUICK_RUNS) if given.quick else (_LOGS, _RUNS)
    with threadpool_limits(1):
        made = traffic(read(given.data))
        _say(f"{made.items} items")
        requests = _REQUESTS // 4 if given.quick else _REQUESTS
        values = tuple(judged(made, requests, logs))
        _say("values of other goals")
        changes, still = tuple(noticed(made, runs)), quiet(made, runs, _QUIET // 10 if given.quick else _QUIET)
        _say("drift")
        newcomers = Newcomers(given.data)
        by_results, by_use = joining.known(newcomers), learnt.taught(newcomers, quick=given.quick)
        _say("new models and lessons")
    found = page.Found(made.items, requests, logs, values, changes, still)
    whole = page.page(found)
    tables = (*whole.tables, joining.table(by_results), learnt.table(by_use))
    whole = structs.replace(whole, tables=tables, notes=(*whole.notes, learnt.NOTE))
    flat = page.metrics(found) | joining.metrics(by_results) | learnt.metrics(by_use)
    deliver(whole, flat, plot.figure(found), Options(given.quick, given.json))
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("learning", "What can be concluded from use, on recorded answers of real models.")
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="items, scores and prices")
    return made.parse_args(arguments)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
