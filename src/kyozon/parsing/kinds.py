"""Which kind of file this is. Its first bytes say so; the name decides only between kinds of plain text."""

from enum import Enum
from pathlib import PurePath

from kyozon.parsing import refusals

_HEAD = 1024


class Kind(Enum):
    """What reads a file."""

    PDF = "pdf"
    OFFICE = "office"
    PICTURE = "picture"
    PAGE = "page"
    MARKDOWN = "markdown"
    COMMA_SEPARATED = "csv"
    TAB_SEPARATED = "tsv"
    MAIL = "mail"
    TEXT = "text"


_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF87a", b"GIF89a")
_ARCHIVES = (b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_BY_NAME = {
    ".htm": Kind.PAGE,
    ".html": Kind.PAGE,
    ".xhtml": Kind.PAGE,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".csv": Kind.COMMA_SEPARATED,
    ".tsv": Kind.TAB_SEPARATED,
    ".eml": Kind.MAIL,
}


def kind_of(head: bytes, filename: str) -> Kind:
    """The kind of a file that begins with `head`.

    Raises:
        UnsupportedFile: a kind that is not read.
        InvalidFile: empty, or an encrypted file of Office.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise refusals.empty()
    if b"%PDF-" in head[:_HEAD]:
        return Kind.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Kind.OFFICE
    if head.startswith(_OLD_OFFICE):
        raise refusals.locked() if _ENCRYPTED in head else refusals.old_office()
    if head.startswith(_ARCHIVES):
        raise refusals.archive()
    if head.startswith(_PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return Kind.PICTURE
    return _BY_NAME.get(PurePath(filename.lower()).suffix) or (Kind.PAGE if _is_page(start) else Kind.TEXT)


def _is_page(start: bytes) -> bool:
    return start[:64].lower().startswith((b"<!doctype html", b"<html"))
