"""What of the passages that were found stands before the model: in which order, how much, nothing twice."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from msgspec import Struct, structs

from kyozon.domain.knowledge import Anchor, Passage
from kyozon.retrieval.claims import Span, claims


class Source(Struct, frozen=True):
    """Words of one document as the model sees them, under a number from 1.

    `text` is the document's own, from `start` on; `parts` are the anchors of the chunks that it was joined from. `context`
    are the title and headings above it.
    """

    number: int
    document: str
    file: str
    filename: str
    text: str
    start: int
    parts: tuple[Anchor, ...]
    context: str = ""
    score: float = 0.0

    @property
    def end(self) -> int:
        """Behind its last character, in the document."""
        return self.start + len(self.text)

    def anchor(self, span: Span) -> Anchor:
        """Where a part of `text` stands in the document; its section is that of the chunk in which it begins."""
        start, end = self.start + span[0], self.start + span[1]
        first = next(part for part in self.parts if part.start <= start < part.end)
        last = next((part for part in self.parts if part.start < end <= part.end), self.parts[-1])
        inside = [
            one.part(max(start, one.start), min(end, one.end)) for one in self.parts if one.start < end and start < one.end
        ]
        return structs.replace(
            first.part(start, end),
            last_page=last.part(max(start, last.start), end).last_page,
            scanned=any(one.scanned for one in inside),
            scans=tuple(sorted({scan for one in inside for scan in one.scans})),
        )


def packed(passages: Iterable[Passage], tokens: Callable[[str], int], most: int) -> tuple[Source, ...]:
    """The best passages, as many as `most` tokens hold, in their order; the first is cut where it alone is longer.

    What stands side by side, or overlaps, in a document becomes one source. The same words come once, whatever file
    they are in.
    """
    found: list[Source] = []
    seen: set[str] = set()
    left = most
    for passage in passages:
        same = _folded(passage.chunk.text)
        if same in seen:
            continue
        seen.add(same)
        cost = tokens(passage.chunk.indexed)
        if cost > left and not found:
            found.append(_cut(_source(passage), tokens, left))
            break
        if cost <= left:
            left -= cost
            found = _joined(found, _source(passage))
    return tuple(structs.replace(source, number=number) for number, source in enumerate(found, 1))


def _source(passage: Passage) -> Source:
    chunk = passage.chunk
    return Source(
        number=0,
        document=passage.document,
        file=passage.file,
        filename=passage.filename,
        text=chunk.text,
        start=chunk.anchor.start,
        parts=(chunk.anchor,),
        context=chunk.context,
        score=passage.score,
    )


def _joined(found: Sequence[Source], new: Source) -> list[Source]:
    """With the new source as part of those that it touches, in the place of the first of them, else behind the others."""
    touching = [old for old in found if old.document == new.document and old.start <= new.end and new.start <= old.end]
    if not touching:
        return [*found, new]
    place = found.index(touching[0])
    rest = [source for source in found if source not in touching]
    merged = reduce(_merged, sorted([*touching, new], key=lambda source: (source.start, source.end)))
    return [*rest[:place], merged, *rest[place:]]


def _merged(first: Source, second: Source) -> Source:
    text = first.text + second.text[max(0, first.end - second.start) :]
    parts = tuple(sorted({*first.parts, *second.parts}, key=lambda part: (part.start, part.end)))
    return structs.replace(first, text=text, parts=parts, score=max(first.score, second.score))


def _cut(source: Source, tokens: Callable[[str], int], most: int) -> Source:
    """Its first claims, as many as fit; at least one."""
    end = 0
    for _, stop in claims(source.text):
        if end and tokens(source.text[:stop]) > most:
            break
        end = stop
    return structs.replace(source, text=source.text[: end or None])


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())
