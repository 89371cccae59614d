"""What stands around a find: the label before it, words nearby that say what a number is, or that it is something else."""

import re

from kyozon.governance.masking.folding import View

_BEFORE, _AFTER = 48, 24


def label(words: str) -> re.Pattern[str]:
    """Matches a text that ends in one of `words` and little more: punctuation, quotes, a particle, no other word."""
    ends = (
        r"[\s\"'`*_|…・】〕\])》>]*(?:\([^)\n]{0,12}\))?[\s]*(?:番号|No\.?|number|num|#|no)?[\s\"'`*_|"
        r"】〕\])》>]*(?:[:=：は\t|]|が|を|→|->|"
        r"=>|is\b|was\b)?[\s\"'`*_|【〔\[(《<「『]*\Z"
    )
    return re.compile(rf"(?<![A-Za-z])(?:{words}){ends}", re.IGNORECASE)


def labelled(view: View, start: int, wanted: re.Pattern[str]) -> bool:
    """Whether what stands directly before `start` is such a label."""
    return wanted.search(view.text, max(0, start - _BEFORE), start) is not None


def near(view: View, start: int, end: int, wanted: re.Pattern[str]) -> bool:
    """Whether a word stands in the same line, not far before or behind."""
    text = view.text
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    low = max(line_start, start - _BEFORE)
    high = min(end + _AFTER, line_end if line_end >= 0 else len(text))
    return wanted.search(text, low, start) is not None or wanted.search(text, end, high) is not None


def before(view: View, start: int, wanted: re.Pattern[str], within: int = 16) -> bool:
    """Whether a word stands shortly before, in the same line."""
    low = max(view.text.rfind("\n", 0, start) + 1, start - within)
    return wanted.search(view.text, low, start) is not None


# What numbers are that identify nobody, however many digits they have.
THING = re.compile(
    r"伝票|注文|受注|発注|追跡|問い?合わ?せ(?:番号|No)|管理番号|商品|品番|型番|型式|製品|製造|検体|シリアル|ロット|"
    r"部品|在庫|資産番号|機番|"
    r"JAN|ISBN|EAN|UPC|SKU|IMEI|コード|チケット|受付|整理番号|会議|見積|請求書|納品|領収|取引|処理|決済ID|告示|特許|出願|"
    r"build|order|invoice|tracking|serial|shipment|parcel|ticket|part|model|version|ver\.|commit|job|run|request|trace|"
    r"meeting|webinar|case|ref(?:erence)?\b|transaction|batch|product|item|asset|isbn|rev(?:ision)?\b",
    re.IGNORECASE,
)
