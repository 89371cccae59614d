"""Who may see which document, and that nothing is kept of what is gone."""

import gc
import random
import weakref
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.knowledge import Attributes, Comparison, Filter
from kyozon.retrieval.directory import Directory, Entry, Scope
from tests.unit.retrieval.worlds import MINE, OPEN, READER, SHUT

NEW = Comparison("year", "gte", 2026.0)


class Watched(frozenset[str]):
    """Readers of whom it can be told when they are gone."""


def entry(name: str, attributes: Attributes, collection: str = "vs_mine", **more: Any) -> Entry:
    held = {"label": OPEN, "readers": frozenset[str](), **more}
    return Entry(name, collection, attributes=attributes, **held)


def permitted(directory: Directory, condition: Filter | None = None) -> list[bool]:
    return [bool(one) for one in directory.permitted(Scope(READER, MINE, condition))]


def test_a_filter_holds_among_what_may_be_seen_alone() -> None:
    directory = Directory()
    bounds: list[dict[str, Any]] = [
        {},
        {"collection": "vs_theirs"},
        {"label": SHUT},
        {"readers": frozenset({"user:eve"})},
        {},
    ]
    for number, bound in enumerate(bounds):
        directory.put(entry(f"doc_{number}", {"year": 2023.0 + number}, **bound))
    directory.put(entry("doc_again", {"year": 2027.0}))
    assert permitted(directory) == [True, False, False, False, True, True]
    assert permitted(directory, NEW) == [False, False, False, False, True, True]
    directory.remove("doc_4")
    assert permitted(directory, NEW) == [False, False, False, False, False, True]


@given(st.randoms(use_true_random=False))
def test_whatever_comes_changes_and_goes_each_document_is_judged_by_what_it_is_now(chance: random.Random) -> None:
    directory = Directory()
    now: dict[str, tuple[int, Entry]] = {}
    for _ in range(40):
        name = f"doc_{chance.randrange(6)}"
        bounds: list[dict[str, Any]] = [{}, {"collection": "vs_theirs"}, {"label": SHUT}]
        one = entry(name, {"year": chance.choice([2025.0, 2026.0, 2027.0])}, **chance.choice(bounds))
        if name not in directory:
            now[name] = directory.put(one), one
        elif chance.random() < 0.5:
            directory.change(one)
            now[name] = now[name][0], one
        else:
            directory.remove(name)
            del now[name]
        wanted = {at for at, held in now.values() if (held.collection, held.label) == ("vs_mine", OPEN)}
        filtered = {at for at, held in now.values() if at in wanted and held.attributes["year"] in (2026.0, 2027.0)}
        assert {at for at, seen in enumerate(permitted(directory)) if seen} == wanted
        assert {at for at, seen in enumerate(permitted(directory, NEW)) if seen} == filtered


def test_values_that_no_document_has_any_more_are_forgotten() -> None:
    directory, gone = Directory(), []
    for number in range(100):
        readers = Watched({f"user:{number}", "user:ken"})
        gone.append(weakref.ref(readers))
        (directory.change if number else directory.put)(entry("doc_a", {"year": 2026.0}, readers=readers))
    directory.change(entry("doc_a", {"year": 2026.0}))
    del readers
    gc.collect()
    assert [one() for one in gone] == [None] * 100
    assert permitted(directory, NEW) == [True]
    directory.put(entry("doc_c", {"year": 2025.0}))
    assert permitted(directory, NEW) == [True, False]
