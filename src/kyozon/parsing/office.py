"""Word, PowerPoint and Excel, read by kreuzberg: no macro is run, nothing that a file refers to is fetched."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from kyozon.domain.knowledge import Parsed
from kyozon.parsing import refusals
from kyozon.parsing.archives import office_kind, without_readings
from kyozon.parsing.articles import article_headings
from kyozon.parsing.building import Building

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_MIME = {
    "docx": f"{_OPEN_XML}wordprocessingml.document",
    "pptx": f"{_OPEN_XML}presentationml.presentation",
    "xlsx": f"{_OPEN_XML}spreadsheetml.sheet",
}
_RUNNING = ("header", "footer")
_NOTES = "Notes:"  # kreuzberg's own word
_BLANK_LINES = re.compile(r"\n{2,}")
_MIDNIGHT = re.compile(r"^(\d{4}-\d\d-\d\d) 00:00:00$")


def parse_office(path: Path, title: str) -> Parsed:
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
    raw = without_readings(path) if kind == "docx" else path.read_bytes()
    try:
        read = kreuzberg.extract_bytes_sync(raw, _MIME[kind], config)
    except kreuzberg.KreuzbergError as error:
        raise refusals.broken(type(error).__name__) from error
    building = Building()
    _ADDED[kind](building, read)
    return building.parsed(_title(read.metadata) or title)


def _title(metadata: Mapping[str, Any]) -> str:
    properties = metadata.get("core_properties") or metadata
    return str(properties.get("title") or "")


def _add_document(building: Building, read: Any) -> None:
    nodes: Sequence[Mapping[str, Any]] = (read.document or {}).get("nodes", ())
    has_headings = any(node["content"]["node_type"] == "heading" for node in nodes)
    in_list = False
    for content in (node["content"] for node in nodes if node.get("content_layer") not in _RUNNING):
        kind, text = content["node_type"], str(content.get("text") or "")
        if in_list and kind != "list_item":
            building.gap()
        in_list = kind == "list_item"
        if kind == "heading":
            building.heading(text, int(content["level"]))
        elif kind == "table":
            building.table(_rows(content["grid"]))
        elif text:
            building.block(f"- {text}" if in_list else text, "\n" if in_list else "\n\n")
    if not has_headings:
        building.mark(article_headings(building.text))


def _rows(grid: Mapping[str, Any]) -> list[list[str]]:
    rows = [[""] * int(grid["cols"]) for _ in range(int(grid["rows"]))]
    for cell in grid["cells"]:
        rows[cell["row"]][cell["col"]] = str(cell["content"])
    return rows


def _add_slides(building: Building, read: Any) -> None:
    """Slides are pages; the first line of one is its heading. Tables come with tabs; the speaker's notes come last."""
    raw = read.content.encode()
    for slide in (read.metadata.get("pages") or {}).get("boundaries") or [{"byte_start": 0, "byte_end": len(raw)}]:
        building.page()
        words = raw[slide["byte_start"] : slide["byte_end"]].decode("utf-8", "replace").strip()
        first, _, rest = words.partition("\n")
        building.heading(first, 1)
        blocks = [block for block in _BLANK_LINES.split(rest) if block.strip() != _NOTES]
        for tabs, alike in groupby(blocks, key=lambda block: block.count("\t")):
            if tabs:
                building.table(block.split("\t") for block in alike)
            else:
                building.block("\n\n".join(alike))


def _add_sheets(building: Building, read: Any) -> None:
    """Each sheet is a table under its name."""
    names = read.metadata.get("sheet_names") or ()
    for table in read.tables:
        if 0 < table.page_number <= len(names):
            building.heading(str(names[table.page_number - 1]), 1)
        building.table([_MIDNIGHT.sub(r"\1", cell) for cell in row] for row in table.cells)


_ADDED = {"docx": _add_document, "pptx": _add_slides, "xlsx": _add_sheets}
