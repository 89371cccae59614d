"""Credit cards, bank accounts, IBANs, and the social security number of the United States."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import THING, before, label, labelled, near
from kyozon.governance.masking.digits import iban, luhn, only
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_FREE = r"(?<![0-9A-Za-z_/])(?<![0-9][-.])"
_ENDS = r"(?![0-9A-Za-z_/]|[-.][0-9])"
_CARD = re.compile(
    rf"{_FREE}(?:[0-9]{{13,19}}|[0-9]{{4}}(?:([- ])[0-9]{{4}}(?:\1[0-9]{{4}}){{2}}(?:\1[0-9]{{3}})?|([- "
    rf"])[0-9]{{6}}\2[0-9]{{4,5}})){_ENDS}"
)
_ISSUER = re.compile(
    r"4|5[0-9]|6[0-9]|3[47]|35(?:2[89]|[3-8][0-9])|30[0-5]|3[689]|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9][0-9]|7[01][0-9]|720)"
)
_CARD_WORDS = re.compile(
    r"カード|クレジット|決済|有効期限|card|credit|visa|master|amex|american express|jcb|diners|cvv|cvc|"
    r"expir|\bexp\b|\bcc\b|\bpan\b",
    re.IGNORECASE,
)
_CARD_LABEL = label(r"(?:クレジット)?カード(?:番号)?|(?:credit |debit )?card(?:[ _-]?(?:number|num|no\.?))?")
_GOODS = re.compile(r"JAN|ISBN|EAN|UPC|IMEI|商品コード|会員", re.IGNORECASE)

_BANK = re.compile(
    r"[一-龠ぁ-んァ-ヶーA-Za-z0-9]{1,12}?(?:銀行|信用金庫|信金|信用組合|信組|労働金庫|農業協同組合|農協)[\s　、,・/:(]*"
    r"(?:(?!銀行)[一-龠ぁ-んァ-ヶーA-Za-z0-9]{0,12}?(?:本?支店|本店|営業部|出張所|"
    r"支所)(?:\(?[0-9]{3}\)?)?)?[\s　、,・/:)(]*"
    r"(?:\(?(?:普通|当座|貯蓄|定期|総合)(?:預金|口座)?\)?)[\s　、,・/:]*(?:口座)?(?:番号|"
    r"No\.?)?[\s　:]*[0-9]{6,8}(?![0-9-])"
)
_POST_OFFICE = re.compile(
    rf"{_FREE}[01][0-9]{{4}}(?:\s*[-‐ー]\s*[0-9]?\s*[-‐]?\s*|[\s　、,]*(?:番号)?[\s　:]*)[0-9]{{6,8}}{_ENDS}"
)
_POST_OFFICE_WORDS = re.compile(r"ゆうちょ|郵便貯金|記号")
_ACCOUNT = re.compile(rf"{_FREE}[0-9]{{6,12}}{_ENDS}")
_SEVEN = re.compile(rf"{_FREE}[0-9]{{7}}{_ENDS}")
_ACCOUNT_LABEL = label(
    r"口座(?:番号)?|(?:普通|当座|貯蓄)(?:預金)?(?:口座)?|(?:bank )?(?:account|acct\.?|a/c)(?:[ _-]?(?:number|num|no\.?))?|"
    r"routing(?:[ _-]?(?:number|no\.?))?"
)
_BRANCH_LABEL = re.compile(r"(?:支店|銀行|振込先|口座)[^0-9\n]{0,12}\Z")
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?:[ -]?[0-9A-Z]{4}){2,7}(?:[ -]?[0-9A-Z]{1,3})?(?![0-9A-Za-z])")
_SSN = re.compile(rf"{_FREE}(?!000|666|9)[0-9]{{3}}([- ])(?!00)[0-9]{{2}}\1(?!0000)[0-9]{{4}}{_ENDS}")
_SSN_BARE = re.compile(rf"{_FREE}(?!000|666|9)[0-9]{{9}}{_ENDS}")
_SSN_LABEL = label(
    r"SSN|social security(?: number| no\.?| #)?|ソーシャルセキュリティ(?:ー)?(?:番号|ナンバー)?|社会保障番号"
)
_CARD_DIGITS = (14, 15, 16)


def find(view: View) -> Iterator[Find]:
    """What passes its check, or stands behind its name."""
    text = view.text
    for found in _CARD.finditer(text):
        if _card(view, found):
            yield Find(found.start(), found.end(), "CREDIT_CARD")
    yield from _accounts(view)
    for found in _IBAN.finditer(text):
        end = _iban_end(found[0])
        if end:
            yield Find(found.start(), found.start() + end, "IBAN")
    for found in _SSN.finditer(text):
        if labelled(view, found.start(), _SSN_LABEL) or not before(view, found.start(), THING):
            yield Find(found.start(), found.end(), "SSN")
    for found in _SSN_BARE.finditer(text):
        if labelled(view, found.start(), _SSN_LABEL):
            yield Find(found.start(), found.end(), "SSN")


def _card(view: View, found: re.Match[str]) -> bool:
    digits, start, end = only(found[0]), found.start(), found.end()
    if not _ISSUER.match(digits):
        return False
    if not luhn(digits):  # mistyped by one digit it is still most of a card's number, if it is said to be one
        return len(digits) in _CARD_DIGITS and labelled(view, start, _CARD_LABEL) and not before(view, start, _GOODS)
    return near(view, start, end, _CARD_WORDS) or not (before(view, start, THING) or before(view, start, _GOODS))


def _accounts(view: View) -> Iterator[Find]:
    text = view.text
    for found in _BANK.finditer(text):
        yield Find(found.start(), found.end(), "BANK_ACCOUNT")
    for found in _POST_OFFICE.finditer(text):
        if near(view, found.start(), found.end(), _POST_OFFICE_WORDS):
            yield Find(found.start(), found.end(), "BANK_ACCOUNT")
    for found in _ACCOUNT.finditer(text):
        if labelled(view, found.start(), _ACCOUNT_LABEL):
            yield Find(found.start(), found.end(), "BANK_ACCOUNT")
    for found in _SEVEN.finditer(text):
        if before(view, found.start(), _BRANCH_LABEL, 24):
            yield Find(found.start(), found.end(), "BANK_ACCOUNT")


def _iban_end(text: str) -> int:
    """How many of the characters are an IBAN: a word in capitals that follows is none of it."""
    for end in range(len(text), 14, -1):
        if text[end - 1].isalnum() and iban(text[:end].replace(" ", "").replace("-", "")):
            return end
    return 0
