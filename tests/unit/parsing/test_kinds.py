"""A file is what its first bytes say, whatever it is called."""

import pytest

from kyozon.domain.errors import InvalidFile, UnsupportedFile
from kyozon.parsing.kinds import Kind, kind_of


@pytest.mark.parametrize(
    ("head", "filename", "kind"),
    [
        (b"%PDF-1.7", "a.txt", Kind.PDF),
        (b"\n\n%PDF-1.4", "a", Kind.PDF),
        (b"PK\x03\x04....", "a.pdf", Kind.OFFICE),
        (b"\x89PNG\r\n\x1a\n", "a.docx", Kind.PICTURE),
        (b"RIFF\0\0\0\0WEBPVP8", "a", Kind.PICTURE),
        (b"\xef\xbb\xbf  <!DOCTYPE HTML><p>", "a", Kind.PAGE),
        (b"<p>", "A.HTML", Kind.PAGE),
        (b"# title", "README.md", Kind.MARKDOWN),
        (b"a,b", "x.csv", Kind.COMMA_SEPARATED),
        (b"a\tb", "x.TSV", Kind.TAB_SEPARATED),
        (b"Subject: x", "x.eml", Kind.MAIL),
        (b"print(1)", "x.py", Kind.TEXT),
        ("規則".encode("cp932"), "規則", Kind.TEXT),
    ],
)
def test_kinds(head: bytes, filename: str, kind: Kind) -> None:
    assert kind_of(head, filename) is kind


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("head", "error", "words"),
    [
        (b"", InvalidFile, "no words"),
        (b" \r\n\t", InvalidFile, "no words"),
        (OLD, UnsupportedFile, "save it as"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), InvalidFile, "password"),
        (b"Rar!\x1a\x07\x00", UnsupportedFile, "Unpack"),
        (b"\x1f\x8b\x08", UnsupportedFile, "Unpack"),
    ],
)
def test_refusals_say_what_to_do(head: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        kind_of(head, "a.docx")
