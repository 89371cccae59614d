"""PDF, page by page: the words that stand in the file, and what OCR reads of pictures."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kyozon.domain.knowledge import Heading, Parsed
from kyozon.parsing import refusals
from kyozon.parsing.articles import article_headings
from kyozon.parsing.building import Building, on_one_line
from kyozon.parsing.figures import in_reading_order
from kyozon.parsing.lines import Line
from kyozon.parsing.pdf_lines import usual_height, words_of
from kyozon.parsing.pdf_pictures import Pictures, has_pictures, page_as_picture
from kyozon.parsing.pdf_turning import turn_level
from kyozon.parsing.running_heads import with_tables_joined, without_running_heads
from kyozon.parsing.unwrapping import unwrapped
from kyozon.ports.knowledge_parsing import Report

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_TAIL = 1 << 16
_FEWEST_CHARACTERS = 16  # of a page: where there are fewer, beside a picture, all of it may be one
_ILLEGIBLE = re.compile("[\ue000-\uf8ff\ufffd\x00-\x08]")
_MOST_ILLEGIBLE = 0.3  # characters: where there are more, nobody can tell the letters apart
_HIGHER = 1.18  # than the usual letters a heading is
_LONGEST_HEADING = 80
_MOST_HEADINGS = 0.25  # of all lines; where there are more they are something else
_WORDLESS = re.compile(r"[\W\d_]*")
_NO_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel)\b|\(?(untitled|無題)|\(?(anonymous|unspecified)\)?$"
    r"|.*\.(docx?|pptx?|xlsx?|indd|pdf|jtd)$)",
    re.IGNORECASE,
)


def parse_pdf(path: Path, title: str, report: Report) -> Parsed:
    """The words of a PDF; headings are numbered articles, and lines in larger letters than most.

    Raises:
        InvalidFile: it is damaged, cut off, locked, or there are no words in it.
        MissingPiece: what reads PDF, or pictures, is not installed.
    """
    pages: list[list[Line]] = []
    pictures = Pictures()
    with _opened(path) as document:
        count = len(document)
        for number in range(count):
            pages.append(_page(document, number, pictures))
            report(number + 1, count)
        own = on_one_line(str(document.get_metadata_value("Title") or ""))
    return _built(pages, title if not own or _NO_TITLE.match(own) else own)


@contextmanager
def _opened(path: Path) -> "Iterator[PdfDocument]":
    try:
        import pypdfium2  # noqa: PLC0415 - it is in an extra
        import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above
    except ImportError as error:
        raise refusals.missing("pypdfium2") from error
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        if b"%%EOF" not in file.read():  # PDFium would show the pages that are left, and the rest would not be missed.
            raise refusals.broken(refusals.NO_END)
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pdfium.FPDF_ERR_PASSWORD
        raise refusals.locked() if locked else refusals.broken(refusals.NO_PDF) from error
    try:
        yield document
    finally:
        document.close()


def _page(document: "PdfDocument", number: int, pictures: Pictures) -> list[Line]:
    import pypdfium2  # noqa: PLC0415 - it is in an extra

    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise refusals.broken_page(number + 1) from error
    try:
        turned = turn_level(page)
        figures = pictures.on(page)
        words = words_of(page, placed=bool(figures))
        said = "".join(line.words for part in words.parts for line in part.lines)
        if len(_ILLEGIBLE.findall(said)) > _MOST_ILLEGIBLE * len(said):
            parts = page_as_picture(page, (), turned)
        elif len("".join(said.split())) < _FEWEST_CHARACTERS and has_pictures(page):
            places = words_of(page, placed=True).places
            parts = in_reading_order(words.parts, page_as_picture(page, places, turned))
        else:
            parts = in_reading_order(words.parts, pictures.read(page, figures, words.places))
        return [line for part in parts for line in part.lines]
    finally:
        page.close()


def _built(pages: Sequence[Sequence[Line]], title: str) -> Parsed:
    building = Building()
    written = without_running_heads(pages)
    sizes = _heading_sizes([line for lines in written for line in lines if not line.scan])
    large: dict[int, Heading] = {}
    for lines in with_tables_joined(written):
        building.page()
        for start, line in building.lines(unwrapped(lines)):
            if line.height in sizes and _may_be_heading(line):
                large[start] = Heading(start, 1 + sizes.index(line.height), on_one_line(line.words))
        if not (lines and lines[-1].scan):
            building.gap()
    numbered = {heading.start: heading for heading in article_headings(building.text)}
    building.mark((large | numbered).values())
    return building.parsed(title)


def _heading_sizes(lines: Sequence[Line]) -> list[float]:
    """The heights of headings, the greatest first; none where too much would be one."""
    usual = usual_height(lines)
    large = [line for line in lines if line.height >= _HIGHER * usual and _may_be_heading(line)]
    return sorted({line.height for line in large}, reverse=True) if len(large) <= _MOST_HEADINGS * len(lines) else []


def _may_be_heading(line: Line) -> bool:
    return not line.whole and len(line.words) <= _LONGEST_HEADING and not _WORDLESS.fullmatch(line.words)
