"""Numbers of persons and companies in Japan: of tax, register, licence, passport, residence, insurance and pension."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import THING, before, label, labelled, near
from kyozon.governance.masking.digits import corporate_number, ean, my_number, only
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_FREE = r"(?<![0-9A-Za-z_/])(?<![0-9][-.])"
_ENDS = r"(?![0-9A-Za-z_/]|[-.][0-9])"
_TWELVE = re.compile(
    rf"{_FREE}(?:[0-9]{{12}}|[0-9]{{4}}([- ])[0-9]{{4}}\1[0-9]{{4}}|[0-9]{{2}} [0-9]{{2}} [0-9]{{6}} [0-9]{{2}}){_ENDS}"
)
_THIRTEEN = re.compile(
    rf"(?<![0-9A-SU-Za-z_/])(?<![A-Za-z0-9]T)(?<![0-9][-.])T?-?[0-9](?:[0-9]{{12}}|(?:[- ][0-9]{{4}}){{3}}){_ENDS}"
)
_PASSPORT = re.compile(
    r"(?<![0-9A-Za-z_-])(?:[A-Z]{2} ?[0-9]{7}|[A-Z][0-9]{8}|[A-Z]{1,2}[0-9]{6,7}|[0-9]{9})(?![0-9A-Za-z_-])"
)
_RESIDENCE = re.compile(r"(?<![0-9A-Za-z_-])[A-Z]{2}[ -]?[0-9]{8}[ -]?[A-Z]{2}(?![0-9A-Za-z_-])")
_PENSION = re.compile(rf"{_FREE}[0-9]{{4}}[- ]?[0-9]{{6}}{_ENDS}")
_INSURER = re.compile(rf"{_FREE}(?:[0-9]{{8}}|[0-9]{{6}}){_ENDS}")
_INSURED = re.compile(
    r"記号\s*[:=は]?\s*(?!番号)[0-9A-Za-z一-龠ぁ-ん][0-9A-Za-z一-龠ぁ-ん-]{0,11}[\s、,/・]*番号\s*[:=は]?\s"
    r"*[0-9]{1,8}(?:\s*\(?枝番\)?\s*[:=は]?\s*[0-9]{1,2})?"
)
_MARK_AND_NUMBER = re.compile(rf"{_FREE}[0-9]{{1,8}}(?:[-・ /][0-9]{{1,8}}){{1,2}}{_ENDS}|{_FREE}[0-9]{{6,12}}{_ENDS}")

_MY_NUMBER = re.compile(r"マイナンバー|個人番号|通知カード|my ?number|individual number", re.IGNORECASE)
_MY_NUMBER_LABEL = label(r"マイナンバー|個人番号|通知カード|my ?number|individual number")
_TAXES = re.compile(r"年末調整|源泉|扶養|税|社会保険|本人確認|総務|人事|給与|特定個人情報")
_COMPANY = re.compile(r"法人|登録番号|適格|インボイス|国税庁|corporate number|qualified invoice|\bT-?\Z", re.IGNORECASE)
_LICENCE = re.compile(r"免許|driver'?s? licen[cs]e|driving licen[cs]e|licen[cs]e (?:no|num)", re.IGNORECASE)
_TRAVEL = re.compile(r"旅券|パスポート|passport", re.IGNORECASE)
_STAY = re.compile(r"在留|特別永住|residence card|zairyu", re.IGNORECASE)
_OLD_AGE = re.compile(r"年金|pension", re.IGNORECASE)
_INSURER_LABEL = label(r"保険者|insurer(?:'s)?")
_INSURED_LABEL = label(
    r"(?:被保険者証?|保険証|資格確認書|健康保険証?|健保|国保|組合員証|共済)(?:等)?の?(?:記号[・\s]*番号|"
    r"記号|番号)?(?:\(?記号[・\s]*番号\)?)?|記号[・\s]*番号|"
    r"(?:health )?insurance(?: card| id| policy| member)?|member id"
)
_GOODS = re.compile(r"JAN|ISBN|EAN|UPC|コード|code|書籍|ゆうちょ|郵便貯金", re.IGNORECASE)


def find(view: View) -> Iterator[Find]:
    """What has the form, and the check digit or the words around it that go with it."""
    if any("0" <= sign <= "9" for sign in view.text):
        yield from _twelve(view)
        yield from _thirteen(view)
        yield from _insurance(view)
        for found in _PASSPORT.finditer(view.text):
            if near(view, found.start(), found.end(), _TRAVEL):
                yield Find(found.start(), found.end(), "PASSPORT")
        for found in _RESIDENCE.finditer(view.text):
            if near(view, found.start(), found.end(), _STAY) or not before(view, found.start(), THING):
                yield Find(found.start(), found.end(), "RESIDENCE_CARD")
        for found in _PENSION.finditer(view.text):
            if near(view, found.start(), found.end(), _OLD_AGE):
                yield Find(found.start(), found.end(), "PENSION_NUMBER")


def _twelve(view: View) -> Iterator[Find]:
    """A licence has no check digit that is published, so words decide; My Number has one, and words may be missing."""
    for found in _TWELVE.finditer(view.text):
        start, end, digits = found.start(), found.end(), only(found[0])
        if labelled(view, start, _MY_NUMBER_LABEL):
            yield Find(start, end, "MY_NUMBER")
        elif before(view, start, _LICENCE, 40) or near(view, start, end, _LICENCE):
            yield Find(start, end, "DRIVERS_LICENSE")
        elif my_number(digits) and (
            near(view, start, end, _MY_NUMBER) or near(view, start, end, _TAXES) or not before(view, start, THING)
        ):
            yield Find(start, end, "MY_NUMBER")


def _thirteen(view: View) -> Iterator[Find]:
    for found in _THIRTEEN.finditer(view.text):
        digits, start, end = only(found[0]), found.start(), found.end()
        if not corporate_number(digits) or before(view, start, _GOODS):
            continue
        if found[0].startswith("T") or near(view, start, end, _COMPANY) or not (ean(digits) or before(view, start, THING)):
            yield Find(start, end, "CORPORATE_NUMBER")


def _insurance(view: View) -> Iterator[Find]:
    for found in _INSURER.finditer(view.text):
        if labelled(view, found.start(), _INSURER_LABEL):
            yield Find(found.start(), found.end(), "HEALTH_INSURANCE")
    for found in _INSURED.finditer(view.text):
        if before(view, found.start(), _GOODS):
            continue
        yield Find(found.start(), found.end(), "HEALTH_INSURANCE")
    for found in _MARK_AND_NUMBER.finditer(view.text):
        if labelled(view, found.start(), _INSURED_LABEL) and not before(view, found.start(), _GOODS):
            yield Find(found.start(), found.end(), "HEALTH_INSURANCE")
