"""Word, PowerPoint and Excel, read by kreuzberg: no macro is run, nothing that a file refers to is fetched.

What is written on their pictures and drawings is read where they stand: between paragraphs, at the end of a slide, below
a sheet.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import Struct

from kyozon.domain.knowledge import Parsed
from kyozon.parsing import refusals
from kyozon.parsing.archives import office_kind, replaced
from kyozon.parsing.articles import article_headings
from kyozon.parsing.building import Building
from kyozon.parsing.drawings import Drawings
from kyozon.parsing.embedded import Pictures
from kyozon.parsing.framed import in_order
from kyozon.parsing.lines import Line
from kyozon.parsing.office_parts import BROKEN, Parts
from kyozon.ports.knowledge_parsing import Report

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_MIME = {
    "docx": f"{_OPEN_XML}wordprocessingml.document",
    "pptx": f"{_OPEN_XML}presentationml.presentation",
    "xlsx": f"{_OPEN_XML}spreadsheetml.sheet",
}
_DOCUMENT = "word/document.xml"
_RUNNING = ("header", "footer")
_NOTES = "Notes:"  # kreuzberg's own word
_BLANK_LINES = re.compile(r"\n{2,}")
_DIGITS = re.compile(r"\d+")
_MIDNIGHT = re.compile(r"^(\d{4}-\d\d-\d\d) 00:00:00$")


class _Beside(Struct, frozen=True):
    """What is in an archive beside the words that kreuzberg has."""

    parts: Parts
    pictures: Pictures
    drawings: Drawings


def parse_office(path: Path, title: str, report: Report) -> Parsed:
    """A document, slides, or sheets, whatever the file's name says.

    Raises:
        UnsupportedFile: it is an archive of something else.
        InvalidFile: it is damaged, locked, empty or a bomb.
        MissingPiece: kreuzberg is not installed.
    """
    kind = office_kind(path)
    try:
        import kreuzberg  # noqa: PLC0415 - it is in an extra, and takes a while to load
    except ImportError as error:
        raise refusals.missing("kreuzberg") from error
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        include_document_structure=kind == "docx",
        pages=kreuzberg.PageConfig(extract_pages=True),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    building = Building()
    with zipfile.ZipFile(path) as archive:
        parts = Parts(archive)
        raw = _document(path, archive, parts) if kind == "docx" else path.read_bytes()
        try:
            read = kreuzberg.extract_bytes_sync(raw, _MIME[kind], config)
        except kreuzberg.KreuzbergError as error:
            raise refusals.failed(error) from error
        _ADDED[kind](building, read, _Beside(parts, Pictures(archive, parts, report), Drawings(parts)))
    return building.parsed(_title(read.metadata) or title)


def _document(path: Path, archive: zipfile.ZipFile, parts: Parts) -> bytes:
    """A file of Word as kreuzberg reads all of it."""
    raw, models, drawings = path.read_bytes(), dict(parts.links(_DOCUMENT)), Drawings(parts)
    try:
        document = archive.read(_DOCUMENT)
    except BROKEN as error:
        raise refusals.broken(refusals.NO_PARTS) from error
    ordered = in_order(document, lambda link: drawings.in_diagram(models[link][1]) if link in models else ())
    return raw if ordered is document else replaced(raw, _DOCUMENT, ordered)


def _title(metadata: Mapping[str, Any]) -> str:
    properties = metadata.get("core_properties") or metadata
    return str(properties.get("title") or "")


def _add_document(building: Building, read: Any, beside: _Beside) -> None:
    nodes: Sequence[Mapping[str, Any]] = (read.document or {}).get("nodes", ())
    shown = [node for node in nodes if node.get("content_layer") not in _RUNNING]
    has_headings = any(node["content"]["node_type"] == "heading" for node in shown)
    in_list = False
    for node in shown:
        content = node["content"]
        kind, text = content["node_type"], str(content.get("text") or "")
        if in_list and kind != "list_item":
            building.gap()
        in_list = kind == "list_item"
        if kind == "heading":
            building.heading(text, int(content["level"]))
        elif kind == "table":
            building.table(_rows(content["grid"]))
        elif kind == "image":
            _add_scans(building, [beside.pictures.lines(_part(node))])
        elif text:
            building.block(f"- {text}" if in_list else text, "\n" if in_list else "\n\n")
    # Of old drawings kreuzberg does not tell the place.
    _add_scans(building, map(beside.pictures.lines, beside.pictures.of_document()))
    if not has_headings:
        building.mark(article_headings(building.text))


def _part(node: Mapping[str, Any]) -> str:
    address = str((node.get("attributes") or {}).get("image_uri") or "")
    return posixpath.normpath(posixpath.join("/word", address)).lstrip("/")


def _add_scans(building: Building, scans: Iterable[Sequence[Line]]) -> None:
    for lines in scans:
        building.scan(lines)


def _rows(grid: Mapping[str, Any]) -> list[list[str]]:
    rows = [[""] * int(grid["cols"]) for _ in range(int(grid["rows"]))]
    for cell in grid["cells"]:
        rows[cell["row"]][cell["col"]] = str(cell["content"])
    return rows


def _add_slides(building: Building, read: Any, beside: _Beside) -> None:
    """Slides are pages, in the order of the show; kreuzberg has them in that of their parts' numbers."""
    raw = read.content.encode()
    ends = (read.metadata.get("pages") or {}).get("boundaries") or [{"byte_start": 0, "byte_end": len(raw)}]
    slides = [raw[one["byte_start"] : one["byte_end"]].decode("utf-8", "replace").strip() for one in ends]
    shown = beside.parts.pages("pptx")
    if len(shown) != len(slides) or not all(map(_DIGITS.search, shown)):
        # Parts that no show has, or that have no number: nobody can say which is which.
        shown = [str(at) for at in range(len(slides))]
    by_part = sorted(shown, key=lambda part: int(_DIGITS.findall(part)[-1]))
    words = dict(zip(by_part, slides, strict=True))
    for part in shown:
        building.page()
        _add_slide(building, words[part])
        building.block("\n".join(beside.drawings.on_slide(part)))
        _add_scans(building, map(beside.pictures.lines, beside.pictures.on_page(part)))


def _add_slide(building: Building, words: str) -> None:
    """The first line is its heading. Tables come with tabs; the speaker's notes come last."""
    first, _, rest = words.partition("\n")
    building.heading(first, 1)
    blocks = [block for block in _BLANK_LINES.split(rest) if block.strip() != _NOTES]
    for tabs, alike in groupby(blocks, key=lambda block: block.count("\t")):
        if tabs:
            building.table(block.split("\t") for block in alike)
        else:
            building.block("\n\n".join(alike))


def _add_sheets(building: Building, read: Any, beside: _Beside) -> None:
    """Each sheet is a table under its name, and what is written in its shapes and on its pictures."""
    names = dict(enumerate(map(str, read.metadata.get("sheet_names") or ()), 1))
    parts = dict(enumerate(beside.parts.pages("xlsx"), 1))
    for number in sorted({*names, *(table.page_number for table in read.tables)}):
        tables = [table for table in read.tables if table.page_number == number]
        part = parts.get(number, "")
        shapes = "\n".join(beside.drawings.on_sheet(part))
        scans = [lines for one in beside.pictures.on_page(part) if (lines := beside.pictures.lines(one))]
        if number in names and (tables or shapes or scans):
            building.heading(names[number], 1)
        for table in tables:
            building.table([_MIDNIGHT.sub(r"\1", cell) for cell in row] for row in table.cells)
        building.block(shapes)
        _add_scans(building, scans)


_ADDED = {"docx": _add_document, "pptx": _add_slides, "xlsx": _add_sheets}
