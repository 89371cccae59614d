"""Files that are broken, locked, or meant to do harm: each is refused in words that say what to do."""

import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from kyozon.domain.errors import InvalidFile, KyozonError, MissingPiece, UnsupportedFile
from kyozon.parsing.reading import parse_file
from tests.samples.office import WORD, paragraph, word_file
from tests.samples.printed import lines, pdf_file

LOCKED = Path(__file__).parents[2] / "samples" / "documents" / "locked.pdf"


def good(folder: Path) -> Path:
    return word_file(folder / "good.docx", paragraph("本文"))


def bomb(folder: Path) -> Path:
    return word_file(folder / "bomb.docx", paragraph("あ" * 20_000_000))


def liar(folder: Path) -> Path:
    """Its table of contents says that it is small."""
    path = bomb(folder)
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("word/document.xml").file_size
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000)))
    return path


def laughs(folder: Path) -> Path:
    entities = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 9))
    body = f'<w:document xmlns:w="{WORD}"><w:body>{paragraph("&l8;")}</w:body></w:document>'
    return word_file(
        folder / "laughs.docx",
        "",
        {"word/document.xml": f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "lol">{entities}]>{body}'},
    )


def cut(path: Path, part: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    return path


def cut_pdf(folder: Path) -> Path:
    """The trailer is there, as at the front of files made for the web: PDFium opens it, and shows the last page empty."""
    whole = pypdfium2.PdfDocument.new()
    whole.import_pages(pypdfium2.PdfDocument(pdf_file(folder / "whole.pdf", [lines(["同じ文が続く。"] * 30)] * 9)))
    whole.save(folder / "cut.pdf")
    path = cut(folder / "cut.pdf", 0.9)
    path.write_bytes(path.read_bytes() + b"\ntrailer\n<</Root 1 0 R/Size 99>>\n")
    return path


def no_pdf(folder: Path) -> Path:
    path = folder / "no.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n")
    return path


def archive(folder: Path) -> Path:
    path = folder / "files.zip"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("a.txt", "a")
    return path


def huge(folder: Path) -> Path:
    path = folder / "huge.png"
    Image.new("1", (11_000, 10_000)).save(path)
    return path


def cut_picture(folder: Path) -> Path:
    path = folder / "cut.png"
    Image.effect_noise((60, 60), 50).save(path)
    return cut(path, 0.5)


@pytest.mark.parametrize(
    ("made", "error", "words"),
    [
        (bomb, InvalidFile, "unpacks to far more"),
        (liar, InvalidFile, "its parts cannot be unpacked"),
        (laughs, InvalidFile, "declares a document type"),
        (lambda folder: cut(good(folder), 0.7), InvalidFile, "its parts cannot be unpacked"),
        (lambda folder: word_file(folder / "a.docx", "<w:p>"), InvalidFile, "damaged"),
        (lambda folder: word_file(folder / "a.docx", paragraph(" ")), InvalidFile, "no words"),
        (cut_pdf, InvalidFile, "its end is missing"),
        (no_pdf, InvalidFile, "cannot be opened as a PDF"),
        (lambda _: LOCKED, InvalidFile, "password"),
        (archive, UnsupportedFile, "Unpack"),
        (huge, InvalidFile, "million pixels"),
        (cut_picture, InvalidFile, "damaged"),
    ],
)
def test_refused(tmp_path: Path, made: Callable[[Path], Path], error: type[KyozonError], words: str) -> None:
    path = made(tmp_path)

    with pytest.raises(error, match=words) as refused:
        parse_file(path, path.name, lambda *_: None)
    assert refused.value.text.ja


@pytest.mark.parametrize(("package", "made"), [("kreuzberg", good), ("pypdfium2", cut_pdf), ("PIL", huge)])
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, made: Callable[[Path], Path]
) -> None:
    path = made(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingPiece, match=r"pip install 'kyozon\[documents\]'"):
        parse_file(path, path.name, lambda *_: None)


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    named_wrongly = good(tmp_path).rename(tmp_path / "really.txt")

    assert parse_file(named_wrongly, "really.pdf", lambda *_: None).text == "本文\n\n"
