"""Makes the samples that need a Japanese font: pages of vertical writing, and scans.

python tests/samples/documents/make.py FONT.otf - for FONT any Japanese one under the SIL Open Font License; these were made
with M PLUS 1 Regular, the vertical scan with IPA Gothic. A document made with a font is free of the font's licence.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import newTable
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).parent
COLUMNS = ("縦書きの規程は右の列から", "左の列へと読み進める。次", "の文もこの順に続いている。")
SCANNED = ("就業規則の目的を定める。", "年次有給休暇は十日付与する。")
UPRIGHT = ("会社は、休暇を与える。", "ただし、その時季を変更", "することができる。")
RUBY = ("漢字を読む人がいる。", "かんじ", "よ")


def true_type(source: str, target: Path) -> None:
    """The glyphs that are needed, with the quadratic outlines that reportlab asks for."""
    options = subset.Options()
    font: Any = subset.load_font(source, options)
    chosen = subset.Subsetter(options)
    chosen.populate(text="".join((*COLUMNS, *SCANNED, *UPRIGHT, *RUBY)))
    chosen.subset(font)
    glyphs: dict[str, Any] = {}
    outlines = font.getGlyphSet()
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], table = newTable("loca"), newTable("glyf")
    font["glyf"], table.glyphOrder, table.glyphs = table, font.getGlyphOrder(), glyphs
    for glyph in glyphs.values():
        glyph.recalcBounds(table)
    for name in {"CFF ", "VORG"} & set(font.keys()):
        del font[name]
    _as_true_type(font)
    font.save(target)


def _as_true_type(font: Any) -> None:
    most = font["maxp"]
    most.tableVersion = 0x00010000
    zeros = "TwilightPoints Storage FunctionDefs InstructionDefs StackElements SizeOfInstructions ComponentElements"
    for name in (*zeros.split(), "Points", "Contours", "CompositePoints", "CompositeContours", "ComponentDepth"):
        setattr(most, f"max{name}", 0)
    most.maxZones = 1
    post = font["post"]
    post.formatType, post.extraNames, post.mapping, post.glyphOrder = 2.0, [], {}, font.getGlyphOrder()
    font.sfntVersion = "\0\1\0\0"


def vertical(path: Path) -> None:
    """Each character placed by itself, as typesetters do; below, a word with its reading in small print."""
    page = Canvas(str(path), pagesize=(300, 400), invariant=True)
    page.setFont("sample", 12)
    for column, words in enumerate(COLUMNS):
        for row, character in enumerate(words):
            page.drawString(250 - 24 * column, 370 - 14 * row, character)
    page.showPage()
    page.setFont("sample", 12)
    page.drawString(40, 300, RUBY[0])
    page.setFont("sample", 6)
    page.drawString(40, 313, RUBY[1])
    page.drawString(76, 313, RUBY[2])
    page.save()


def scan(path: Path, font: Path) -> None:
    """Two lines of print."""
    picture = Image.new("L", (440, 110), "white")
    pen = ImageDraw.Draw(picture)
    for row, words in enumerate(SCANNED):
        pen.text((16, 12 + 48 * row), words, fill="black", font=ImageFont.truetype(str(font), 26))
    picture.quantize(8).save(path, optimize=True)


def vertical_scan(path: Path, font: Path) -> None:
    """Three columns of print; commas and full stops stand in the corner of their squares."""
    size = 32
    picture = Image.new("L", (240, 440), "white")
    letters, pen = ImageFont.truetype(str(font), size), ImageDraw.Draw(picture)
    for column, words in enumerate(UPRIGHT):
        for row, letter in enumerate(words):
            corner = 0.6 * size if letter in "、。" else 0.0
            pen.text((170 - 60 * column + corner, 40 + 34 * row - corner), letter, fill="black", font=letters)
    picture.quantize(8).save(path, optimize=True)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        small = Path(folder) / "sample.ttf"
        true_type(sys.argv[1], small)
        pdfmetrics.registerFont(TTFont("sample", small))
        vertical(HERE / "vertical.pdf")
        scan(HERE / "scan.png", small)
        vertical_scan(HERE / "vertical-scan.png", small)
