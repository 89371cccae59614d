"""What a question asks for, so far as its own words tell: a number of something, money, a share, a day.

A place that has nothing of that kind does not answer, whatever words it shares with the question. Of who, where and why a
text tells nothing by its letters: there every place will do.
"""

import re
from collections.abc import Sequence

_NUMBER = r"(?<![\d,.])(?:\d[\d,.]*+|[一二三四五六七八九十百千数半])[万億千百]*+\s*+"  # in one pass, however many digits
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_MONEY = (
    r"[$€£¥]\s?\d|" + _NUMBER + r"(?:円|ドル|ユーロ|ポンド|セント|元)|額|無料|無償|実費"
    r"|\b(?:euros?|dollars?|pounds?|cents?|yen|free)\b|\d\s?(?:eur|usd|gbp|jpy)\b"
)
_SHARE = r"%|パーセント|割|分の|半数|\b(?:percent|per cent|half|thirds?|quarters?)\b"
_LASTS = _NUMBER + r"(?:年|か月|ヶ月|カ月|箇月|月|週|日|営業日|時間|分|秒)"
_COUNT = (
    r"\d|"
    + _NUMBER
    + r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty"
    r"|sixty|hundreds?|thousands?|millions?|billions?|half|single|both|several|once|twice|until|every|each|annual\w*|daily"
    r"|weekly|monthly)\b"
)
_DAY = rf"{_MONTH}\s+\d\d?\b|\b\d\d?(?:st|nd|rd|th)?\s+{_MONTH}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d日|曜"
_ALIKE = {
    "円": _MONEY,
    "ドル": _MONEY,
    "パーセント": _SHARE,
    "%": _SHARE,
    "割": _SHARE,
    "人": _NUMBER + "[人名]",
    "名": _NUMBER + "[人名]",
    "歳": _NUMBER + "[歳才]",
    "社": _NUMBER + "[社者]",
    "度": _NUMBER + "度|℃|°",
    "時": _NUMBER + r"時|\d:\d",
    "年": _NUMBER + r"(?:年|か月|ヶ月)|\b[12]\d{3}\b|元年",
    **dict.fromkeys(("日", "週間", "か月", "ヶ月", "カ月", "時間", "分", "秒"), _LASTS),
}
_UNIT = re.compile(
    r"何(パーセント|%|ギガトン|トン|ドル|円|か月|ヶ月|カ月|週間|時間|文字|リットル|キロ|メートル|ワット"
    r"|年|月|日|時|分|秒|人|名|回|歳|階|個|台|枚|本|割|度|冊|件|社|部|匹|倍)(?!も(?![らう])|でも|となく)"
)
_NUMERIC = re.compile(r"\d+(?:\.\d+)*")
_PRICED = r"cost|price|fee|fare|salary|wage|pay|paid|spend|worth|charge|allowance|fine"
_HELPS = "do|does|did|is|are|was|were|will|would|can|could|must|should|has|have"
_ASKING = (
    (r"いくら(?!か|.{0,12}(?:ても|でも))", _MONEY),
    ("電話番号", r"\d{3}"),
    (rf"(?<!by )\bhow much (?:(?:\w+ )?money\b|(?:{_PRICED})|(?:{_HELPS})\b.*\b(?:{_PRICED}))", _MONEY),
    (r"\bwhat (?:do|does|did)\b.*\bcost(?: (?:per|for|in|a|an)\b.*)?\s*\??\s*$", _MONEY),
    (r"\bwhat (?:is|are|was|were) the (?:\w+ ){0,2}(?:cost|price|fee|fare|salary|fine)s?\b", _MONEY),
    (r"\bhow (?:many|old|large|big|tall|high|far|fast|deep|wide|heavy|long|often)\b|\bfrom what height\b", _COUNT),
    (r"\b(?:what|which) (?:share|proportion|percentage|fraction)\b|\bhow many percent\b", _SHARE),
    (r"\b(?:what|which) (?:day|date)\b", _DAY),
    (r"\bwhat temperature\b", r"°|℃|\bdegrees?\b|" + _NUMBER + "度"),
)
_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ\u4e00-\u9fff]")
_UNITS = re.compile(r"[(]([^()]{1,8})[)]")
_PRICES = re.compile(r"料金|手当|単価|価格|[費賃代](?=\s*(?:[(|]|$))|\b(?:fee|price|cost|fare|salary|wage|allowance)s?\b")


def asked(question: str) -> tuple[re.Pattern[str], ...]:
    """What an answer must hold, each of it; the question is folded as by `grounding.folded_numbers`."""
    units = (_ALIKE.get(unit, _NUMBER + unit) for unit in _UNIT.findall(question))
    kinds = (kind for form, kind in _ASKING if re.search(form, question))
    return tuple(re.compile(kind) for kind in dict.fromkeys((*units, *kinds)))


def headed(head: str) -> str:
    """What the head of a table says of the numbers below it, put as it would stand there; it is folded as a question is."""
    units = [f"1{unit}" for unit in _UNITS.findall(head)]
    return " ".join([*units, *(["1円"] if _PRICES.search(head) else [])])


def held(wanted: Sequence[re.Pattern[str]], question: str, place: str, numbers: frozenset[str]) -> bool:
    """Whether a place, folded, has all that is asked for, beside the numbers that the question brings along itself.

    Of a Japanese question's units a place in another script tells nothing: it will do.
    """
    if not wanted or (_JAPANESE.search(question) and not _JAPANESE.search(place)):
        return True
    own = _NUMERIC.sub(lambda found: "" if found[0] in numbers else found[0], place.replace(",", ""))
    return all(kind.search(own) for kind in wanted)
