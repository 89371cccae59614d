"""How much of a document's words arrives, format by format: the share of its character trigrams."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from kyozon.parsing.reading import parse_file
from tests.samples.office import paragraph, sheets_file, slides_file, table, word_file
from tests.samples.printed import lines, pdf_file

RULES = (
    "就業規則（抄）",
    "第1条（目的）この規則は、髙﨑商事㈱の従業員の労働条件、服務規律その他の就業に関する事項を定める。",
    "第2条（年次有給休暇）入社の日から六箇月間継続して勤務し、全労働日の八割以上出勤した者に、①十日、②十一日を与える。",
    "第3条（在宅勤務）ﾃﾚﾜｰｸを希望する者は、前日の17:00までに申請書（様式第３号）を提出しなければならない。",
    "Employees abroad may apply by e-mail to hr@example.jp; the answer comes within 3 working days (see Appendix B).",
    "通勤手当は月額50,000円を上限とし、㎞単価は15円とする。令和8年4月1日から施行する。",
)
ALLOWANCES = (
    ("等級", "役職手当", "住宅手当"),
    ("一級（主任）", "10,000円", "20,000円"),
    ("二級（係長）", "25,000円", "22,000円"),
)
WHOLE = "\n".join((*RULES, *(cell for row in ALLOWANCES for cell in row)))


def trigrams(text: str) -> set[str]:
    """Without whitespace, which is no matter of reading; characters as they are."""
    letters = "".join(
        letter for letter in text if not letter.isspace() and not unicodedata.category(letter).startswith("C")
    )
    return {letters[at : at + 3] for at in range(len(letters) - 2)}


def page(title: str) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ALLOWANCES)
    return f"<title>{title}</title>{''.join(f'<p>{line}</p>' for line in RULES)}<table>{rows}</table>"


def wrapped(width: int = 38) -> list[str]:
    return [line[at : at + width] for line in RULES for at in range(0, len(line), width)]


def text_file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def mail(encoding: str) -> str:
    kind = f"Content-Type: text/plain; charset={encoding}\nContent-Transfer-Encoding: 8bit"
    return f"Subject: rules\nMIME-Version: 1.0\n{kind}\n\n{WHOLE}"


MADE: dict[str, Callable[[Path], Path]] = {
    "pdf": lambda folder: pdf_file(
        folder / "a.pdf",
        [
            lines(wrapped()),
            [
                (60 + 160 * at, 80 + 16 * row, 10, cell)
                for row, cells in enumerate(ALLOWANCES)
                for at, cell in enumerate(cells)
            ],
        ],
    ),
    "docx": lambda folder: word_file(folder / "a.docx", "".join(map(paragraph, RULES)) + table(ALLOWANCES)),
    "pptx": lambda folder: slides_file(folder / "a.pptx", [RULES[:3], RULES[3:], *ALLOWANCES]),
    "xlsx": lambda folder: sheets_file(folder / "a.xlsx", {"規則": [[line] for line in RULES], "手当": ALLOWANCES}),
    "html": lambda folder: text_file(folder / "a.html", page("規則")),
    "markdown": lambda folder: text_file(folder / "a.md", WHOLE),
    "text-utf-16": lambda folder: text_file(folder / "a.txt", WHOLE, "utf-16"),
    "text-cp932": lambda folder: text_file(folder / "a.txt", WHOLE, "cp932"),
    "csv": lambda folder: text_file(folder / "a.csv", "\n".join(f'"{line}",x' for line in WHOLE.split("\n")), "cp932"),
    "eml": lambda folder: text_file(folder / "a.eml", mail("shift_jis"), "cp932"),
}


@pytest.mark.parametrize("made", MADE)
def test_nearly_every_trigram_arrives(tmp_path: Path, made: str) -> None:
    path = MADE[made](tmp_path)
    wanted = set.union(*map(trigrams, WHOLE.split("\n")))

    found = trigrams(parse_file(path, path.name, lambda *_: None).text)

    assert len(wanted & found) / len(wanted) >= 0.995
