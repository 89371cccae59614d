"""Telephone numbers, as Japan and the rest of the world write them."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import THING, before, label, labelled
from kyozon.governance.masking.digits import only
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_FREE = r"(?:(?<![0-9A-Za-z_+/-])|(?<=TEL)|(?<=Tel)|(?<=FAX)|(?<=Fax))(?<![0-9]\.)"
_ENDS = r"(?![0-9A-Za-z_]|[-/][0-9]|\.[0-9])"
_SIGN = r"[-.‐ ・/]|の"
_JAPAN = re.compile(rf"{_FREE}\(?0[0-9]{{1,4}}\)?(?:{_SIGN})?\(?[0-9]{{1,4}}\)?(?:{_SIGN})?[0-9]{{3,4}}{_ENDS}")
_ABROAD = re.compile(
    r"(?<![0-9A-Za-z+])(?:\+|00(?=81))[1-9][0-9]{0,2}[-. ]?(?:\(0\)[-. ]?)?(?:\(?[0-9]{1,4}\)?[-. "
    r"]?){2,5}[0-9]{1,4}(?![0-9A-Za-z])"
)
_AMERICA = re.compile(
    rf"{_FREE}(?:1[-. ])?(?:\([2-9][0-9]{{2}}\) ?|[2-9][0-9]{{2}}[-.])[2-9][0-9]{{2}}[-. ][0-9]{{4}}{_ENDS}"
)
_BRITAIN = re.compile(rf"{_FREE}0(?:7[0-9]{{3}} ?[0-9]{{6}}|20 [0-9]{{4}} [0-9]{{4}}|1[0-9]{{3}} [0-9]{{6}}){_ENDS}")
_LABEL = label(
    r"電話|でんわ|携帯|ケータイ|スマホ|連絡先|固定|自宅|勤務先|直通|代表|内線|ファックス|ファクス|FAX|TEL|tel(?:ephone)?|"
    r"phone|mobile|cell|fax|contact|call|dial|☎|📞|℡"
)
_MOBILE = re.compile(r"0[5789]0")
_FREE_CALL = re.compile(r"0120|0800|0570")
# What a bare run of digits counts, if one of these follows.
_UNIT = re.compile(
    r"\s*(?:円|個|件|名|人|台|本|枚|回|秒|ミリ|ナノ|マイクロ|分|時間|日|年|バイト|byte|bit|ms\b|ns\b|us\b|"
    r"sec|%|px|km|kg|USD|JPY|yen)"
)
_MOST, _LEAST, _E164_LEAST, _E164_MOST = 11, 10, 9, 15


def find(view: View) -> Iterator[Find]:
    """Every number of the right length whose signs, label or prefix say that one can call it."""
    text = view.text
    for found in _JAPAN.finditer(text):
        if _japanese(view, found):
            start = found.start() + (1 if found[0].startswith("(") and ")" not in found[0] else 0)
            yield Find(start, found.end(), "PHONE")
    for found in _ABROAD.finditer(text):
        if _E164_LEAST <= len(only(found[0])) <= _E164_MOST:
            yield Find(found.start(), found.end(), "PHONE")
    for pattern in (_AMERICA, _BRITAIN):
        for found in pattern.finditer(text):
            if not before(view, found.start(), THING):
                yield Find(found.start(), found.end(), "PHONE")


def _japanese(view: View, found: re.Match[str]) -> bool:
    digits = only(found[0])
    if not (_LEAST <= len(digits) <= _MOST) or digits.startswith("00"):
        return False
    if (len(digits) == _MOST) != bool(_MOBILE.match(digits) or digits.startswith("0800")):
        return False
    if labelled(view, found.start(), _LABEL):
        return True
    if _UNIT.match(view.text, found.end()) or before(view, found.start(), THING):
        return False
    separated = len(found[0]) > len(digits)
    return _well_parted(found[0]) if separated else bool(_MOBILE.match(digits))


def _well_parted(number: str) -> bool:
    """Whether the parts are as long as those of a telephone number, so that it is no other one with hyphens."""
    parts = [len(part) for part in re.findall(r"[0-9]+", number)]
    if len(parts) != 3:  # noqa: PLR2004 - area, exchange, line
        return len(parts) == 2 and "(" not in number and bool(_MOBILE.match(number.lstrip("(")))  # noqa: PLR2004
    if _FREE_CALL.match(number):
        return parts in ([4, 2, 4], [4, 3, 3], [4, 3, 4])
    return parts[2] == 4 and (parts[0] + parts[1] in (6, 7))  # noqa: PLR2004 - a line has four digits
