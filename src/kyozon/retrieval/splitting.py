"""Splits a document into chunks that follow its structure.

A heading begins a chunk. Paragraphs, sentences and the items of a list stay whole where they fit; a table is parted between
its rows, and its header line goes along as context. A chunk repeats the last sentences of the one before it, unless a
heading or the edge of a row stands between them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from kyozon.domain.knowledge import Chunk, Chunking, Heading, Parsed
from kyozon.retrieval.sentences import Span, clauses, lines, paragraphs, runs, sentences
from kyozon.retrieval.standing import Standing

Tokens = Callable[[str], int]
_Region = tuple[int, int, Span | None]

_LETTERS = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
_SPACES = b" \t\n\r\x0b\x0c"
_LONGEST_LINE_OF_CONTEXT = 120
_LONGEST_HEADER = 240  # of a table: about ten columns in Japanese
_TOKENS_OF_A_CHARACTER = 8  # No tokeniser makes more of one.
_CHARACTERS_OF_A_TOKEN = 8  # More than of any prose: what costs less is mostly white space, which fills a chunk as well.


def estimated(text: str) -> int:
    """How many tokens a multilingual model makes of a text: right to a tenth for prose, half too many for numbers.

    Fitted to multilingual E5: .27 for an ASCII letter, .85 for any other ASCII character but a space, .7 for all others.
    """
    narrow = text.encode("ascii", "ignore")
    visible = len(narrow.translate(None, _SPACES))
    other = len(narrow.translate(None, _SPACES + _LETTERS))
    return -(-(27 * (visible - other) + 85 * other + 70 * (len(text) - len(narrow))) // 100)


class _Atom(Struct, frozen=True):
    """What is not cut: a sentence, an item, a row of `table`. `begins` says that a paragraph begins with it."""

    start: int
    end: int
    cost: int
    begins: bool
    table: Span | None


def split(parsed: Parsed, chunking: Chunking, tokens: Tokens | None = None) -> tuple[Chunk, ...]:
    """The chunks of a document, in its order.

    `parsed.text[anchor.start:anchor.end]` is a chunk's text, and nothing but whitespace stands outside of all chunks. A
    chunk has `chunking.tokens` at most, counted by `tokens` as the sum over its sentences, and eight characters for each of
    them; its context comes on top.
    """
    standing, tables = Standing(parsed), sorted(parsed.tables)
    chunks: list[Chunk] = []
    for section in _sections(parsed):
        regions = _regions(tables, section)
        atoms = _atoms(parsed.text, regions, chunking.tokens, _visible_or_not(tokens or estimated))
        for held in _packed(atoms, chunking):
            start, end = _trimmed(parsed.text, held[0].start, held[-1].end)
            if start < end and (not chunks or chunks[-1].anchor.end < end):
                context = _context(parsed, standing, (start, end), held[0].table)
                chunks.append(Chunk(len(chunks), parsed.text[start:end], standing.anchor(start, end), context))
    return tuple(chunks)


def _sections(parsed: Parsed) -> Iterator[Span]:
    """From heading to heading; one with nothing under it goes with the next."""
    text = parsed.text
    cuts = [0]
    ordered = sorted(parsed.headings, key=lambda heading: heading.start)
    for heading, before in zip(ordered, [None, *ordered], strict=False):
        alone = before is not None and _is_alone(before, text[before.start : heading.start])
        if heading.start > cuts[-1] and not alone:
            cuts.append(heading.start)
    return pairwise([*cuts, len(text)])


def _is_alone(heading: Heading, section: str) -> bool:
    """Whether a section is its heading alone: articles may have their words in its line, 第3条（始業）始業は9時とする."""
    _, _, after = "".join(section.split()).partition("".join(heading.title.split()))
    return "\n" not in section.strip() and not any(map(str.isalpha, after))


def _visible_or_not(tokens: Tokens) -> Tokens:
    """What a text takes of a chunk: its tokens, or more where they alone would let in white space without end."""
    return lambda text: max(tokens(text), -(-len(text) // _CHARACTERS_OF_A_TOKEN))


def _atoms(text: str, regions: Iterator[_Region], most: int, tokens: Tokens) -> Iterator[_Atom]:
    for start, end, table in regions:
        for paragraph in [(start, end)] if table else paragraphs(text, start, end):
            for at, until in (_rows if table else sentences)(text, *paragraph):
                for piece in _pieces(text, (at, until), most, tokens):
                    yield _Atom(*piece, tokens(text[slice(*piece)]), piece[0] == paragraph[0], table)


def _regions(tables: Sequence[Span], section: Span) -> Iterator[_Region]:
    """Text and tables in turn; the tables are in order."""
    at, end = section
    for table in tables[bisect_left(tables, (at, 0)) : bisect_left(tables, (end, 0))]:
        if at <= table[0] < table[1] <= end:
            if at < table[0]:
                yield at, table[0], None
            yield *table, table
            at = table[1]
    if at < end:
        yield at, end, None


def _rows(text: str, start: int, end: int) -> list[Span]:
    """Lines; a header stands with the first row after it, whatever line may be drawn between them."""
    found = lines(text, start, end)
    first = next((at for at, (begun, _) in enumerate(found[1:], 1) if any(map(str.isalnum, text[begun : found[at][1]]))), 0)
    return [(start, found[first][1]), *found[first + 1 :]]


def _pieces(text: str, span: Span, most: int, tokens: Tokens, finer: int = 0) -> Iterator[Span]:
    if tokens(text[slice(*span)]) <= most:
        yield span
    elif finer == len(_FINER):
        yield from runs(text, *span, max(1, most // _TOKENS_OF_A_CHARACTER))
    else:
        for piece in _FINER[finer](text, *span):
            yield from _pieces(text, piece, most, tokens, finer + 1)


_FINER = (lines, clauses)


def _packed(atoms: Iterator[_Atom], chunking: Chunking) -> Iterator[list[_Atom]]:
    """As many as fit. A paragraph that does not fit begins a new chunk, if the one before is at least half full."""
    most, held, used = chunking.tokens, list[_Atom](), 0
    for paragraph in _paragraphs(atoms):
        half_full = 2 * used >= most
        whole = sum(atom.cost for atom in paragraph)
        for atom in paragraph:
            too_long = used + (whole if atom.begins and half_full else atom.cost) > most
            if held and too_long:
                yield held
                held = _repeated(held, atom, chunking)
                used = sum(one.cost for one in held)
            held.append(atom)
            used += atom.cost
    if held:
        yield held


def _paragraphs(atoms: Iterator[_Atom]) -> Iterator[list[_Atom]]:
    paragraph: list[_Atom] = []
    for atom in atoms:
        if atom.begins and paragraph:
            yield paragraph
            paragraph = []
        paragraph.append(atom)
    if paragraph:
        yield paragraph


def _repeated(held: list[_Atom], following: _Atom, chunking: Chunking) -> list[_Atom]:
    """The last sentences of a chunk, as the beginning of the next."""
    room = min(chunking.overlap, chunking.tokens - following.cost)
    kept: list[_Atom] = []
    for atom in reversed(held[1:]):
        room -= atom.cost
        if room < 0 or atom.table is not None or following.table is not None:
            break
        kept.insert(0, atom)
    return kept


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _context(parsed: Parsed, standing: Standing, span: Span, table: Span | None) -> str:
    """The title, the headings above the chunk and not in it, and the header of a table that began before it."""
    start, end = span
    headings = standing.headings(end - 1)
    told = [heading.title[:_LONGEST_LINE_OF_CONTEXT] for heading in headings if heading.start < start]
    if parsed.title and parsed.title not in (heading.title for heading in headings):
        told.insert(0, parsed.title[:_LONGEST_LINE_OF_CONTEXT])
    if table is not None and table[0] < start:
        line_end = parsed.text.find("\n", table[0], start)  # Not a slice of the table: it may be the whole document.
        told.append(parsed.text[table[0] : line_end if line_end > 0 else start][:_LONGEST_HEADER])
    return "\n".join(line for line in told if line.strip())
