"""What routing saves: `python -m bench.routing --data DIR [--holdout DIR] [--quick] [--json FILE]`.

`--vectors` has prompts embedded, too; `--jobs N` lets so many processes at once take the tasks.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from bench.report import Options, deliver, parser
from bench.routing import page, plot
from bench.routing.flat import flat_figures
from bench.routing.measuring import ALL, measure, measure_apart
from bench.routing.pools import TASKS
from bench.routing.recordings import Recordings, read
from bench.routing.vectors import NONE, Vectors, vectors
from bench.routing.world import World, thinned

_FEW = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, embed, measure, and hand in."""
    given = _arguments(arguments)
    learn = read(given.data)
    held_out = read(given.holdout, learn.prices) if given.holdout else None
    tasks = [task for task in ALL if not given.task or task.name in given.task]
    if given.quick:
        tasks = [task for task in tasks if task in TASKS]
        learn, held_out = _thin(learn), held_out and _thin(held_out)
    world = World(learn, held_out, _vectors(given, [one for one in (learn, held_out) if one]))
    with threadpool_limits(1):  # of several, idle ones would spin, and processor time is what is measured
        found = measure(world, tasks, _say) if given.jobs == 1 else measure_apart(world, tasks, _say, given.jobs)
    for name in found.missing:
        _say(f"{name}: the folders hold no items for it")
    quick = given.quick or bool(given.task)
    deliver(page.page(found), flat_figures(found), plot.figure(found), Options(quick, given.json))
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("routing", "Cost and quality of routers on recorded answers of real models.")
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="items, scores and prices to learn from")
    made.add_argument("--holdout", type=Path, metavar="DIR", help="a folder of the same form, to be judged on")
    made.add_argument(
        "--cache", type=Path, metavar="DIR", help="where the prompts' vectors are kept (default: beside the JSON)"
    )
    made.add_argument("--jobs", type=int, default=1, metavar="N", help="so many processes at once")
    made.add_argument("--vectors", action="store_true", help="have prompts embedded, too: a tenth of a second for each")
    made.add_argument(
        "--task", action="append", metavar="NAME", help="only this task (again for more); the page is left as it is"
    )
    return made.parse_args(arguments)


def _vectors(given: argparse.Namespace, folders: Sequence[Recordings]) -> Vectors:
    if given.quick or not given.vectors:
        return NONE
    cache = given.cache or (given.json.parent if given.json else Path()) / "routing-cache"
    texts = [item.prompt for one in folders for table in one.tables for item in table.items]
    return vectors(texts, cache, _say)


def _thin(recordings: Recordings) -> Recordings:
    return thinned(recordings, {task.source for task in TASKS}, _FEW)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
