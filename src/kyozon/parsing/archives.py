"""Looks at an Office file's archive before anything in it is unpacked; and copies it with one part changed."""

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

PARTS = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
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


def replaced(raw: bytes, part: str, content: bytes) -> bytes:
    """The archive with another content of one part that it has; of the others nothing is unpacked, nor do they change."""
    written = BytesIO()
    written.write(raw)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive:
        # Python's archives have no way to take a part out, but for their list of contents.
        archive.filelist[:] = [info for info in archive.filelist if info.filename != part]
        del archive.NameToInfo[part]
        archive.writestr(part, content)
    return written.getvalue()
