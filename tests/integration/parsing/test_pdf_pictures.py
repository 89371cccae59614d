"""Pictures on PDF pages that have words: read where they stand, once, marked; photographs and what is known stay silent."""

from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from sklearn.datasets import load_sample_image

from kyozon.domain.knowledge import Chunking, Parsed
from kyozon.parsing import allowance, pdf_pictures
from kyozon.parsing import scans as reading
from kyozon.parsing.reading import parse_file
from kyozon.retrieval.splitting import split
from tests.samples.printed import Placed, Shown, lines, pdf_file

SCAN = Image.open(Path(__file__).parents[2] / "samples" / "documents" / "scan.png").convert("L")
WORDS = ["就業規則の目的を定める。", "年次有給休暇は十日付与する。"]
BEFORE, AFTER = "次の図は、規程の抜粋である。", "図の後の文がここで終わる。"
TEXT = [*lines([BEFORE]), *lines([AFTER], top=220)]
PLACED: Shown = (60, 100, 300, 75, SCAN)


def read(path: Path) -> Parsed:
    return parse_file(path, path.name, lambda *_: None)


def scans(parsed: Parsed) -> list[list[str]]:
    return [parsed.text[start:end].split() for start, end in parsed.scanned]


def with_pictures(folder: Path, pictures: list[Shown], page: list[Placed] = TEXT) -> Parsed:
    return read(pdf_file(folder / "a.pdf", [page], pictures=[pictures]))


def test_they_stand_between_the_words_and_are_marked(tmp_path: Path) -> None:
    parsed = with_pictures(tmp_path, [PLACED])

    assert parsed.text.rstrip() == f"{BEFORE}\n\n{WORDS[0]}\n{WORDS[1]}\n\n{AFTER}"
    assert scans(parsed) == [WORDS]


def test_words_that_the_page_prints_itself_are_not_said_to_be_scanned(tmp_path: Path) -> None:
    (chunk,) = split(with_pictures(tmp_path, [PLACED]), Chunking())
    places = {words: chunk.anchor.start + chunk.text.index(words) for words in [BEFORE, *WORDS, AFTER]}
    said = {words: chunk.anchor.part(at, at + len(words)).scanned for words, at in places.items()}

    assert chunk.anchor.scanned
    assert said == {BEFORE: False, WORDS[0]: True, WORDS[1]: True, AFTER: False}


def test_a_scan_in_strips_is_one(tmp_path: Path) -> None:
    strips = [(60.0, 100 + 7.5 * at, 300.0, 7.5, SCAN.crop((0, 11 * at, SCAN.width, 11 * at + 11))) for at in range(10)]

    assert scans(with_pictures(tmp_path, strips)) == [WORDS]


def test_under_a_letterhead_and_over_a_page_number_a_scan_is_read(tmp_path: Path) -> None:
    page = Image.new("L", (1190, 1684), "white")
    page.paste(SCAN.resize((1100, 275)), (60, 500))
    parsed = with_pictures(tmp_path, [(0, 0, 595, 842, page)], [*lines(["株式会社見本"], top=30), *lines(["12"], top=830)])

    assert parsed.text.split() == ["株式会社見本", *WORDS, "12"]
    assert scans(parsed) == [WORDS]


@pytest.mark.parametrize("leading", [1, 8])
def test_a_scan_that_was_recognised_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leading: int
) -> None:
    monkeypatch.setattr(pdf_pictures, "MOST_PICTURES", 1)  # It is none of those that are read.
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(440, 110 * leading), invariant=True)
    page = Image.new("L", (880, 220 * leading), "white")
    page.paste(SCAN.resize((880, 220)), (0, 0))
    canvas.drawImage(ImageReader(page), 0, 0, 440, 110 * leading)
    for at, words in enumerate(WORDS):
        unseen = canvas.beginText(16, 110 * leading - 36 - 48 * at)
        unseen.setFont("HeiseiMin-W3", 26)
        unseen.setTextRenderMode(3)
        unseen.textOut(words)
        canvas.drawText(unseen)
    canvas.showPage()
    canvas.setFont("HeiseiMin-W3", 10)
    canvas.drawString(16, 100 * leading, f"{BEFORE}続けて読むこと。")
    canvas.drawImage(ImageReader(SCAN), 100, 10, 240, 60)
    canvas.save()
    parsed = read(tmp_path / "a.pdf")

    assert parsed.text.split() == [*WORDS, f"{BEFORE}続けて読むこと。", *WORDS]
    assert scans(parsed) == [WORDS]


def test_a_letterhead_is_read_once_and_logos_and_photographs_say_nothing(tmp_path: Path) -> None:
    photograph = Image.fromarray(load_sample_image("china.jpg"))
    pictures: list[Shown] = [PLACED, (500, 20, 40, 40, SCAN.resize((200, 200))), (60, 300, 400, 260, photograph)]
    pages = [lines([f"{BEFORE}続けて読むこと。"], top=220)] * 2
    path = pdf_file(tmp_path / "a.pdf", pages, pictures=[pictures, pictures])

    assert scans(read(path)) == [WORDS]


def test_what_lies_on_a_background_is_read_once(tmp_path: Path) -> None:
    shown: list[Shown] = [(40, 80, 400, 120, Image.new("L", (400, 120), "white")), PLACED]
    pages = [[*TEXT, *lines([f"{number}つ目の頁である。"], top=400)] for number in "一二三"]
    path = pdf_file(tmp_path / "a.pdf", pages, pictures=[shown, shown, [PLACED]])

    assert scans(read(path)) == [WORDS]


def test_a_picture_in_a_column_is_read_in_it(tmp_path: Path) -> None:
    left = lines([f"左段の{number}行目、この段は先に最後まで読んで行く" for number in "一二三四五六"], top=120)
    right = lines(
        [f"右段の{number}行目、この段は左段の後に初めて読む" for number in "一二三四五六七八九"], left=320, top=120
    )
    text = with_pictures(tmp_path, [(60, 230, 230, 57, SCAN)], [*left, *right]).text

    assert text.index("左段の六") < text.index(WORDS[0]) < text.index(WORDS[1]) < text.index("右段の一")


@pytest.mark.parametrize("limit", ["MOST_PICTURES", "MOST_MEGAPIXELS", "_MOST_OF_A_PAGE"])
def test_beyond_the_limits_the_words_alone_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(pdf_pictures, limit, 0)

    assert with_pictures(tmp_path, [PLACED]).text.split() == [BEFORE, AFTER]


def test_what_cannot_be_read_costs_itself_and_not_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted() -> None:
        raise MemoryError

    monkeypatch.setattr(reading, "_engine", exhausted)  # as when the memory that the process may take is used up

    assert with_pictures(tmp_path, [PLACED]).text.split() == [BEFORE, AFTER]


def test_pictures_have_their_time_and_after_it_words_alone_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "_SECONDS", 1e-9)  # The first one takes longer.
    pictures: list[list[Shown]] = [[PLACED], [(60, 100, 300, 75, SCAN.crop((0, 0, SCAN.width, SCAN.height - 1)))]]
    parsed = read(
        pdf_file(tmp_path / "a.pdf", [TEXT, lines(["別の頁の文は、それでも終わりまで読まれる。"])], pictures=pictures)
    )

    assert scans(parsed) == [WORDS]
    assert "終わりまで読まれる。" in parsed.text


def test_what_is_blank_is_not_printed_and_what_shows_nothing_only_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[object] = []
    monkeypatch.setattr(pdf_pictures, "shown", lambda *given: printed.append(given))
    blank: Shown = (60, 100, 300, 75, Image.new("L", (300, 75), "white"))
    pages = [[*TEXT, *lines([f"{number}つ目の頁である。"], top=400)] for number in "一二三四五"]
    path = pdf_file(tmp_path / "a.pdf", pages, pictures=[[blank, (60, 300, 300, 75, SCAN)]] * 5)

    assert scans(read(path)) == []
    assert len(printed) == 3


def test_two_halves_of_one_scan_are_both_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    canvas, scan = Canvas(str(path), pagesize=(400, 300), invariant=True), ImageReader(SCAN)
    for half in (0, 1):
        canvas.setFont("HeiseiMin-W3", 10)
        canvas.drawString(40, 270, f"{BEFORE}続けて読むこと。")
        frame = canvas.beginPath()
        frame.rect(40, 100, 300, 37.5)
        canvas.clipPath(frame, stroke=0)
        canvas.drawImage(scan, 40, 62.5 + 37.5 * half, 300, 75)
        canvas.showPage()
    canvas.save()

    assert scans(read(path)) == [[WORDS[0]], [WORDS[1]]]
