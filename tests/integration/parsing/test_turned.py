"""Pages that lie on their side, or on their head, are read as if they stood: words, tables and pictures."""

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from kyozon.domain.knowledge import Parsed
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
