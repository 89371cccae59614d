"""Citations: the marks in a model's words, the place of a source that says a claim, and the proof that it stands there."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from msgspec import Struct

from kyozon.domain.knowledge import Anchor, Citation
from kyozon.retrieval.claims import Span, is_row
from kyozon.retrieval.grounding import Memory, Support, across, said_by, support
from kyozon.retrieval.packing import Source
from kyozon.retrieval.rows import mixed_up, rows

# Every run is looked through once (possessive, and only from its beginning): a model may say nothing else for long.
_ONE = r"[\[【［]\s*+(?:source|passage|資料|出典)?\s*+\d{1,2}(?:\s*+[,、，]\s*+\d{1,2})*\s*+(?:†[^\]】］]{0,80})?[\]】］]"
MARK = re.compile(rf"(?<!\s)\s*+{_ONE}", re.IGNORECASE)
_AFTER_END = re.compile(rf"(?<![。．.!?！？])([。．.!?！？]++)((?:\s*+{_ONE})+)", re.IGNORECASE)
_QUOTED = re.compile(r"[「『“\"]([^「」『』“”\"]{8,}?)[」』”\"]")
_LONGEST = 600


class Found(Struct, frozen=True):
    """A place in a source: what a claim rests on. `head` is that of the table whose row it is, where it is to be shown."""

    source: Source
    span: Span
    score: float
    head: str = ""

    @property
    def quote(self) -> str:
        """The words that stand there."""
        return self.source.text[slice(*self.span)]

    @property
    def anchor(self) -> Anchor:
        """Where in the document."""
        return self.source.anchor(self.span)


def marks_inside(text: str) -> str:
    """The text with marks that stand behind a full stop before it, so that they are part of their claim."""
    return _AFTER_END.sub(lambda found: found[2] + found[1], text)


def without_marks(text: str) -> tuple[str, tuple[int, ...]]:
    """A claim without its marks, and the numbers that they name, in order."""
    numbers = [int(number) for mark in MARK.findall(text) for number in re.findall(r"\d+", mark.partition("†")[0])]
    return MARK.sub("", text), tuple(dict.fromkeys(numbers))


def place_of(claim: str, sources: Sequence[Source], cited: Sequence[int], memory: Memory) -> Found | None:
    """What a claim rests on: of the sources that it cites, if one of them says it, else of the others; or nothing.

    Words that the claim itself quotes are looked for as they are. A source in another script that is cited has support by
    its numbers.
    """
    named = [source for source in sources if source.number in cited]
    others = [source for source in sources if source.number not in cited]
    for group in (named, others):
        places = (place for source in group for place in _places(claim, source, memory))
        found = max(places, key=lambda at: at.score, default=None)
        if found is not None:
            return found
    abroad = ((source, across(claim, source.text, memory)) for source in named)
    return next((Found(source, _bounded(said.span), said.score) for source, said in abroad if said.holds()), None)


def aligned(quote: str, text: str) -> Span | None:
    """Where the words of a quote stand in a text: exactly so, else but for white space and compatible forms (NFKC)."""
    at = text.find(quote)
    if at >= 0:
        return at, at + len(quote)
    wanted, _ = _folded(quote)
    folded, places = _folded(text)
    at = folded.find(wanted) if wanted else -1
    return None if at < 0 else (places[at], places[at + len(wanted) - 1] + 1)


def stands(citation: Citation, text: str, start: int = 0) -> bool:
    """Whether the words of a citation stand at its anchor, in a text that begins at character `start` of the document."""
    return text[citation.anchor.start - start : citation.anchor.end - start] == citation.quote


def _places(claim: str, source: Source, memory: Memory) -> Iterator[Found]:
    table = tuple(rows(source))
    mixed = bool(table) and mixed_up(claim, source, table, memory)
    alone = [
        (row, said_by(row.words, f"{row.title}\n{row.head}", claim, source.text, memory)) for row in table if not mixed
    ]
    saying = [(row, found) for row, found in alone if found.holds()]
    for row, found in saying:
        yield Found(source, _bounded(row.span), _ranked(found, source), row.head)
    found = support(claim, source.text, memory)
    in_rows = any(map(is_row, source.text[slice(*found.span)].split("\n")))
    if found.holds() and not (in_rows and (mixed or saying)):
        span = _quoted(claim, source.text) or found.span
        yield Found(source, _bounded(span), _ranked(found, source))


def _ranked(found: Support, source: Source) -> float:
    """Of places that say a claim as well the one in the better source."""
    return found.score - 0.001 * source.number


def _quoted(claim: str, text: str) -> Span | None:
    for quote in _QUOTED.findall(claim):
        if (span := aligned(quote, text)) is not None:
            return span
    return None


def _bounded(span: Span) -> Span:
    return span[0], min(span[1], span[0] + _LONGEST)


def _folded(text: str) -> tuple[str, list[int]]:
    """A text without white space and in NFKC, and from which character of it each of those comes."""
    folded, places = [], []
    for place, character in enumerate(text):
        for one in unicodedata.normalize("NFKC", character).lower():
            if not one.isspace():
                folded.append(one)
                places.append(place)
    return "".join(folded), places
