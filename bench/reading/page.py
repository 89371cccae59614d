"""The figures, the tables and the plot of `bench.reading`."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bench.plots import BLUE, GREEN, GREY, ORANGE, canvas, tidy
from bench.reading.measuring import KYOZON, Measured
from bench.report import Page, Table

_COLOURS = (BLUE, ORANGE, GREEN, GREY)
_LANGUAGES = {"ja": "Japanese", "en": "English"}
_NOTES = (
    (
        "The files are made for each run (`bench/reading/samples.py`): rules of an invented company, printed with "
        "ReportLab and Pillow. Scans are 200 dpi, grey and a little blurred. Real files are worse."
    ),
    (
        "Trigrams are character trigrams of the running text, without blanks, in the order in which it is read, and of "
        "each cell: two columns that are mixed up, a word that is cut at the end of a line and a character that is misread "
        "all cost some. OCR writes （ as ( at times, which counts as misread."
    ),
    (
        "A row is whole if its cells stand in order on one line with nothing else between them. A cell has its head if a "
        "chunk of at most 60 tokens holds it with the first cell of its row, and has the head of its column in it or as "
        "its context."
    ),
    (
        "Peers run with their defaults in environments of their own: markitdown 0.1.8, pypdf 7.1.0, kreuzberg 4.10.4 with "
        "Markdown as its output. pypdf reads PDF only. kreuzberg and markitdown read pictures with Tesseract or a service "
        "where there is one; here is none."
    ),
    (
        "Kyozon's thresholds for tables were set with these files at hand; `tests/integration/parsing/test_tables.py` and "
        "`tests/unit/parsing` hold others."
    ),
)


def page(found: Sequence[Measured]) -> Page:
    """The page for people."""
    tables = [one for one in found if one.sample.rows]
    rows = sum(one.rows[KYOZON] for one in tables) / len(tables)
    least = min(one.trigrams[KYOZON] for one in found)
    others = [
        f"{name} {sum(one.rows[name] for one in tables) / len(tables):.0%}" for name in found[0].trigrams if name != KYOZON
    ]
    beside = f" ({', '.join(others)})" if others else ""
    summary = (
        f"**{rows:.0%}** of the rows of tables in PDFs arrive whole{beside}, and at least **{least:.1%}** of the "
        "character trigrams of each file, scans and vertical writing among them. "
        "[How documents are read](../explanation/documents.md)."
    )
    shares = Table("Character trigrams that arrive", *_cells(found, lambda one: one.trigrams))
    whole = Table("Rows of tables that are whole", *_cells(tables, lambda one: one.rows))
    heads = tuple((_named(one), f"{one.headed:.0%}") for one in tables)
    cells = Table("Cells that are found with their head", ("file", KYOZON), "lr", heads)
    plot = "Share of character trigrams and of table rows that each reader brings, file by file"
    return Page("reading", "Reading documents", summary, plot, (shares, whole, cells), _NOTES)


def figure(found: Sequence[Measured]) -> Figure:
    """On the left trigrams, on the right rows; a bar for each reader."""
    drawn = canvas(11, 8)
    left, right = drawn.subplots(1, 2)
    _bars(left, [(_named(one), one.trigrams) for one in found], "character trigrams")
    _bars(right, [(_named(one), one.rows) for one in found if one.sample.rows], "rows of tables")
    drawn.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    return drawn


def _bars(axes: Axes, shares: Sequence[tuple[str, Mapping[str, float]]], title: str) -> None:
    readers = list(shares[0][1])
    wide = 0.8 / len(readers)
    for number, (reader, colour) in enumerate(zip(readers, _COLOURS, strict=False)):
        places = [at + wide * number for at in range(len(shares))]
        axes.barh(places, [one[reader] for _, one in shares], height=wide, color=colour, label=reader)
    axes.set_yticks([at + 0.4 - wide / 2 for at in range(len(shares))], [name for name, _ in shares])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    tidy(axes, title, "share that arrives")


def _named(one: Measured) -> str:
    return f"{one.sample.name}, {_LANGUAGES[one.sample.language]}"


def _cells(
    found: Sequence[Measured], of: Callable[[Measured], Mapping[str, float]]
) -> tuple[tuple[str, ...], str, tuple[tuple[str, ...], ...]]:
    readers = tuple(of(found[0]))
    rows = tuple((_named(one), *(f"{of(one)[reader]:.1%}" for reader in readers)) for one in found)
    return ("file", *readers), "l" + "r" * len(readers), rows
