"""The first detector: all families over one text, Japanese and English, in the text's own places."""

from collections.abc import Callable, Iterator, Sequence

from kyozon.domain.masking import Morpheme, Span
from kyozon.governance.masking import (
    addresses,
    births,
    contact,
    latin_names,
    money,
    names,
    numbers,
    phones,
    secrets,
    tables,
)
from kyozon.governance.masking.folding import View, fold
from kyozon.governance.masking.spans import Family, Find, resolved

Tag = Callable[[str], Sequence[Morpheme]]
"""Cuts a Japanese text into words, in order, without gaps."""

RULES: tuple[Family, ...] = (
    secrets.find,
    contact.find,
    money.find,
    numbers.find,
    births.find,
    phones.find,
    addresses.find,
    latin_names.find,
    tables.find,
)
DETECTOR = "rules"
TAGGED = "names"


def spans(text: str, tag: Tag | None) -> tuple[Span, ...]:
    """What stands in a text, in order, without overlaps. Without `tag` only rules look for names."""
    view = fold(text)
    tagged = set(_names(view, tag)) if tag is not None and not view.text.isascii() else set()
    finds = [find for family in RULES for find in family(view)]
    persons = (find for find in (*finds, *tagged) if find.kind == "PERSON")
    finds += births.beside(view, persons)
    found = []
    for find in resolved([*finds, *tagged]):
        start, end = view.original(find.start, find.end)
        if end > start:
            found.append(Span(start, end, find.kind, TAGGED if find in tagged else DETECTOR))
    return tuple(found)


def _names(view: View, tag: Tag) -> Iterator[Find]:
    return names.find(view, tag(view.text))
