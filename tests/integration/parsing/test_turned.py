"""Pages that lie on their side, or on their head, are read as if they stood: words, tables and pictures."""

from ctypes import c_ushort
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from kyozon.domain.knowledge import Parsed
from kyozon.parsing.pdf_turning import turn_level
from kyozon.parsing.reading import parse_file
from tests.integration.parsing.test_tables import RATES, cells, rules, said, tables
from tests.samples.printed import lines, pdf_file

SCAN = Path(__file__).parents[2] / "samples" / "documents" / "scan.png"
BEFORE, AFTER = "割増賃金は次の表による。", "表の後の文が、ここにある。"
MORE = ["一つ目の行", "二つ目の行", "三つ目の行"]
PAGE = [*lines([BEFORE]), *cells(RATES), *lines([AFTER], top=240)]


def read(path: Path) -> Parsed:
    return parse_file(path, path.name, lambda *_: None)


@pytest.mark.parametrize("words", [0, 90, 180, 270])
@pytest.mark.parametrize("shown", [0, 90, 180, 270])
def test_a_table_is_the_same_however_it_was_printed_and_is_shown(tmp_path: Path, words: int, shown: int) -> None:
    parsed = read(pdf_file(tmp_path / "a.pdf", [PAGE, PAGE], rules=[rules(3)] * 2, turned=(words, shown)))

    assert parsed.text.split("\n")[:6] == [BEFORE, *said(*RATES), AFTER]
    assert tables(parsed) == [said(*RATES)] * 2
    assert parsed.pages == (0, parsed.text.rindex(BEFORE))


@pytest.mark.parametrize("turned", [(90, 90), (180, 180), (270, 0)])
def test_a_picture_stands_where_it_stood(tmp_path: Path, turned: tuple[int, int]) -> None:
    page = [*lines([BEFORE, *MORE]), *lines([AFTER], top=300)]
    with Image.open(SCAN) as scan:
        path = pdf_file(tmp_path / "a.pdf", [page], pictures=[[(60, 140, 300, 75, scan)]], turned=turned)
    text = read(path).text.split()

    assert text == [BEFORE, *MORE, "就業規則の目的を定める。", "年次有給休暇は十日付与する。", AFTER]


def test_a_scan_that_lies_is_read_as_it_is_shown(tmp_path: Path) -> None:
    with Image.open(SCAN) as scan:
        scan.convert("L").rotate(90, expand=True).save(tmp_path / "lying.pdf", resolution=150)
    with pypdfium2.PdfDocument(tmp_path / "lying.pdf") as document:
        document[0].set_rotation(90)
        document.save(tmp_path / "shown.pdf")

    assert read(tmp_path / "shown.pdf").text.split() == ["就業規則の目的を定める。", "年次有給休暇は十日付与する。"]


def stamped(path: Path, words: str) -> Path:
    """With a stamp on the first page, and nothing left of this page but its upper part."""
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        page.set_cropbox(20, 30, 320, 595)
        stamp = pdfium.FPDFPage_CreateAnnot(page, pdfium.FPDF_ANNOT_STAMP)
        pdfium.FPDFAnnot_SetRect(stamp, pdfium.FS_RECTF(left=250, top=330, right=290, bottom=100))
        letters = pdfium.FPDFPageObj_NewTextObj(document, b"Helvetica-Bold", 20)
        pdfium.FPDFText_SetText(letters, (c_ushort * (len(words) + 1))(*map(ord, words)))
        pdfium.FPDFPageObj_Transform(letters, 0, 1, -1, 0, 280, 110)
        pdfium.FPDFAnnot_AppendObject(stamp, letters)
        pdfium.FPDFPage_CloseAnnot(stamp)
        page.close()
        document.save(path.with_name("stamped.pdf"))
    return path.with_name("stamped.pdf")


def test_a_stamp_on_a_scan_that_lies_is_where_it_was_put(tmp_path: Path) -> None:
    with Image.open(SCAN) as scan:
        path = pdf_file(tmp_path / "a.pdf", [lines(["第一号"])], pictures=[[(60, 100, 400, 100, scan)]], turned=(90, 90))
    text = read(stamped(path, "STAMP APPROVED")).text.split()

    assert text == ["第一号", "就業規則の目的を定める。", "年次有給休暇は十日付与する。", "STAMP", "APPROVED"]


def test_many_upright_labels_turn_no_page(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    body = [f"Line {at} of the body tells of matters of the firm, and ends here." for at in range(12)]
    for at, line in enumerate(body):
        canvas.drawString(60, 780 - 16 * at, line)
    canvas.rotate(90)
    for at in range(35):
        canvas.drawString(100, -60 - 12 * at, f"Label {at}")
    canvas.save()

    assert read(tmp_path / "a.pdf").text.split("\n")[:12] == body


@pytest.mark.parametrize(("scale", "size"), [((-1, 1), 12), ((-1, -1), -12)])
def test_mirrored_words_turn_no_page_nor_do_those_that_are_turned_twice(
    tmp_path: Path, scale: tuple[int, int], size: int
) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.translate(300, 400)
    canvas.scale(*scale)
    canvas.setFont("Helvetica", size)
    for at in range(10):
        canvas.drawString(0, 16 * at, "Words that stand in a mirror, or on their head twice")
    canvas.save()
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        assert turn_level(document[0]) is None
