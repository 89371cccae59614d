"""What a filter costs among many documents, each with attributes of its own."""

import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from kyozon.domain.knowledge import Comparison, Compound, Filter, Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.retrieval.directory import Directory, Entry, Scope

DOCUMENTS = 100_000
_ROUNDS = 10
_MILLI = 1000.0
_READER = Reader("t", "u", Clearance(Level.RESTRICTED))
_NAMES = frozenset(f"paper {number}" for number in range(50))
_LOW, _HIGH, _SINCE = 5.0, 500.0, "2015-04-01"

_FILTERS: dict[str, tuple[Filter, Callable[[Any], bool]]] = {
    "number = 5": (Comparison("number", "eq", _LOW), lambda held: held.get("number") == _LOW),
    "number from 5 to 500": (
        Compound("and", (Comparison("number", "gte", _LOW), Comparison("number", "lte", _HIGH))),
        lambda held: _LOW <= held.get("number", -1.0) <= _HIGH,
    ),
    "date from 2015-04-01": (Comparison("on", "gte", _SINCE), lambda held: held.get("on", "") >= _SINCE),
    "name among 50": (Comparison("name", "in", tuple(sorted(_NAMES))), lambda held: held.get("name") in _NAMES),
}


class Filtered(Struct, frozen=True):
    """Milliseconds of the processor to know whom a filter leaves, beside what rights take; and of Python, one by one."""

    name: str
    cpu: float
    python: float


def filters() -> tuple[float, list[Filtered]]:
    """What rights take alone, in milliseconds, and what each filter adds."""
    directory, several = Directory(), [_attributes(number) for number in range(DOCUMENTS)]
    for number, attributes in enumerate(several):
        directory.put(Entry(f"doc_{number}", "vs", Label(), frozenset(), attributes))

    def asked(condition: Filter | None) -> float:
        return _taken(lambda: directory.permitted(Scope(_READER, frozenset({"vs"}), condition)))

    alone, found = asked(None), []
    for name, (condition, by_python) in _FILTERS.items():
        python = _taken(lambda holds=by_python: [holds(held) for held in several])  # type: ignore[misc]
        found.append(Filtered(name, asked(condition) - alone, python))
    return alone, found


def _attributes(number: int) -> dict[str, str | float | bool]:
    on = f"20{number % 30:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return {"number": float(number), "on": on, "name": f"paper {number}", "draft": number % 2 == 0}


def _taken(work: Callable[[], object]) -> float:
    """Milliseconds of the processor, at best of some rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.thread_time()
        work()
        best = min(best, time.thread_time() - began)
    return best * _MILLI
