"""What the benchmark of ingestion takes in, and what it says of it."""

from pathlib import Path

from msgspec import structs

from bench.ingestion.killed import Killed
from bench.ingestion.large import Large, held
from bench.ingestion.made import large, last_words, small
from bench.ingestion.page import Measured, metrics, page
from bench.ingestion.plot import figure

KILLED = Killed(200, (10, 30), 199, 0, 1, 0, 60.0, 2.0, 0)
LARGE = Large(5000, 500.0, 9000, 100.0, 130.0, 190.0, 590.0, 48.0)


def test_the_large_file_is_a_pdf_whose_parts_are_where_it_says(tmp_path: Path) -> None:
    file = tmp_path / "register.pdf"
    large(file, 2)
    raw = file.read_bytes()
    start = int(raw.rpartition(b"startxref\n")[2].split()[0])
    assert raw[start:].startswith(b"xref\n0 10\n")
    for number, line in enumerate(raw[start:].splitlines()[3:12], start=1):
        assert raw[int(line.split()[0]) :].startswith(b"%d 0 obj" % number)
    assert b"(Page 2 of the register.)" in raw
    assert len(raw) > 2 * 97_000


def test_each_small_file_ends_with_words_of_its_own(tmp_path: Path) -> None:
    small(tmp_path / "many", 3)
    for number in range(3):
        assert (tmp_path / "many" / f"{number:03}.txt").read_text("utf-8").endswith(last_words(number))


def test_a_lost_file_is_told() -> None:
    found = Measured(KILLED, LARGE)
    assert metrics(found)["missing"] == 1
    assert "**199 of 200 files are whole after 2 kills**" in page(found).summary
    assert "1 are missing" in page(found).summary
    assert figure(structs.replace(found, large=LARGE)).axes


def test_the_memory_of_a_process_that_is_gone_is_none() -> None:
    assert held(2**22 + 1) == 0.0
