import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plots import canvas, save, tidy
from bench.report import Page, Setting, Table, flat, markdown, options, spread

SETTING = Setting("2026-11-22", "2 cores (x86_64), 24 GiB, no GPU", {"Python": "3.11.7"}, "python -m bench.start")
TABLE = Table(
    "Start", ("step", "s", "what it is"), "lrl", (("ready", "1.50", "a | b\nc"), ("stop", "0.42", "")), "Nine rounds."
)
PAGE = Page("start", "Start", "Quick.", "bars", (TABLE,), ("Seen from outside.", "File cache warm."))


def test_the_page_holds_everything_in_reading_order() -> None:
    text = markdown(PAGE, SETTING)

    parts = [
        "# Start",
        "Quick.",
        "![bars](start.svg)",
        "## Start",
        "| ready | 1.50 |",
        "Nine rounds.",
        "- Seen from outside.",
    ]
    parts += ["- File cache warm.", "2026-11-22", "24 GiB, no GPU", "Python 3.11.7", "$ python -m bench.start"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.endswith("```\n")
    assert "\n\n\n" not in text


def test_a_table_keeps_its_columns_whatever_its_cells_hold() -> None:
    lines = [line for line in markdown(PAGE, SETTING).splitlines() if line.startswith("|")]

    assert lines == [
        "| step | s | what it is |",
        "| :--- | ---: | :--- |",
        "| ready | 1.50 | a \\| b c |",
        "| stop | 0.42 |  |",
    ]


@pytest.mark.parametrize(("align", "row"), [("lr", ("a", "b", "c")), ("lrl", ("a", "b"))])
def test_a_table_with_a_short_row_or_head_is_refused(align: str, row: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Table("Start", ("step", "s", "what it is"), align, (row,))


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 999_999)))
def test_figures_come_back_flat_to_six_digits(metrics: dict[str, float]) -> None:
    read = json.loads(flat(metrics))

    assert read.keys() == metrics.keys()
    assert all(math.isclose(read[name], value, rel_tol=1e-5) for name, value in metrics.items())


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_figure_that_is_none_is_refused_by_name(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"not finite: warm\.ready_s"):
        flat({"help_s": 0.1, "warm.ready_s": wrong})


def test_a_spread_is_the_least_the_median_and_the_greatest() -> None:
    found = spread([3.0, 1.0, 10.0, 2.0])

    assert (found.low, found.median, found.high) == (1.0, 2.5, 10.0)
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_the_command_line_is_the_same_for_every_benchmark() -> None:
    assert options("start", "", []).quick is False
    given = options("start", "", ["--quick", "--json", "figures.json"])
    assert (given.quick, given.json) == (True, Path("figures.json"))


def test_the_same_figures_draw_the_same_file(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        figure = canvas(4, 2)
        axes = figure.subplots()
        axes.barh([0, 1], [2.0, 3.0])
        tidy(axes, "Bars", "seconds")
        save(figure, tmp_path / name)

    one, two = (tmp_path / "one.svg").read_bytes(), (tmp_path / "two.svg").read_bytes()
    assert one == two
    assert b"dc:date" not in one
    assert not any(line.endswith(b" ") for line in one.splitlines())
