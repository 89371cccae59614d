"""Who may see which document, and that nothing is asked or kept of what does not matter."""

import gc
import random
import weakref
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.knowledge import Attributes, Comparison, Filter
from kyozon.retrieval.directory import Directory, Entry, Scope
from kyozon.retrieval.filtering import matches
from tests.unit.retrieval.worlds import MINE, OPEN, READER, SHUT

NEW = Comparison("year", "gte", 2026.0)


class Watched(dict[str, Any]):
    """Attributes that count how often they are asked."""

    asked = 0

    def get(self, *arguments: Any) -> Any:
        self.asked += 1
        return super().get(*arguments)


def entry(name: str, attributes: Attributes, collection: str = "vs_mine", **more: Any) -> Entry:
    held = {"label": OPEN, "readers": frozenset[str](), **more}
    return Entry(name, collection, attributes=attributes, **held)


def permitted(directory: Directory, condition: Filter | None = None) -> list[bool]:
    return [bool(one) for one in directory.permitted(Scope(READER, MINE, condition))]


def test_without_a_filter_no_attribute_is_asked() -> None:
    directory, attributes = Directory(), Watched(year=2026.0)
    directory.put(entry("doc_a", attributes))
    assert permitted(directory) == [True]
    assert attributes.asked == 0


def test_a_filter_is_asked_of_what_may_be_seen_alone_and_once_for_each_distinct_value() -> None:
    directory = Directory()
    several = [Watched(year=2020.0 + number) for number in range(8)]
    bounds: list[dict[str, Any]] = [
        {},
        {},
        {"collection": "vs_theirs"},
        {"label": SHUT},
        {"readers": frozenset({"user:eve"})},
        {},
        {},
        {},
    ]
    for number, (attributes, bound) in enumerate(zip(several, bounds, strict=True)):
        directory.put(entry(f"doc_{number}", attributes, **bound))
    directory.put(entry("doc_again", {"year": 2027.0}))
    directory.remove("doc_1")
    assert permitted(directory, NEW) == [False] * 6 + [True] * 3
    assert [one.asked for one in several] == [1, 0, 0, 0, 0, 1, 1, 1]


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
        filtered = {at for at, held in now.values() if at in wanted and matches(NEW, held.attributes)}
        assert {at for at, seen in enumerate(permitted(directory)) if seen} == wanted
        assert {at for at, seen in enumerate(permitted(directory, NEW)) if seen} == filtered


def test_values_that_no_document_has_any_more_are_forgotten() -> None:
    directory, gone = Directory(), []
    for number in range(100):
        attributes = Watched(year=1900.0 + number)
        gone.append(weakref.ref(attributes))
        (directory.change if number else directory.put)(entry("doc_a", attributes))
    directory.put(entry("doc_b", {"year": 2026.0}))
    directory.change(entry("doc_a", {"year": 2026.0}))
    directory.remove("doc_b")
    del attributes
    gc.collect()
    assert [one() for one in gone] == [None] * 100
    assert permitted(directory, NEW) == [True, False]
    directory.put(entry("doc_c", {"year": 2025.0}))
    assert permitted(directory, NEW) == [True, False, False]
