"""The parts of a file of Office, and the links from one to another. Nothing outside of the archive is looked at."""

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from kyozon.parsing.scans import UNREADABLE

BROKEN = (*UNREADABLE, LookupError, NotImplementedError, struct.error, zipfile.BadZipFile, zlib.error)
"""What is raised for a part that is not there, or cannot be unpacked or read."""

_LINKS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ROLE = re.compile(r"/(slide|worksheet|chartsheet|drawing|image|diagramData)$")
_REFERENCE = re.compile(r"[{/]officeDocument/(?:2006/)?relationships\}id$")
_LISTS = {"pptx": ("ppt/presentation.xml", "sldId"), "xlsx": ("xl/workbook.xml", "sheet")}


class Parts:
    """Those of one archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def pages(self, kind: str) -> list[str]:
        """The slides (`pptx`) or sheets (`xlsx`) as they are shown."""
        main, item = _LISTS[kind]
        targets = dict(self.links(main))
        listed = (element.attrib for element in self.root(main).iter() if element.tag.endswith(f"}}{item}"))
        named = (next((value for name, value in one.items() if _REFERENCE.search(name)), "") for one in listed)
        return [targets[one][1] for one in named if one in targets]

    def linked(self, part: str, role: str) -> list[str]:
        """The parts of one role that a part refers to."""
        return [target for _, (found, target) in self.links(part) if found == role]

    def links(self, part: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Name, role and target of what a part refers to within the archive."""
        folder, name = posixpath.split(part)
        for link in self.root(f"{folder}/_rels/{name}.rels").iter(_LINKS):
            role = _ROLE.search(link.get("Type", ""))
            if role and link.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, link.get("Target", "")))
                yield link.get("Id", ""), (role[1], target.lstrip("/"))

    def root(self, part: str) -> ET.Element:
        """The XML of a part; an empty element where there is none that can be read."""
        try:
            return ET.fromstring(self._archive.read(part))  # noqa: S314 - entities were refused when the archive was looked at
        except BROKEN:
            return ET.Element("none")
