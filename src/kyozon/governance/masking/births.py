"""Dates of birth: a date counts only where the words around it say that somebody was born."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import label, labelled
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_ERA = r"(?:明治?|大正?|昭和?|平成?|令和?|[MTSHR]\.?)"
_NUMBER = "(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_MONTH_DAY = rf"(?: ?{_NUMBER} ?月(?: ?{_NUMBER} ?日)?)?"
_START = r"(?<![0-9A-Za-z])"
_DATE = re.compile(
    rf"{_START}(?:西暦)?(?:{_YEAR}|[一二三四五六七八九〇]{{4}}|{_ERA} ?(?:元|{_NUMBER})) ?年"
    rf"(?:\([^)]{{1,8}}\))?{_MONTH_DAY}"
    rf"|{_START}[0-9]{{1,2}} ?月 ?[0-9]{{1,2}} ?日"
    rf"|{_START}(?:{_YEAR}|{_ERA} ?[0-9]{{1,2}}) ?([-/.]) ?[0-9]{{1,2}} ?\1 ?[0-9]{{1,2}}(?![0-9])"
    rf"|{_START}[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\2(?:{_YEAR}|[0-9]{{2}})(?![0-9])"
    rf"|{_START}{_MONTH} ?{_DAY}(?:,? ?{_YEAR})?(?![0-9])"
    rf"|{_START}{_DAY}(?: of)?[ -]{_MONTH}(?:,?[ -](?:{_YEAR}|[0-9]{{2}}))?(?![0-9])"
    rf"|{_START}(?:{_MONTH},? )?{_YEAR}(?![0-9A-Za-z/.年-])"
    rf"|(?<![0-9A-Za-z-]){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9A-Za-z-])",
    re.IGNORECASE,
)
_LABEL = label(
    r"生年月日(?:\([^)]{0,6}\))?|お?誕生日|お?生まれ|生れ|出生(?:日|年月日)?|バースデー|date[ _-]?of[ _-]?birth|"
    r"birth[ _-]?da(?:te|y)|d\.?o\.?b\.?|"
    r"born(?: on| in)?|b\.|bday|birth"
)
_FIELD = re.compile(r"(?:生年月日|誕生日|date of birth|birth ?date|birthday|dob)[^0-9。.\n]{0,16}\Z", re.IGNORECASE)
_BEHIND = re.compile(
    r"\s*(?:\([^\s。、()]{0,6}\)|ごろ|頃)?に?\s*(?:[、,]? ?[^\s。、()0-9]{1,10}[でに])?(?:(?:生まれ|生れ|うまれ)(?!変)|"
    r"出生(?!届|率)|誕生日)|\s*生(?![成産徒活協命物])"
)


def find(view: View) -> Iterator[Find]:
    """Dates in all the usual forms, Japan's eras among them."""
    for found in _DATE.finditer(view.text):
        named = labelled(view, found.start(), _LABEL) or labelled(view, found.start(), _FIELD)
        if named or _BEHIND.match(view.text, found.end()):
            yield Find(found.start(), found.end(), "DATE_OF_BIRTH")
