"""The pictures in a file of Office: which of them stand in what part, and what is written on them.

Scanned pages that were pasted into Word, and screenshots on slides, are often all there is of a text. Which picture belongs
to which slide or sheet, the links from part to part say. Nothing outside of the archive is looked at.
"""

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from kyozon.domain.errors import InvalidFile
from kyozon.parsing.lines import Line
from kyozon.parsing.scans import UNREADABLE, lines_in, picture_in
from kyozon.ports.knowledge_parsing import Report

MOST_PICTURES = 200
"""So many pictures of a file are read: at 5 s each, half of the time that a file has by default."""

_LINKS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ROLE = re.compile(r"/(slide|worksheet|chartsheet|drawing|image)$")
_REFERENCE = re.compile(r"[{/]officeDocument/(?:2006/)?relationships\}id$")
_LISTS = {"pptx": ("ppt/presentation.xml", "sldId"), "xlsx": ("xl/workbook.xml", "sheet")}
_SMALLEST = 100  # picture elements of the longer side: smaller ones are icons
_BROKEN = (*UNREADABLE, LookupError, NotImplementedError, struct.error, zipfile.BadZipFile, zlib.error)


class Pictures:
    """The pictures of one archive. Each is read where it stands first; a logo does not come with every slide."""

    def __init__(self, archive: zipfile.ZipFile, report: Report) -> None:
        self._archive = archive
        self._report = report
        self._count = sum("/media/" in name for name in archive.namelist())
        self._met: set[tuple[int, int]] = set()

    def lines(self, part: str) -> Sequence[Line]:
        """What is written on the picture in `part`; nothing where it is none, small, too large, damaged, or met before.

        Raises:
            MissingPiece: what reads pictures is not installed.
        """
        try:
            info = self._archive.getinfo(part)
            content = (info.CRC, info.file_size)
            if content in self._met or len(self._met) >= MOST_PICTURES:
                return ()
            with self._archive.open(info) as file, picture_in(file) as picture:
                if max(picture.size) < _SMALLEST:
                    return ()
                self._met.add(content)
                lines = lines_in(picture)
            self._report(len(self._met), max(self._count, len(self._met)))
        except (*_BROKEN, InvalidFile):
            return ()  # Office shows the rest of such a file as well.
        return lines

    def of_pages(self, kind: str) -> list[tuple[str, list[str]]]:
        """The slides (`pptx`) or sheets (`xlsx`) as they are shown: the part, and those of its pictures."""
        main, item = _LISTS[kind]
        targets = dict(self._links(main))
        listed = (element.attrib for element in self._root(main).iter() if element.tag.endswith(f"}}{item}"))
        named = (next((value for name, value in one.items() if _REFERENCE.search(name)), "") for one in listed)
        pages = (targets[one][1] for one in named if one in targets)
        return [(page, list(self._shown(page))) for page in pages]

    def of_document(self) -> list[str]:
        """The parts that hold the pictures of a Word document's body, in the order of their links."""
        return [part for _, (role, part) in self._links("word/document.xml") if role == "image"]

    def _shown(self, page: str) -> Iterator[str]:
        for _, (role, part) in self._links(page):
            if role == "image":
                yield part
            elif role == "drawing":
                yield from (one for _, (kind, one) in self._links(part) if kind == "image")

    def _links(self, part: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Name, role and target of what a part refers to within the archive."""
        folder, name = posixpath.split(part)
        for link in self._root(f"{folder}/_rels/{name}.rels").iter(_LINKS):
            role = _ROLE.search(link.get("Type", ""))
            if role and link.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, link.get("Target", "")))
                yield link.get("Id", ""), (role[1], target.lstrip("/"))

    def _root(self, part: str) -> ET.Element:
        """The XML of a part; an empty element where there is none that can be read."""
        try:
            return ET.fromstring(self._archive.read(part))  # noqa: S314 - entities were refused when the archive was looked at
        except _BROKEN:
            return ET.Element("none")
