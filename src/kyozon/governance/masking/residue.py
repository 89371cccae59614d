"""What is left of a removed value elsewhere in the words: found to be removed too, and looked for again at the end."""

from collections.abc import Iterable, Iterator, Sequence

from kyozon.domain.masking import Kind, Span
from kyozon.governance.masking.folding import View, residual

GRAM = 8
"""So many characters in a row, equal but for width, kana, case and signs that nobody sees, are a part of a value."""
_SHORT_ASCII, _SHORT_OTHER = 6, 3
DETECTOR = "residue"


def whole_counts(value: str) -> bool:
    """Whether a value shorter than a gram is looked for as a whole: shorter ones stand in other words by chance."""
    return len(value) >= (_SHORT_ASCII if value.isascii() else _SHORT_OTHER)


def parts(values: Iterable[tuple[str, Kind]]) -> dict[str, Kind]:
    """What must not be left of these values, folded: all their grams, or the whole of a shorter one."""
    found: dict[str, Kind] = {}
    for value, kind in values:
        folded = residual(value).text.strip()
        if len(folded) >= GRAM:
            for at in range(len(folded) - GRAM + 1):
                found.setdefault(folded[at : at + GRAM], kind)
        elif whole_counts(folded):
            found.setdefault(folded, kind)
    return found


def extended(texts: Sequence[str], finds: Sequence[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """The finds of each text, and wherever else in any of them a part of a found value stands."""
    values = {(text[span.start : span.end], span.kind) for text, spans in zip(texts, finds, strict=True) for span in spans}
    wanted = parts(sorted(values))
    return [_with_parts(text, spans, wanted) for text, spans in zip(texts, finds, strict=True)]


def survives(texts: Iterable[str], removed: Iterable[str]) -> bool:
    """Whether a part of a removed value stands in a text."""
    wanted = parts((value, "SECRET") for value in removed)
    return any(next(_places(residual(text).text, wanted), None) is not None for text in texts)


def _with_parts(text: str, spans: tuple[Span, ...], wanted: dict[str, Kind]) -> tuple[Span, ...]:
    view = residual(text)
    left = [span for start, end, kind in _runs(view, wanted) for span in _outside(Span(start, end, kind, DETECTOR), spans)]
    return tuple(sorted([*spans, *left], key=lambda span: span.start)) if left else spans


def _runs(view: View, wanted: dict[str, Kind]) -> Iterator[tuple[int, int, Kind]]:
    """Where parts stand, those that overlap as one."""
    run: tuple[int, int, Kind] | None = None
    for start, end, kind in _places(view.text, wanted):
        if run is not None and start <= run[1]:
            run = run[0], max(run[1], end), run[2]
        else:
            if run is not None:
                yield *view.original(run[0], run[1]), run[2]
            run = start, end, kind
    if run is not None:
        yield *view.original(run[0], run[1]), run[2]


def _places(text: str, wanted: dict[str, Kind]) -> Iterator[tuple[int, int, Kind]]:
    """Every place of every part, in the order of the text."""
    sizes = sorted({len(part) for part in wanted})
    for at in range(len(text)) if wanted else ():
        for size in sizes:
            kind = wanted.get(text[at : at + size])
            if kind is not None:
                yield at, at + size, kind


def _outside(span: Span, kept: Sequence[Span]) -> Iterator[Span]:
    """What of a span stands outside of those kept."""
    at = span.start
    for one in kept:
        if one.end <= at or one.start >= span.end:
            continue
        if one.start > at:
            yield Span(at, one.start, span.kind, span.detector)
        at = max(at, one.end)
    if at < span.end:
        yield Span(at, span.end, span.kind, span.detector)
