"""The files that are read, made anew for each run: every kind of page that offices have, with known words."""

import io
import zipfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from msgspec import Struct
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench.reading.words import ALLOWANCES, ARTICLES, HEADING, RATES

FONT = Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf")
"""Where Debian's package fonts-ipafont-gothic puts it."""

_NAME = "sample"
_WIDTH, _HEIGHT = 595, 842
_LETTER, _LEADING, _LEFT = 10.0, 16.0, 60.0
_DOTS = 200 / 72  # of a scan, for a point
_SMALL_MARKS = "、。"

Row = tuple[str, ...]


class Sample(Struct, frozen=True):
    """A file, and what stands in it: running text in the order in which it is read, and rows of a table, the head first."""

    name: str
    language: str
    file: str
    text: Sequence[str]
    rows: Sequence[Row] = ()


class _Sheet:
    """Pages of a PDF, written from the top."""

    def __init__(self, path: Path) -> None:
        self.canvas = Canvas(str(path), pagesize=(_WIDTH, _HEIGHT), invariant=True)
        self.top = 70.0

    def lie(self) -> None:
        """The page lies on its side, and says so: what is written on it stands when it is shown."""
        self.canvas.setPageRotation(90)
        self.canvas.translate(_HEIGHT, 0)
        self.canvas.rotate(90)

    def put(self, left: float, top: float, words: str, size: float = _LETTER) -> None:
        self.canvas.setFont(_NAME, size)
        self.canvas.drawString(left, _HEIGHT - top, words)

    def heading(self, words: str) -> None:
        self.put(_LEFT, self.top, words, 16)
        self.top += 30

    def text(self, articles: Sequence[str], wide: float = 470.0) -> None:
        for article in articles:
            for line in wrapped(article, wide):
                self.put(_LEFT, self.top, line)
                self.top += _LEADING
            self.top += 6

    def table(self, rows: Sequence[Row], edges: Sequence[float], *, ruled: bool) -> None:
        """Cells are wrapped at the edges of their columns."""
        pad = 4.0
        for row in rows:
            cells = [
                wrapped(cell, right - left - 2 * pad) for cell, left, right in zip(row, edges, edges[1:], strict=False)
            ]
            high = max(map(len, cells)) * 13.0 + 2 * pad
            for lines, left in zip(cells, edges, strict=False):
                for at, line in enumerate(lines):
                    self.put(left + pad, self.top + pad + 10 + 13.0 * at, line)
            if ruled:
                for left, right in pairwise(edges):
                    self.canvas.rect(left, _HEIGHT - self.top - high, right - left, high)
            self.top += high
        self.top += 20

    def next(self) -> None:
        self.canvas.showPage()
        self.top = 70.0


def samples(folder: Path, font: Path) -> list[Sample]:
    """Write all of them into `folder`. `font` is a Japanese one with TrueType outlines."""
    pdfmetrics.registerFont(TTFont(_NAME, str(font)))
    folder.mkdir(parents=True, exist_ok=True)
    made = [make(folder, language, font) for language in ("ja", "en") for make in _MAKERS]
    return [*made, _vertical_pdf(folder), _vertical_scan(folder, font)]


def wrapped(words: str, wide: float, size: float = _LETTER) -> list[str]:
    """Lines of at most so many points: parted between letters in Japanese, between words in English."""
    parts = words.split(" ") if words.isascii() else list(words)
    gap = " " if words.isascii() else ""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}{gap}{part}" if lines[-1] else part
        if lines[-1] and pdfmetrics.stringWidth(longer, _NAME, size) > wide:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def _rules(folder: Path, language: str, _: Path) -> Sample:
    path = folder / f"rules-{language}.pdf"
    sheet = _Sheet(path)
    sheet.heading(HEADING[language])
    sheet.text(ARTICLES[language])
    sheet.canvas.save()
    return Sample("rules", language, path.name, (HEADING[language], *ARTICLES[language]))


def _ruled(folder: Path, language: str, _: Path) -> Sample:
    path = folder / f"ruled-{language}.pdf"
    sheet = _Sheet(path)
    sheet.text(ARTICLES[language][:2])
    sheet.table(RATES[language], (_LEFT, 150, 290, 360, 520), ruled=True)
    sheet.text(ARTICLES[language][3:4])
    sheet.canvas.save()
    return Sample("ruled table", language, path.name, (*ARTICLES[language][:2], ARTICLES[language][3]), RATES[language])


def _turned(folder: Path, language: str, _: Path) -> Sample:
    """A ruled table on a page that is printed on its side and shown upright."""
    path = folder / f"turned-{language}.pdf"
    sheet = _Sheet(path)
    sheet.lie()
    sheet.text(ARTICLES[language][:1])
    sheet.table(RATES[language], (_LEFT, 150, 290, 360, 520), ruled=True)
    sheet.text(ARTICLES[language][3:4])
    sheet.canvas.save()
    articles = (ARTICLES[language][0], ARTICLES[language][3])
    return Sample("table on a turned page", language, path.name, articles, RATES[language])


def _overleaf(folder: Path, language: str, _: Path) -> Sample:
    path = folder / f"overleaf-{language}.pdf"
    sheet = _Sheet(path)
    sheet.text(ARTICLES[language][:1])
    edges = (_LEFT, 170, 310, 390, 530)
    sheet.table(RATES[language][:3], edges, ruled=True)
    sheet.next()
    sheet.table(RATES[language][3:], edges, ruled=True)
    sheet.canvas.save()
    return Sample("table over two pages", language, path.name, ARTICLES[language][:1], RATES[language])


def _unruled(folder: Path, language: str, _: Path) -> Sample:
    path = folder / f"unruled-{language}.pdf"
    sheet = _Sheet(path)
    sheet.text(ARTICLES[language][:1])
    sheet.table(ALLOWANCES[language], (_LEFT, 180, 290, 400, 500), ruled=False)
    sheet.text(ARTICLES[language][3:4])
    sheet.canvas.save()
    articles = (ARTICLES[language][0], ARTICLES[language][3])
    return Sample("table without rules", language, path.name, articles, ALLOWANCES[language])


def _two_columns(folder: Path, language: str, _: Path) -> Sample:
    """Written line by line across both, as some programs do."""
    path = folder / f"columns-{language}.pdf"
    sheet = _Sheet(path)
    articles = ARTICLES[language]
    lines = [line for article in articles for line in wrapped(article, 215)]
    half = -(-len(lines) // 2)
    for at in range(half):
        sheet.put(_LEFT, 70 + _LEADING * at, lines[at])
        if at + half < len(lines):
            sheet.put(320, 70 + _LEADING * at, lines[at + half])
    sheet.canvas.save()
    gap = "" if language == "ja" else " "
    return Sample("two columns", language, path.name, (gap.join(lines),))


def _scan(folder: Path, language: str, font: Path) -> Sample:
    path = folder / f"scan-{language}.png"
    _scanned(ARTICLES[language], font).save(path)
    return Sample("scan", language, path.name, ARTICLES[language])


def _shown(folder: Path, language: str, font: Path) -> Sample:
    """A page of words with a scan between them."""
    path = folder / f"shown-{language}.pdf"
    sheet = _Sheet(path)
    sheet.text(ARTICLES[language][:1])
    scan = _scanned(ARTICLES[language][1:4], font)
    high = 470.0 * scan.height / scan.width
    sheet.canvas.drawImage(ImageReader(scan), _LEFT, _HEIGHT - sheet.top - high, 470, high)
    sheet.top += high + 40
    sheet.text(ARTICLES[language][4:5])
    sheet.canvas.save()
    return Sample("picture in PDF", language, path.name, ARTICLES[language])


def _pasted(folder: Path, language: str, font: Path) -> Sample:
    """A Word file of one paragraph and a picture of the others."""
    path = folder / f"pasted-{language}.docx"
    picture = io.BytesIO()
    _scanned(ARTICLES[language][2:], font).save(picture, "PNG")
    _word_file(path, ARTICLES[language][0], picture.getvalue())
    return Sample("picture in DOCX", language, path.name, (ARTICLES[language][0], *ARTICLES[language][2:]))


_MAKERS: tuple[Callable[[Path, str, Path], Sample], ...] = (
    _rules,
    _ruled,
    _turned,
    _overleaf,
    _unruled,
    _two_columns,
    _scan,
    _shown,
    _pasted,
)


def _scanned(articles: Sequence[str], font: Path) -> Image.Image:
    """A page as a scanner sees it: a little blurred and grey."""
    letters = ImageFont.truetype(str(font), round(_LETTER * _DOTS))
    lines = [line for article in articles for line in wrapped(article, 430)]
    picture = Image.new("L", (round(550 * _DOTS), round((80 + _LEADING * len(lines)) * _DOTS)), 245)
    pen = ImageDraw.Draw(picture)
    for at, line in enumerate(lines):
        pen.text((_LEFT * _DOTS, (40 + _LEADING * at) * _DOTS), line, fill=30, font=letters)
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def _columns(rows: int) -> list[str]:
    whole = "".join(article.partition("）")[2] for article in ARTICLES["ja"])
    return [whole[at : at + rows] for at in range(0, len(whole), rows)]


def _vertical_pdf(folder: Path) -> Sample:
    path = folder / "vertical-ja.pdf"
    sheet = _Sheet(path)
    columns = _columns(30)
    for at, column in enumerate(columns):
        for row, letter in enumerate(column):
            corner = 0.6 * _LETTER if letter in _SMALL_MARKS else 0.0
            sheet.put(500 - 20 * at + corner, 80 + 12 * row - corner, letter)
    sheet.canvas.save()
    return Sample("vertical writing", "ja", path.name, ("".join(columns),))


def _vertical_scan(folder: Path, font: Path) -> Sample:
    path = folder / "vertical-scan-ja.png"
    size = round(_LETTER * _DOTS)
    letters = ImageFont.truetype(str(font), size)
    columns = _columns(28)
    picture = Image.new("L", (round(size * (1.8 * len(columns) + 4)), round(size * (1.1 * 28 + 4))), 245)
    pen = ImageDraw.Draw(picture)
    for at, column in enumerate(columns):
        for row, letter in enumerate(column):
            corner = 0.6 * size if letter in _SMALL_MARKS else 0.0
            place = picture.width - size * (3 + 1.8 * at) + corner, size * (2 + 1.1 * row) - corner
            pen.text(place, letter, fill=30, font=letters)
    picture.filter(ImageFilter.GaussianBlur(0.6)).save(path)
    return Sample("vertical scan", "ja", path.name, ("".join(columns),))


_ROLES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"


def _word_file(path: Path, words: str, picture: bytes) -> None:
    shown = (
        f'<w:drawing><wp:inline xmlns:wp="{_DRAWING}/wordprocessingDrawing"><wp:extent cx="5000000" cy="3000000"/>'
        f'<wp:docPr id="1" name="scan"/><a:graphic xmlns:a="{_DRAWING}/main"><a:graphicData uri="{_DRAWING}/picture">'
        f'<pic:pic xmlns:pic="{_DRAWING}/picture"><pic:nvPicPr><pic:cNvPr id="1" name="scan"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip xmlns:r="{_ROLES}" r:embed="r1"/></pic:blipFill><pic:spPr/></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing>"
    )
    body = f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p><w:p><w:r>{shown}</w:r></w:p>"
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="{office}"/>'
        '<Default Extension="png" ContentType="image/png"/><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r0" '
        f'Type="{_ROLES}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{_ROLES}/image" Target="media/image1.png"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
        archive.writestr("word/media/image1.png", picture)
