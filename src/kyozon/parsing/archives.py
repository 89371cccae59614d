"""Looks at an Office file's archive before anything in it is unpacked."""

import re
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from kyozon.parsing import refusals

_MOST_PARTS = 20_000
_MOST_UNPACKED = 1 << 30
_ALWAYS_ALLOWED = 32 << 20
_HIGHEST_RATIO = 150  # XML of office programs packs to a tenth to a fortieth.
_ENCRYPTED = 0x1
_HEAD = 2048
# The reading of a word, in small print over it, would stand in the middle of the sentence.
_READINGS = re.compile(rb"<w:rt>.*?</w:rt>", re.DOTALL)
_DOCUMENT = "word/document.xml"

PARTS = {_DOCUMENT: "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
"""The part that says what an archive is."""


def office_kind(path: Path) -> str:
    """`docx`, `pptx` or `xlsx`.

    Raises:
        UnsupportedFile: an archive of something else.
        InvalidFile: damaged, encrypted, or it unpacks to more than it may.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _checked(parts, path.stat().st_size)
            if any(_declares_types(archive, part) for part in parts):
                raise refusals.broken(refusals.DECLARES_TYPE)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, zlib.error) as error:
        raise refusals.broken(refusals.NO_PARTS) from error
    names = {part.filename for part in parts}
    for name, kind in PARTS.items():
        if name in names:
            return kind
    raise refusals.archive()


def _declares_types(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether XML says what its own words stand for: no office program does that, only who means harm."""
    if not part.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(part) as file:
        return b"<!DOCTYPE" in file.read(_HEAD)


def _checked(parts: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed_like_a_bomb = unpacked > _ALWAYS_ALLOWED and unpacked > _HIGHEST_RATIO * size
    if len(parts) > _MOST_PARTS or unpacked > _MOST_UNPACKED or packed_like_a_bomb:
        raise refusals.bomb()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise refusals.locked()


def without_readings(path: Path) -> bytes:
    """A Word file with the base of its furigana only; as it is, where it has none.

    Raises:
        InvalidFile: the archive is damaged.
    """
    raw = path.read_bytes()
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            document = archive.read(_DOCUMENT)
            if b"<w:rt>" not in document:
                return raw
            kept = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, zlib.error) as error:
        raise refusals.broken(refusals.NO_PARTS) from error
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in (kept | {_DOCUMENT: _READINGS.sub(b"", document)}).items():
            archive.writestr(name, content)
    return written.getvalue()
