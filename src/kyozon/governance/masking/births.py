"""Dates of birth: a date counts only where the words around it say that somebody was born."""

import re
from collections.abc import Iterable, Iterator

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
    rf"|{_START}(?:{_YEAR}|{_ERA} ?[0-9]{{1,2}}) ?([-/.・]) ?[0-9]{{1,2}} ?\1 ?[0-9]{{1,2}}(?![0-9])"
    rf"|{_START}[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\2(?:{_YEAR}|[0-9]{{2}})(?![0-9])"
    rf"|{_START}{_MONTH} ?{_DAY}(?:,? ?{_YEAR})?(?![0-9])"
    rf"|{_START}(?:the )?{_DAY}(?: of)?[ -]{_MONTH}(?:,?[ -](?:{_YEAR}|[0-9]{{2}}))?(?![0-9])"
    rf"|{_START}(?:{_MONTH},? )?{_YEAR}(?![0-9A-Za-z/.年-])"
    rf"|(?<![0-9A-Za-z-]){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9A-Za-z-])",
    re.IGNORECASE,
)
_LABEL = label(
    r"生年月日(?:\([^)]{0,6}\))?|生年|お?誕生日|お?生まれ|生まれた(?:の|日)|生まれ年|生れ|出生(?:日|年月日)?|バースデー|"
    r"date[ _-]?of[ _-]?birth|"
    r"birth[ _-]?da(?:te|y)|d\.?o\.?b\.?|"
    r"born(?: in [A-Z][A-Za-z .]{1,24}?)?,?(?: on| in)?|b\.|bday|birth|year of birth|yob|Geburtsdatum|geboren(?: am)?|"
    r"date de naissance|né[e]? le|"
    r"fecha de nacimiento|data di nascita"
)
_FIELD = re.compile(
    r"(?:生年月日|誕生日|date of birth|birth ?date|birthday|dob)(?:[^0-9。.\n]|\.\.+){0,16}\Z", re.IGNORECASE
)
_BEHIND = re.compile(
    r"\s*(?:\([^\s。、()]{0,6}\)|ごろ|頃)?に?\s*(?:[、,]? ?[^\s。、()0-9]{1,10}[でに])?(?:(?:生まれ|生れ|うまれ|"
    r"産まれ)(?!変)|"
    r"出生(?!届|率)|生誕|誕生(?:日|(?=[。、)\s]|$)))|\s*生(?![成産徒活協命物])"
)


# Of whom sex or age is told right beside a date, of that person it is.
_DAY_TOLD = re.compile(r"日|[-/.・][0-9]{1,2}[-/.・]|[0-9]{8}|[A-Za-z]{3}")
_AGE = r"(?:満|年齢[: ]?|age[d]? )?[0-9]{1,3}(?:歳|才|ヶ月児)(?!以上|以下|未満|まで|から|児|時)"
_SEX = r"(?:男|女)(?:性|児|の子)?(?![一-龠])|(?<![A-Za-z])(?:male|female|[MF])(?![A-Za-z])"
_PERSON_BEHIND = re.compile(rf"\s?\({_AGE}\)|\)?[ ]?[,、/|\t ][ ]?(?:{_AGE}|{_SEX})", re.IGNORECASE)
_PERSON_BEFORE = re.compile(rf"(?:{_AGE}|{_SEX})[ ]?[,、/|\t (][ ]?\(?\Z", re.IGNORECASE)
_HEAD = re.compile(
    r"^[^0-9\n]*(?:生年月日|誕生日|birth ?da(?:te|y)|date of birth|\bdob\b)[^0-9\n]*\n", re.IGNORECASE | re.MULTILINE
)
_CELL = re.compile(r"(?:\s?\(|\s?[,\t|;]\s?)\Z")
_CELL_ENDS = re.compile(r"\s?(?:生?\)|[,\t|;\n]|$)")
_YEAR_TOLD = re.compile(
    r"(?:19[0-9]{2}|200[0-9]|201[0-2])|昭|大正|明|(?<![A-Za-z])[STM]\.?[0-9]|(?:平成?|H)\.? ?(?P<heisei>[0-9]{1,2})"
)
_LAST_HEISEI = 24
_BEFORE = 12
_KIN = label(r"(?:妻|夫|父|母|兄|姉|弟|妹|息子|娘|長男|長女|次男|次女|本人|husband|wife|son|daughter)")
_SPOKEN_OF = re.compile(r"生年月日|誕生日|生まれ|date of birth|birthday|\bborn\b", re.IGNORECASE)


def find(view: View) -> Iterator[Find]:
    """Dates in all the usual forms, Japan's eras among them."""
    text = view.text
    dates = list(_DATE.finditer(text))
    spoken_of = bool(dates) and _SPOKEN_OF.search(text) is not None
    for found in dates:
        named = labelled(view, found.start(), _LABEL) or labelled(view, found.start(), _FIELD)
        named = named or (spoken_of and labelled(view, found.start(), _KIN))
        if named or _BEHIND.match(text, found.end()) or _of_a_person(text, found):
            yield Find(found.start(), found.end(), "DATE_OF_BIRTH")
    for head in _HEAD.finditer(text):
        for found in _below(text, dates, head.end()):
            yield Find(found.start(), found.end(), "DATE_OF_BIRTH")


def beside(view: View, persons: Iterable[Find]) -> Iterator[Find]:
    """Dates in the cell or the brackets behind a person's name, of years that grown-ups were born in."""
    ends = {find.end for find in persons}
    for found in _DATE.finditer(view.text) if ends else ():
        before = _CELL.search(view.text, max(0, found.start() - _BEFORE), found.start())
        alone = before is not None and before.start() in ends and _CELL_ENDS.match(view.text, found.end()) is not None
        if alone and _long_ago(found[0]):
            yield Find(found.start(), found.end(), "DATE_OF_BIRTH")


def _long_ago(date: str) -> bool:
    """Whether a whole date is of the years up to 2012."""
    year = _YEAR_TOLD.search(date)
    if year is None or _DAY_TOLD.search(date) is None:
        return False
    return year["heisei"] is None or int(year["heisei"]) <= _LAST_HEISEI


def _of_a_person(text: str, found: re.Match[str]) -> bool:
    start = found.start()
    return _DAY_TOLD.search(found[0]) is not None and (
        _PERSON_BEHIND.match(text, found.end()) is not None
        or _PERSON_BEFORE.search(text, max(0, start - _BEFORE), start) is not None
    )


def _below(text: str, dates: list[re.Match[str]], at: int) -> Iterator[re.Match[str]]:
    """The one date of each line from `at` on, up to a line with none or with several."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        inside = [date for date in dates if at <= date.start() < end]
        if len(inside) == 1:
            yield inside[0]
        elif inside or re.search(r"\w", text[at:end]):
            return
        at = end + 1
