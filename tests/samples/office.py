"""Small files of Office, written part by part: what is in them is what a test says."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_ROLES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_APPLICATION = "application/vnd.openxmlformats-officedocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING_AT = "http://schemas.openxmlformats.org/drawingml/2006"
DRAWING = f"{_DRAWING_AT}/main"
_DIAGRAM = f"{_DRAWING_AT}/diagram"
_SHAPE = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"


def _style(name: str, called: str, depth: int) -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{called}"/>'
        f'<w:pPr><w:outlineLvl w:val="{depth}"/></w:pPr></w:style>'
    )


# Word in Japanese calls its first heading "1", and a house style goes by any name: the depth counts.
_STYLES = f'<w:styles xmlns:w="{WORD}">{_style("1", "heading 1", 0)}{_style("a3", "社内見出し", 1)}</w:styles>'


def links(*targets: tuple[str, str]) -> str:
    """What a part refers to, as `r0`, `r1` …: roles and targets."""
    inner = "".join(
        f'<Relationship Id="r{number}" Type="{_ROLES}/{role}" Target="{target}"/>'
        for number, (role, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_LINKS}">{inner}</Relationships>'


def _written(path: Path, main: str, kind: str, parts: Mapping[str, str]) -> Path:
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        f'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="png" ContentType="image/png"/><Override PartName="/{main}" '
        f'ContentType="{_APPLICATION}.{kind}.main+xml"/></Types>'
    )
    whole = {"[Content_Types].xml": types, "_rels/.rels": links(("officeDocument", main))} | dict(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in whole.items():
            archive.writestr(name, text if text.startswith("<?xml") else f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


def paragraph(words: str, style: str = "") -> str:
    """A paragraph of Word; `1` and `a3` are styles of headings."""
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{named}<w:r><w:t xml:space="preserve">{words}</w:t></w:r></w:p>'


def ruby(base: str, reading: str) -> str:
    """A word with its reading over it, to stand in a paragraph."""
    small, large = (f"<w:r><w:t>{words}</w:t></w:r>" for words in (reading, base))
    return f"<w:ruby><w:rt>{small}</w:rt><w:rubyBase>{large}</w:rubyBase></w:ruby>"


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table of Word."""
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def drawing(link: str) -> str:
    """A paragraph of Word with a picture."""
    shown = f'<a:blip xmlns:a="{DRAWING}" xmlns:r="{_ROLES}" r:embed="{link}"/>'
    held = f'<pic:pic xmlns:pic="{_DRAWING_AT}/picture"><pic:blipFill>{shown}</pic:blipFill></pic:pic>'
    graphic = (
        f'<a:graphic xmlns:a="{DRAWING}"><a:graphicData uri="{_DRAWING_AT}/picture">{held}</a:graphicData></a:graphic>'
    )
    inline = f'<wp:inline xmlns:wp="{_DRAWING_AT}/wordprocessingDrawing"><wp:docPr id="1" name="p"/>{graphic}</wp:inline>'
    return f"<w:p><w:r><w:drawing>{inline}</w:drawing></w:r></w:p>"


def framed(*words: str) -> str:
    """A text box as Word writes it, in the new way and in the old; to stand in a paragraph."""
    held = f"<w:txbxContent>{''.join(map(paragraph, words))}</w:txbxContent>"
    shape = f'<wps:wsp xmlns:wps="{_SHAPE}"><wps:txbx>{held}</wps:txbx></wps:wsp>'
    graphic = f'<a:graphic xmlns:a="{DRAWING}"><a:graphicData uri="{_SHAPE}">{shape}</a:graphicData></a:graphic>'
    anchor = f'<wp:anchor xmlns:wp="{_DRAWING_AT}/wordprocessingDrawing"><wp:docPr id="2" name="t"/>{graphic}</wp:anchor>'
    old = f'<w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox>{held}</v:textbox></v:shape></w:pict>'
    return (
        '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps"><w:drawing>{anchor}</w:drawing></mc:Choice><mc:Fallback>{old}</mc:Fallback>'
        "</mc:AlternateContent></w:r>"
    )


def diagram(link: str) -> str:
    """SmartArt whose model is behind a link."""
    named = f'<dgm:relIds xmlns:dgm="{_DIAGRAM}" xmlns:r="{_ROLES}" r:dm="{link}" r:lo="x" r:qs="y" r:cs="z"/>'
    graphic = f'<a:graphic xmlns:a="{DRAWING}"><a:graphicData uri="{_DIAGRAM}">{named}</a:graphicData></a:graphic>'
    return f'<wp:inline xmlns:wp="{_DRAWING_AT}/wordprocessingDrawing"><wp:docPr id="3" name="d"/>{graphic}</wp:inline>'


def model(points: Mapping[str, tuple[str, str]]) -> str:
    """The model of SmartArt: by its name what each point hangs on, and its words."""
    said = "".join(
        f'<dgm:pt modelId="{name}"><dgm:t><a:p><a:r><a:t>{words}</a:t></a:r></a:p></dgm:t></dgm:pt>'
        f'<dgm:pt modelId="p{name}" type="pres"><dgm:t><a:p><a:r><a:t>no words</a:t></a:r></a:p></dgm:t></dgm:pt>'
        for name, (_, words) in points.items()
    )
    hung = "".join(
        f'<dgm:cxn modelId="c{name}" srcId="{above}" destId="{name}" srcOrd="{name}"/>'
        for name, (above, _) in points.items()
        if above
    )
    inner = f"<dgm:ptLst>{said}</dgm:ptLst><dgm:cxnLst>{hung}</dgm:cxnLst>"
    return f'<dgm:dataModel xmlns:dgm="{_DIAGRAM}" xmlns:a="{DRAWING}">{inner}</dgm:dataModel>'


def with_parts(path: Path, parts: Mapping[str, bytes | str]) -> Path:
    """The file with more parts."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def word_file(path: Path, body: str, parts: Mapping[str, str] = {}) -> Path:
    """A DOCX; `parts` take the place of its own, or are added."""
    own = {
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        "word/styles.xml": _STYLES,
        "word/_rels/document.xml.rels": links(("styles", "styles.xml")),
    }
    return _written(path, "word/document.xml", "wordprocessingml.document", own | dict(parts))


def sheets_file(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]]) -> Path:
    """An XLSX of texts."""
    parts, names, linked = {}, "", []
    for number, (name, rows) in enumerate(sheets.items()):
        lines = (
            "".join(
                f'<c r="{chr(ord("A") + at)}{row + 1}" t="inlineStr"><is><t>{cell}</t></is></c>'
                for at, cell in enumerate(cells)
            )
            for row, cells in enumerate(rows)
        )
        filled = "".join(f'<row r="{at + 1}">{line}</row>' for at, line in enumerate(lines))
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_SHEET}"><sheetData>{filled}</sheetData></worksheet>'
        )
        names += f'<sheet name="{name}" sheetId="{number + 1}" r:id="r{number}"/>'
        linked.append(("worksheet", f"worksheets/sheet{number}.xml"))
    parts["xl/workbook.xml"] = f'<workbook xmlns="{_SHEET}" xmlns:r="{_ROLES}"><sheets>{names}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = links(*linked)
    return _written(path, "xl/workbook.xml", "spreadsheetml.sheet", parts)


def slides_file(path: Path, slides: Sequence[Sequence[str]], order: Sequence[int] = ()) -> Path:
    """A PPTX; the first text of a slide is its title. `order` are their numbers, from 1, as they are shown."""
    parts, linked = {}, []
    for number, texts in enumerate(slides, 1):
        shapes = "".join(
            f'<p:sp><p:nvSpPr><p:cNvPr id="{at + 2}" name="s{at}"/><p:cNvSpPr/><p:nvPr>'
            f'<p:ph type="{"body" if at else "title"}"/></p:nvPr></p:nvSpPr><p:spPr/>'
            f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
            for at, text in enumerate(texts)
        )
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{_SLIDE}" xmlns:a="{DRAWING}"><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/>'
            f"<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{shapes}</p:spTree></p:cSld></p:sld>"
        )
        linked.append(("slide", f"slides/slide{number}.xml"))
    shown = order or range(1, len(slides) + 1)
    names = "".join(f'<p:sldId id="{255 + number}" r:id="r{number - 1}"/>' for number in shown)
    parts["ppt/presentation.xml"] = (
        f'<p:presentation xmlns:p="{_SLIDE}" xmlns:r="{_ROLES}"><p:sldIdLst>{names}</p:sldIdLst></p:presentation>'
    )
    parts["ppt/_rels/presentation.xml.rels"] = links(*linked)
    return _written(path, "ppt/presentation.xml", "presentationml.presentation", parts)
