"""Tables in a text: what the head of a column asks for is what its cells hold, however far below they stand."""

import re
from collections.abc import Iterator

from msgspec import Struct

from kyozon.domain.masking import Kind
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find


class _Column(Struct, frozen=True):
    """What the cells under a head are of, and how they look."""

    kind: Kind
    head: re.Pattern[str]
    cell: re.Pattern[str]


def _column(kind: Kind, head: str, cell: str) -> _Column:
    return _Column(kind, re.compile(head, re.IGNORECASE), re.compile(cell))


_NAMES = r"氏名|お?名前|フリガナ|ふりがな|カナ|担当者?|社員名|顧客名|会員名|name|(?:full|first|last) ?name"
_COLUMNS = (
    _column("PERSON", _NAMES, r"(?=.*[^\W\d_])[^\d@/]{2,30}"),
    _column(
        "DATE_OF_BIRTH",
        "生年月日|誕生日|birth ?date|birthday|date of birth|dob",
        r"[0-9A-Za-z年月日昭和平成令大正/.\- ]{6,18}",
    ),
    _column("MY_NUMBER", "マイナンバー|個人番号", r"[0-9][0-9 -]{10,14}[0-9]"),
    _column("PHONE", "電話(?:番号)?|TEL|携帯(?:電話)?|連絡先|phone|mobile|fax", r"\+?[0-9()][0-9() .-]{8,16}[0-9]"),
    _column("BANK_ACCOUNT", r"口座番号|account(?: number| no\.?)?", "[0-9]{6,12}"),
    _column("SECRET", "(?:初期)?パスワード|password|secret|api ?key|token", "[!-~]{6,128}"),
    _column("DRIVERS_LICENSE", "(?:運転)?免許(?:証)?番号|driver'?s licen[cs]e", "[0-9]{12}"),
    _column("PASSPORT", r"旅券番号|パスポート(?:番号)?|passport(?: no\.?| number)?", "[A-Z]{1,2}[0-9]{6,8}"),
    _column("POSTAL_CODE", "郵便番号|〒|zip|postal ?code", "〒?[0-9]{3}-?[0-9]{4}"),
)
_QUOTES = " \"'\u3000"


def find(view: View) -> Iterator[Find]:
    """Cells of tables whose first line names at least one column; lines with commas, tabs or bars between their cells."""
    lines = list(re.finditer(r"[^\n]+", view.text))
    for place, line in enumerate(lines[:-1]):
        separator = next((sign for sign in "\t|," if sign in line[0]), None)
        columns = _columns(line[0], separator) if separator is not None else {}
        if separator is not None and columns:
            yield from _cells(lines[place + 1 :], columns, separator)


def _columns(line: str, separator: str) -> dict[int, _Column]:
    heads = [head.strip(_QUOTES) for head in line.split(separator)]
    return {place: known for place, head in enumerate(heads) for known in _COLUMNS if known.head.fullmatch(head)}


def _cells(lines: list[re.Match[str]], columns: dict[int, _Column], separator: str) -> Iterator[Find]:
    for line in lines:
        if separator not in line[0]:
            return
        at = line.start()
        for place, raw in enumerate(line[0].split(separator)):
            value, column = raw.strip(_QUOTES), columns.get(place)
            if column is not None and column.cell.fullmatch(value):
                start = at + raw.index(value)
                yield Find(start, start + len(value), column.kind)
            at += len(raw) + 1
