"""What every benchmark hands in: one flat JSON object, tables on the screen, a page with its plot.

A benchmark builds a `Page` and a flat dictionary of figures, and calls `deliver`. A full run renews
`docs/benchmarks/NAME.md` and `NAME.svg`; a quick one (`--quick`) leaves them alone, since it measures less.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from matplotlib.figure import Figure
from msgspec import Struct
from rich.console import Console
from rich.table import Table as RichTable

from bench.machine import describe, versions
from bench.plots import save

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"
_WIDE = 120

Metrics = Mapping[str, float]


class Spread(Struct, frozen=True):
    """Several measurements of one thing."""

    low: float
    median: float
    high: float


class Table(Struct, frozen=True):
    """Cells as they are printed. `align` has one letter a column: l(eft) or r(ight)."""

    title: str
    columns: tuple[str, ...]
    align: str
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` where a row is longer or shorter than the head."""
        widths = {len(self.columns), len(self.align), *(len(row) for row in self.rows)}
        if len(widths) != 1:
            raise ValueError(f"table {self.title!r}: rows of different lengths {sorted(widths)}")


class Page(Struct, frozen=True):
    """What a reader gets. `summary` is for the hurried one; `plot` says in words what the plot shows; both are Markdown.

    `arguments` are those without which the command measures nothing.
    """

    name: str
    title: str
    summary: str
    plot: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    arguments: str = ""


class Setting(Struct, frozen=True):
    """When, where and with what it was measured."""

    date: str
    machine: str
    versions: Mapping[str, str]
    command: str


class Options(Struct, frozen=True):
    """What every benchmark is told on its command line."""

    quick: bool
    json: Path | None


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Reads `[--quick] [--json FILE]`; a benchmark may add options of its own."""
    made = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=description)
    made.add_argument("--quick", action="store_true", help="fewer rounds, under a minute; the page is left as it is")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures as one flat JSON object")
    return made


def options(name: str, description: str, arguments: Sequence[str] | None = None) -> Options:
    """Read `[--quick] [--json FILE]`."""
    found = parser(name, description).parse_args(arguments)
    return Options(found.quick, found.json)


def spread(values: Sequence[float]) -> Spread:
    """Least, median and greatest; raises `ValueError` where there is no value."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(min(values), statistics.median(values), max(values))


def flat(metrics: Metrics) -> bytes:
    """The figures as JSON, rounded to six significant digits; raises `ValueError` for one that is not finite."""
    wrong = [name for name, value in metrics.items() if not math.isfinite(value)]
    if wrong:
        raise ValueError(f"not finite: {', '.join(wrong)}")
    rounded = {name: float(f"{value:.6g}") for name, value in metrics.items()}
    return msgspec.json.format(msgspec.json.encode(rounded), indent=2) + b"\n"


def markdown(page: Page, setting: Setting) -> str:
    """The page's text."""
    measured = ", ".join(f"{name} {version}" for name, version in setting.versions.items())
    parts = [
        f"# {page.title}",
        page.summary,
        f"![{page.plot}]({page.name}.svg)",
        *(_section(table) for table in page.tables),
        "## How it was measured",
        "\n".join(f"- {note}" for note in page.notes),
        f"Measured on {setting.date} with {setting.machine}; {measured}. Measure it yourself (this renews the page):",
        f"```console\n$ {setting.command}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def deliver(page: Page, metrics: Metrics, figure: Figure, given: Options) -> None:
    """Print the tables, write the JSON where it is wanted, and renew the page after a full run."""
    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    for table in page.tables:
        console.print(_on_screen(table))
        console.print()
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_bytes(flat(metrics))
    if given.quick:
        return
    command = f"python -m bench.{page.name.replace('-', '_')} {page.arguments}".rstrip()
    setting = Setting(f"{datetime.now(UTC):%Y-%m-%d}", describe(), versions(), command)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{page.name}.md").write_text(markdown(page, setting), "utf-8")
    save(figure, FOLDER / f"{page.name}.svg")


def _section(table: Table) -> str:
    rows = [table.columns, ["---:" if side == "r" else ":---" for side in table.align], *table.rows]
    lines = "\n".join(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in rows)
    return "\n\n".join(part for part in (f"## {table.title}", lines, table.note) if part)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _on_screen(table: Table) -> RichTable:
    shown = RichTable(title=table.title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for name, side in zip(table.columns, table.align, strict=True):
        shown.add_column(name, justify="right" if side == "r" else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*(cell.replace("[", r"\[") for cell in row))
    return shown
