"""Words in text boxes, groups, SmartArt and on the sheets of Excel arrive, and nothing is lost beside them."""

import zipfile
from pathlib import Path

from kyozon.domain.knowledge import Parsed
from kyozon.parsing.reading import parse_file
from tests.samples.office import (
    DRAWING,
    diagram,
    framed,
    links,
    model,
    paragraph,
    sheets_file,
    slides_file,
    with_parts,
    word_file,
)

STEPS = {"1": ("2", "完了を知らせる"), "2": ("", "申請を出す"), "3": ("2", "上司が承認する"), "4": ("3", "差し戻す")}
SAID = ["申請を出す", "完了を知らせる", "上司が承認する", "差し戻す"]


def read(path: Path) -> Parsed:
    return parse_file(path, path.name, lambda *_: None)


def test_a_paragraph_or_heading_with_a_text_box_keeps_its_words(tmp_path: Path) -> None:
    heading = paragraph("休暇の規程", "1").replace("</w:p>", f"{framed('見出しの箱', '二行目')}</w:p>")
    body = heading + paragraph("本文がここにある。").replace("</w:p>", f"{framed('本文の箱')}</w:p>")
    parsed = read(word_file(tmp_path / "a.docx", body))

    assert parsed.text.split() == ["休暇の規程", "見出しの箱", "二行目", "本文がここにある。", "本文の箱"]
    assert [heading.title for heading in parsed.headings] == ["休暇の規程"]


def test_smartart_of_word_stands_where_it_is_shown(tmp_path: Path) -> None:
    shown = f"<w:p><w:r><w:drawing>{diagram('r1')}</w:drawing></w:r></w:p>"
    linked = {"word/_rels/document.xml.rels": links(("styles", "styles.xml"), ("diagramData", "diagrams/data1.xml"))}
    path = word_file(tmp_path / "a.docx", paragraph("前の文。") + shown * 2 + paragraph("後の文。"), linked)

    assert read(with_parts(path, {"word/diagrams/data1.xml": model(STEPS)})).text.split() == ["前の文。", *SAID, "後の文。"]


def test_smartart_of_a_slide_is_on_its_page(tmp_path: Path) -> None:
    path = slides_file(tmp_path / "a.pptx", [("申請の流れ", "一つ目の文"), ("料金", "二つ目の文")])
    linked = links(("slideLayout", "x.xml"), ("diagramData", "../diagrams/data1.xml"))
    parts = {"ppt/slides/_rels/slide1.xml.rels": linked, "ppt/diagrams/data1.xml": model(STEPS)}
    parsed = read(with_parts(path, parts))

    assert parsed.text.split() == ["申請の流れ", "一つ目の文", *SAID, "料金", "二つ目の文"]
    assert parsed.pages == (0, parsed.text.index("料金"))


def test_shapes_and_smartart_on_a_sheet_stand_below_its_cells(tmp_path: Path) -> None:
    runs = "<a:r><a:t>注：</a:t></a:r><a:r><a:t>税抜き</a:t></a:r>"
    shape = f'<sp><a:txBody xmlns:a="{DRAWING}"><a:p>{runs}</a:p></a:txBody></sp>'
    parts = {
        "xl/worksheets/_rels/sheet0.xml.rels": links(("drawing", "/xl/drawings/d.xml")),
        "xl/drawings/d.xml": f"<wsDr>{shape}</wsDr>",
        "xl/drawings/_rels/d.xml.rels": links(("diagramData", "../diagrams/data1.xml")),
        "xl/diagrams/data1.xml": model(STEPS),
    }
    path = sheets_file(tmp_path / "a.xlsx", {"一": [("い", "ろ")], "二": [("は", "に")]})

    assert read(with_parts(path, parts)).text.split() == ["一", "い", "|", "ろ", "注：税抜き", *SAID, "二", "は", "|", "に"]


def test_a_picture_that_is_damaged_costs_no_words(tmp_path: Path) -> None:
    path = word_file(tmp_path / "a.docx", paragraph("本文がここにある。").replace("</w:p>", f"{framed('箱')}</w:p>"))
    picture = b"no picture, but bytes that are not packed"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/media/a.png", picture)
    path.write_bytes(path.read_bytes().replace(picture, picture[::-1]))

    assert read(path).text.split() == ["本文がここにある。", "箱"]


def test_a_place_of_more_digits_than_a_number_has_is_none(tmp_path: Path) -> None:
    path = slides_file(tmp_path / "a.pptx", [("流れ", "文")])
    linked = links(("slideLayout", "x.xml"), ("diagramData", "../a.xml"))
    points = {"1": ("", "甲"), "2": ("1", "丙"), "9" * 5000: ("1", "乙")}
    parts = {"ppt/slides/_rels/slide1.xml.rels": linked, "ppt/a.xml": model(points)}

    assert read(with_parts(path, parts)).text.split() == ["流れ", "文", "甲", "乙", "丙"]


def test_a_model_in_circles_or_in_pieces_ends(tmp_path: Path) -> None:
    path = slides_file(tmp_path / "a.pptx", [("流れ", "文")])
    parts = {
        "ppt/slides/_rels/slide1.xml.rels": links(
            ("slideLayout", "x.xml"),
            ("diagramData", "../a.xml"),
            ("diagramData", "../b.xml"),
            ("diagramData", "../none.xml"),
        ),
        "ppt/a.xml": model({"1": ("2", "甲"), "2": ("1", "乙")}),
        "ppt/b.xml": "<dataModel><ptLst>",
    }

    assert read(with_parts(path, parts)).text.split() == ["流れ", "文", "甲", "乙"]
