"""Pictures in files of Office are read where they stand, once, and marked; what is broken or huge does no harm."""

import io
from pathlib import Path

import pytest
from PIL import Image

from kyozon.domain.knowledge import Chunking, Parsed
from kyozon.parsing import embedded
from kyozon.parsing import scans as reading
from kyozon.parsing.reading import parse_file
from kyozon.retrieval.splitting import split
from tests.samples.office import drawing, links, paragraph, sheets_file, slides_file, with_parts, word_file

SCAN = (Path(__file__).parents[2] / "samples" / "documents" / "scan.png").read_bytes()
WORDS = ["就業規則の目的を定める。", "年次有給休暇は十日付与する。"]


def read(path: Path) -> Parsed:
    return parse_file(path, path.name, lambda *_: None)


def scans(parsed: Parsed) -> list[list[str]]:
    return [parsed.text[start:end].split() for start, end in parsed.scanned]


def word_with(path: Path, picture: bytes, body: str) -> Path:
    linked = {"word/_rels/document.xml.rels": links(("styles", "styles.xml"), ("image", "media/a.png"))}
    return with_parts(word_file(path, body, linked), {"word/media/a.png": picture})


def test_in_word_they_stand_between_the_paragraphs(tmp_path: Path) -> None:
    body = paragraph("前の文。") + drawing("r1") + paragraph("後の文。") + drawing("r1")
    parsed = read(word_with(tmp_path / "a.docx", SCAN, body))

    assert parsed.text.split() == ["前の文。", *WORDS, "後の文。"]
    assert scans(parsed) == [WORDS]
    chunks = [(chunk.text, chunk.anchor.scanned) for chunk in split(parsed, Chunking(11, 0))]
    assert chunks == [("前の文。", False), *((words, True) for words in WORDS), ("後の文。", False)]


def test_old_drawings_come_last(tmp_path: Path) -> None:
    assert read(word_with(tmp_path / "a.docx", SCAN, paragraph("前の文。"))).text.split() == ["前の文。", *WORDS]


def test_on_slides_they_end_their_page_and_slides_come_as_they_are_shown(tmp_path: Path) -> None:
    path = slides_file(tmp_path / "a.pptx", [("会社の紹介", "一つ目の文"), ("料金", "二つ目の文")], order=(2, 1))
    linked = {"ppt/slides/_rels/slide2.xml.rels": links(("slideLayout", "x.xml"), ("image", "../media/a.png"))}
    parsed = read(with_parts(path, linked | {"ppt/media/a.png": SCAN}))

    assert parsed.text.split() == ["料金", "二つ目の文", *WORDS, "会社の紹介", "一つ目の文"]
    assert parsed.pages == (0, parsed.text.index("会社の紹介"))
    assert scans(parsed) == [WORDS]


def test_on_sheets_they_stand_below_the_cells(tmp_path: Path) -> None:
    path = sheets_file(tmp_path / "a.xlsx", {"一": [("い", "ろ")], "二": [("は", "に")]})
    parts = {
        "xl/worksheets/_rels/sheet0.xml.rels": links(("drawing", "/xl/drawings/d.xml")),
        "xl/drawings/_rels/d.xml.rels": links(("image", "../media/a.png"), ("image", "../media/none.png")),
    }
    parsed = read(with_parts(path, parts | {"xl/media/a.png": SCAN}))

    assert parsed.text.split() == ["一", "い", "|", "ろ", *WORDS, "二", "は", "|", "に"]


@pytest.mark.parametrize("picture", [SCAN[:2000], b"no picture", b""])
def test_a_damaged_picture_leaves_the_rest(tmp_path: Path, picture: bytes) -> None:
    assert read(word_with(tmp_path / "a.docx", picture, paragraph("本文。") + drawing("r1"))).text.split() == ["本文。"]


def test_icons_are_not_read(tmp_path: Path) -> None:
    icon = io.BytesIO()
    Image.new("L", (64, 64), "white").save(icon, "PNG")
    parsed = read(word_with(tmp_path / "a.docx", icon.getvalue(), paragraph("本文。") + drawing("r1")))

    assert (parsed.text.split(), parsed.scanned) == (["本文。"], ())


def test_one_that_is_too_large_leaves_the_rest(tmp_path: Path) -> None:
    large = io.BytesIO()
    Image.new("1", (11_000, 10_000)).save(large, "PNG")

    parsed = read(word_with(tmp_path / "a.docx", large.getvalue(), paragraph("本文。") + drawing("r1")))
    assert parsed.text.split() == ["本文。"]


def test_a_broken_note_on_how_the_camera_was_held_is_passed_over(tmp_path: Path) -> None:
    odd = io.BytesIO()
    with Image.open(io.BytesIO(SCAN)) as scan:
        scan.save(odd, "PNG", exif=b"Exif\0\0no such note")

    parsed = read(word_with(tmp_path / "a.docx", odd.getvalue(), paragraph("本文。") + drawing("r1")))
    assert parsed.text.split() == ["本文。", *WORDS]


def test_a_list_of_pictures_in_letters_that_nobody_knows_is_none(tmp_path: Path) -> None:
    unknown = "<?xml version='1.0' encoding='nobodys'?><Relationships/>"

    path = word_file(tmp_path / "a.docx", paragraph("本文。"), {"word/_rels/document.xml.rels": unknown})
    assert read(path).text.split() == ["本文。"]


def test_of_very_many_pictures_some_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MOST_PICTURES", 0)

    assert read(word_with(tmp_path / "a.docx", SCAN, paragraph("本文。") + drawing("r1"))).text.split() == ["本文。"]


def test_what_cannot_be_read_costs_itself_and_not_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted() -> None:
        raise MemoryError

    monkeypatch.setattr(reading, "_engine", exhausted)  # as when the memory that the process may take is used up

    assert read(word_with(tmp_path / "a.docx", SCAN, paragraph("本文。") + drawing("r1"))).text.split() == ["本文。"]
