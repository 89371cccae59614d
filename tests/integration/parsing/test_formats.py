"""Every format with the libraries that read it: words, headings, tables and pages are where they are said to be."""

import os
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from PIL import ExifTags, Image, ImageOps

from kyozon.domain.knowledge import Parsed
from kyozon.parsing.reading import parse_file
from tests.samples.office import paragraph, ruby, sheets_file, slides_file, table, word_file
from tests.samples.printed import lines, pdf_file

SAMPLES = Path(__file__).parents[2] / "samples" / "documents"


def read(path: Path) -> Parsed:
    parsed = parse_file(path, path.name, lambda *_: None)
    assert all(parsed.text.startswith(one.title.split()[0], one.start) for one in parsed.headings)
    assert all(0 <= start < end <= len(parsed.text) for start, end in parsed.tables)
    assert list(parsed.pages) == sorted(parsed.pages)
    return parsed


def outline(parsed: Parsed) -> list[tuple[int, str]]:
    return [(one.level, one.title) for one in parsed.headings]


def test_word(tmp_path: Path) -> None:
    body = paragraph("就業規則", "1") + paragraph("第1条（目的）", "a3")
    body += f"<w:p>{ruby('漢字', 'かんじ')}<w:r><w:t>と*記号*_を_髙﨑𠮷㈱と読む。ｶﾅ</w:t></w:r></w:p>"
    body += (
        table([("等級", "手当|額"), ("一級", "10,000円")])
        + "<w:p><w:del><w:r><w:delText>消した文</w:delText></w:r></w:del></w:p>"
    )
    parsed = read(word_file(tmp_path / "rules.docx", body))

    assert (
        parsed.text
        == "就業規則\n\n第1条（目的）\n\n漢字と*記号*_を_髙﨑𠮷㈱と読む。ｶﾅ\n\n等級 | 手当|額\n一級 | 10,000円\n\n"
    )
    assert outline(parsed) == [(1, "就業規則"), (2, "第1条（目的）")]
    assert [parsed.text[start:end] for start, end in parsed.tables] == ["等級 | 手当|額\n一級 | 10,000円\n"]
    assert (parsed.title, parsed.pages) == ("rules", ())


def test_a_word_file_without_styles_has_its_articles_for_headings(tmp_path: Path) -> None:
    body = "".join(map(paragraph, ("第1条（目的）", "目的の文。", "第2条（適用）", "適用の文。")))

    assert outline(read(word_file(tmp_path / "a.docx", body))) == [(5, "第1条（目的）"), (5, "第2条（適用）")]


def test_macros_and_links_are_neither_run_nor_followed(tmp_path: Path) -> None:
    link = '<Relationship Id="x" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    outside = f'{link}attachedTemplate" Target="http://127.0.0.1:9/template.dotm" TargetMode="External"/>'
    links = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{outside}</Relationships>'
    parts = {"word/vbaProject.bin": "MACRO", "word/_rels/settings.xml.rels": links}

    assert read(word_file(tmp_path / "a.docm", paragraph("本文"), parts)).text == "本文\n\n"


def test_excel(tmp_path: Path) -> None:
    parsed = read(
        sheets_file(tmp_path / "prices.xlsx", {"料金表": [("品", "値"), ("鉛筆", "50")], "二": [("い", "ろ"), ("1", "2")]})
    )

    assert outline(parsed) == [(1, "料金表"), (1, "二")]
    assert [parsed.text[start:end] for start, end in parsed.tables] == ["品 | 値\n鉛筆 | 50\n", "い | ろ\n1 | 2\n"]


def test_powerpoint(tmp_path: Path) -> None:
    parsed = read(slides_file(tmp_path / "deck.pptx", [("会社の紹介", "一つ目の文"), ("料金", "二つ目の文", "三つ目の文")]))

    assert outline(parsed) == [(1, "会社の紹介"), (1, "料金")]
    assert parsed.pages == (0, parsed.text.index("料金"))
    assert parsed.text.split() == ["会社の紹介", "一つ目の文", "料金", "二つ目の文", "三つ目の文"]


def test_pdf(tmp_path: Path) -> None:
    text = lines(
        ["年次有給休暇は、六箇月間継続して勤務した者に十日を与え、その時季は", "本人の請求による。", "短い行"], top=100
    )
    cells = [
        (60 + 150 * at, 200.0 + 16 * row, 10.0, cell)
        for row, cells in enumerate((("品名", "値段"), ("鉛筆", "50円")))
        for at, cell in enumerate(cells)
    ]
    pages = [[*lines(["休暇規程"], height=20), *text, *cells], lines(["第二頁の文。"])]
    parsed = read(pdf_file(tmp_path / "leave.pdf", pages, "休暇の規程"))

    first, second = parsed.text[: parsed.pages[1]], parsed.text[parsed.pages[1] :]
    assert first.split("\n")[:4] == ["休暇規程", f"{text[0][3]}{text[1][3]}", "短い行", "品名 値段"]
    assert second.strip() == "第二頁の文。"
    assert outline(parsed) == [(1, "休暇規程")]
    assert (parsed.title, parsed.scanned) == ("休暇の規程", ())


@pytest.mark.parametrize(
    ("own", "title"),
    [
        ("(anonymous)", "rules"),
        ("Untitled", "rules"),
        ("(untitled)", "rules"),
        ("Microsoft Word - 規程", "rules"),
        ("Anonymous reporting", "Anonymous reporting"),
    ],
)
def test_a_title_that_a_program_has_set_for_want_of_one_is_none(tmp_path: Path, own: str, title: str) -> None:
    assert read(pdf_file(tmp_path / "rules.pdf", [lines(["休暇規程"])], own)).title == title


@pytest.mark.parametrize("interleaved", [True, False])
def test_two_columns_of_a_pdf_are_read_one_after_the_other(tmp_path: Path, *, interleaved: bool) -> None:
    left = lines([f"左段の{number}行目、この段は先に最後まで読んで行く" for number in "一二三四五六"], top=120)
    right = lines([f"右段の{number}行目、この段は左段の後に初めて読む" for number in "一二三四五六"], left=320, top=120)
    body = [line for both in zip(left, right, strict=True) for line in both] if interleaved else [*left, *right]
    text = read(pdf_file(tmp_path / "columns.pdf", [[*lines(["両段にわたる表題である"], height=16), *body]])).text

    assert [text.index(f"{side}段の{number}行目") for side in "左右" for number in "一二三四五六"] == sorted(
        text.index(f"{side}段の{number}行目") for side in "左右" for number in "一二三四五六"
    )
    assert text.replace("\n", "").count("読む右段") == 5  # Wrapped lines are joined.


def test_vertical_writing_and_readings_in_a_pdf() -> None:
    parsed = read(SAMPLES / "vertical.pdf")

    assert parsed.text.split() == [
        "縦書きの規程は右の列から左の列へと読み進める。次の文もこの順に続いている。",
        "漢字を読む人がいる。",
    ]
    assert len(parsed.pages) == 2


SCANNED = ["就業規則の目的を定める。", "年次有給休暇は十日付与する。"]


def test_pictures_are_read_and_marked() -> None:
    parsed = read(SAMPLES / "scan.png")

    assert parsed.text.split() == SCANNED
    assert (parsed.pages, parsed.scanned) == ((0,), ((0, len(parsed.text)),))
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"  # Set before the engine is loaded, it calls nobody.


def test_vertical_writing_in_a_scan_is_read_from_the_right_with_its_marks() -> None:
    parsed = read(SAMPLES / "vertical-scan.png")

    assert parsed.text.split() == ["会社は、休暇を与える。", "ただし、その時季を変更することができる。"]


def test_a_scan_that_lies_on_its_side_and_upside_down_is_read(tmp_path: Path) -> None:
    with Image.open(SAMPLES / "scan.png") as picture:
        picture.convert("L").rotate(90, expand=True).save(tmp_path / "turned.png")
    text = read(tmp_path / "turned.png").text

    assert text.index(SCANNED[0][:-1]) < text.index(SCANNED[1][:-1])


def test_what_is_transparent_is_paper_and_the_way_a_camera_was_held_counts(tmp_path: Path) -> None:
    with Image.open(SAMPLES / "scan.png") as picture:
        ink = ImageOps.mirror(ImageOps.invert(picture.convert("L")))
    drawn = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    drawn.putalpha(ink)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 2
    drawn.save(tmp_path / "drawn.png", exif=exif)

    assert read(tmp_path / "drawn.png").text.split() == SCANNED


def test_scanned_pages_of_a_pdf_are_read_and_marked(tmp_path: Path) -> None:
    written = pypdfium2.PdfDocument(pdf_file(tmp_path / "written.pdf", [lines(["この頁は文字であり、画像ではない。"])]))
    with Image.open(SAMPLES / "scan.png") as picture:
        picture.convert("L").save(tmp_path / "scanned.pdf", resolution=150)
    written.import_pages(pypdfium2.PdfDocument(tmp_path / "scanned.pdf"))
    written.save(tmp_path / "both.pdf")
    parsed = read(tmp_path / "both.pdf")

    assert parsed.text.split() == ["この頁は文字であり、画像ではない。", *SCANNED]
    assert (len(parsed.pages), parsed.scanned) == (2, ((parsed.pages[1], len(parsed.text)),))


def test_slides_may_go_by_any_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(
        slides_file(tmp_path / "a.pptx", [("会社の紹介", "一つ目の文"), ("料金", "二つ目の文")])
    ) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "named.pptx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("slide1.", "intro."), content.replace(b"slide1.", b"intro."))

    assert {"会社の紹介", "一つ目の文", "料金", "二つ目の文"} <= set(read(tmp_path / "named.pptx").text.split())
