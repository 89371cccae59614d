"""Postal addresses and codes: Japanese ones by their parts, from prefecture to room; English ones by street and number."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import label, labelled
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_PREFECTURES = (
    "北海道|東京都|京都府|大阪府|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|"
    "石川|福井|山梨|長野|岐阜|静岡|愛知|三重|"
    "滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄)県"
)
# A place's name holds kana, too (みなとみらい, ひばりが丘), but these stand in sentences alone.
_PLACE = (
    r"(?:(?!から|まで|には|では|とは|です|ます|した|への|する|ある|いる|より|"
    r"(?<=[都道府県市区郡町村])[はがをでもへのに内外])[一-龠々ヶヵぁ-んァ-ヴー])"
)
_GOES_ON = r"(?![はがをでもへのに内外])"
_NUMBER = r"[0-9]{1,5}|[一二三四五六七八九十百〇]{1,4}"
_BLOCK = (
    rf"(?:(?:{_NUMBER})(?:丁目|番地|番町|番|条|線|号|区)[東西南北]?[ "
    rf"]?(?:の)?){{1,4}}(?:[0-9]{{1,5}}(?:[-の][0-9]{{1,5}}){{0,3}}号?)?"
    r"|[0-9]{1,5}(?:-[0-9]{1,5}){1,4}(?:号)?"
)
_HOUSE = r"(?:(?!TEL|Tel|tel|FAX|電話|様|在住|に住)[一-龠々ァ-ヴーぁ-んA-Za-z0-9'・&.-])"
_ROOM = (
    rf"(?:[ 、,]{{0,2}}(?![0-9]{{2,4}}-){_HOUSE}{{2,24}}[ ]?(?:[A-Z]?-?[0-9]{{1,5}}(?:号室|号|室|階|F)?)(?![0-9-])"
    rf"|[ ]{_HOUSE}{{1,20}}(?:ビル|ビルディング|タワー|マンション|ハイツ|コーポ|レジデンス|ヒルズ|ハウス|荘|"
    rf"プラザ|センター)(?![ァ-ヴー]))?"
)
_JAPANESE = re.compile(
    rf"(?:(?:{_PREFECTURES})[ ]?)?(?:{_PLACE}{{1,7}}?[市郡]{_GOES_ON}[ ]?)?(?:{_PLACE}{{1,6}}?[区町村]{_GOES_ON}[ ]?)?"
    rf"(?:大?字)?{_PLACE}{{0,24}}?[ ]?(?:大?字{_PLACE}{{1,8}})?[ ]?"
    rf"(?:(?P<block>{_BLOCK})|(?P<single>[0-9]{{1,5}})(?![0-9年月日時分円個件人名%:./号]|"
    rf"[ ]?(?![にへでのをがはと])[0-9A-Za-z一-龠ァ-ヶぁ-ん])){_ROOM}"
)
_HEAD = re.compile(
    rf"{_PREFECTURES}|(?<![一-龠])[一-龠ぁ-んァ-ヴヶ]{{1,6}}[市区郡](?=[ ]?{_PLACE}{{1,20}}[ ]?[0-9一二三四五六七八九十])"
)
_CODE = re.compile(r"〒\s?[0-9]{3}-?[0-9]{4}(?![0-9])|(?<![0-9A-Za-z-])[0-9]{3}-?[0-9]{4}(?![0-9-])")
_CODE_LABEL = label(r"郵便番号|zip(?: ?code)?|postal ?code|post ?code|〒")
_AFTER_CODE = re.compile(rf"[\s　]*(?:{_PREFECTURES}|[一-龠]{{1,5}}[市区郡])")

_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Terrace|Square|Sq|Parkway|Pkwy|"
    r"Highway|Hwy|Circle|Cir|Trail|Crescent|Close|Row|Mews|Gardens|Walk|Loop|Plaza)\b\.?"
)
_WORD = r"(?:[A-Z][A-Za-z'.-]*|[0-9]{1,3}(?:st|nd|rd|th))"
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor|Fl)\.? ?#?[0-9A-Za-z-]{1,6}|,? #[0-9A-Za-z-]{1,6})?"
_TOWN = r"(?:, [A-Z][a-z][A-Za-z'-]*(?: [A-Z][a-z][A-Za-z'-]*){0,3})?"
_ZIP = (
    r"(?:,? [A-Z]{2},? [0-9]{5}(?:-[0-9]{4})?|,? [A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}|,? "
    r"[0-9]{5}(?![0-9-])|,? [A-Z]{2}(?![A-Za-z]))?"
)
_ENGLISH = re.compile(
    rf"(?<![0-9A-Za-z$.,#-])(?<!The )(?<!the )(?:(?:Flat|Apt|Unit|Suite)\.? [0-9A-Z]{{1,5}},? )?[0-9]{{1,6}}[A-Za-z]? "
    rf"(?:[NSEW]\.? )?(?!The |A )(?:{_WORD} ){{1,4}}?{_STREET}(?: [NSEW]{{1,2}}\b)?{_UNIT}{_TOWN}{_ZIP}"
    r"|(?<![A-Za-z])P\.?O\.? Box [0-9]{1,6}" + _TOWN + _ZIP
)
_ROMAN = re.compile(
    r"(?<![0-9A-Za-z-])(?:[#0-9A-Za-z ]{1,20}, )?[0-9]{1,3}(?:-[0-9]{1,4}){1,3},? (?:[A-Z][a-z-]+(?: "
    r"[A-Z][a-z]+)?, ?){0,3}[A-Z][a-z]+-(?:ku|shi|cho|machi|gun|son|mura)\b"
    r"(?:, ?[A-Z][a-z]+(?:-(?:shi|ken|fu|to|do))?){0,3}(?:,? ?[0-9]{3}-[0-9]{4})?(?:,? Japan)?"
)


def find(view: View) -> Iterator[Find]:
    """Addresses that lead to a door, and postal codes that say that they are one."""
    text = view.text
    yield from _in_japanese(text)
    for found in _CODE.finditer(text):
        if (
            found[0].startswith("〒")
            or labelled(view, found.start(), _CODE_LABEL)
            or ("-" in found[0] and _AFTER_CODE.match(text, found.end()))
        ):
            yield Find(found.start(), found.end(), "POSTAL_CODE")
    for pattern in (_ENGLISH, _ROMAN):
        for found in pattern.finditer(text):
            yield Find(found.start(), found.end(), "ADDRESS")


def _leads_to_a_door(head: str, before: str) -> bool:
    """Whether a single number without a word for it is a house's: behind a prefecture, or behind a street or a hamlet."""
    return head.endswith(("都", "道", "府", "県")) or before.rstrip().endswith(("町", "村", "字", "通", "筋"))


def _in_japanese(text: str) -> Iterator[Find]:
    at = 0
    while head := _HEAD.search(text, at):
        found = _JAPANESE.match(text, head.start())
        if found is None or (found["single"] and not _leads_to_a_door(head[0], text[: found.start("single")])):
            at = head.end()
            continue
        yield Find(found.start(), found.end(), "ADDRESS")
        at = found.end()
