"""Whether a sentence is said by a text: its words stand there together, and no number, name or denial is its own."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct

from kyozon.retrieval.claims import Span, claims

SUPPORTED = 0.6
"""What share of a sentence's words must stand in a few sentences of its source (`python -m bench.citations`)."""

_LATIN = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
_WIDE = re.compile(r"[ぁ-ゖァ-ヺ\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_HIRAGANA = re.compile(r"[ぁ-ゖー]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"[ァ-ヺー]{3,}")
_CAPITAL = re.compile(r"(?<=[a-z0-9,;)] )[A-Z][A-Za-z]+")
_DENIES = re.compile(
    r"\b(?:not|never|cannot|no(?!\.?\s*[\d|])|nor|without|neither|none)\b|n['’]t\b|ない|なく|なけれ|ません|(?<=[かさたならわがばま])ず[にに、]?|不可|禁|無効|対象外|いいえ"
)
_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
_NUMERALS = "〇一二三四五六七八九十百千"
_COUNTED = re.compile(rf"(?<![{_NUMERALS}])[{_NUMERALS}]++(?=[年月日時分円人回個件名歳週か箇ヶカ%割条章項階番台枚名])")
_STOPPED = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can could did do does for from had has have how i if in into is it its may "
        "me must my of on or our shall should so some such than that the their them then there these they this those to "
        "under up upon us was we were what when where which who whom whose why will with would you your about any all "
        "each also "
        "please tell give many much long often",
    )
)
_WINDOW = 3
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "edly", "ed", "es", "ly", "s", "e")


class Support(Struct, frozen=True):
    """How far a text says a sentence, from 0 to 1, and where it does; `faults` are what keeps it from saying it."""

    score: float
    span: Span = (0, 0)
    faults: tuple[str, ...] = ()

    def holds(self, least: float = SUPPORTED) -> bool:
        """Whether the sentence rests on that place."""
        return not self.faults and self.score >= least


def grams(text: str) -> frozenset[str]:
    """What a text is compared by: words of Latin script by their stems, pairs of characters of the others.

    Particles and endings, that is pairs of hiragana alone, and the commonest English words are left out.
    """
    folded = folded_numbers(text)
    found = set(stems(folded))
    for run in re.findall(r"[^\x00-\u2fff\u3000-\u3004\u3008-\u3040\uff00-\uffef]+", folded):
        pairs = {run[place : place + 2] for place in range(len(run) - 1)} or {run}
        found |= {pair for pair in pairs if not _HIRAGANA.fullmatch(pair)}
    return frozenset(found)


def stems(folded: str) -> frozenset[str]:
    """The words of Latin script in a folded text, without their endings; not the commonest of English."""
    return frozenset(_stem(word) for word in _LATIN.findall(folded) if word not in _STOPPED)


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text, without the marks of thousands; small Japanese numerals before a unit are read, too."""
    return frozenset(found.replace(",", "") for found in _NUMBER.findall(folded_numbers(text)))


def names(text: str) -> frozenset[str]:
    """Words that stand for one thing: runs of katakana, and English words with a capital within a sentence."""
    plain = unicodedata.normalize("NFKC", text)
    return frozenset([*_NAME.findall(plain), *(found.lower() for found in _CAPITAL.findall(plain))])


class Memory:
    """What texts are compared by, each found once. It is made for one answer and goes with it: no word outlives that."""

    def __init__(self) -> None:
        self.grams = cache(grams)
        self.numbers = cache(numbers)
        self.windows = cache(windows)


def support(claim: str, source: str, memory: Memory | None = None) -> Support:
    """The place of `source` that says `claim` best: up to three sentences that follow one another."""
    memory = memory or Memory()
    wanted, best = memory.grams(claim), Support(0.0)
    if not wanted:
        return best
    for span in memory.windows(source):
        said = source[slice(*span)]
        share = len(wanted & memory.grams(said)) / len(wanted)
        if share > best.score + (0.0 if _shorter(span, best.span) else 0.08):
            best = Support(share, span, _faults(claim, said, said, source))
    return best


def said_by(row: str, above: str, claim: str, source: str, memory: Memory) -> Support:
    """How far a row of a source says a claim, with what stands above its table; without its place.

    Whether it denies is told by the row alone: a head may be "No.".
    """
    wanted = memory.grams(claim)
    share = len(wanted & memory.grams(f"{above}\n{row}")) / len(wanted) if wanted else 0.0
    return Support(share, faults=_faults(claim, f"{above}\n{row}", row, source) if share >= SUPPORTED else ())


def across(claim: str, source: str, memory: Memory | None = None) -> Support:
    """The place that has all numbers of a claim in another script, of which there must be one, and denies as it does.

    Between languages words cannot be compared. This is weaker than `support`, and holds only for a source that is named.
    """
    memory = memory or Memory()
    wanted = memory.numbers(claim)
    if not wanted or bool(_WIDE.search(claim)) == bool(_WIDE.search(source)):
        return Support(0.0)
    for span in memory.windows(source):
        said = source[slice(*span)]
        if wanted <= memory.numbers(said) and bool(_DENIES.search(_plain(claim))) == bool(_DENIES.search(_plain(said))):
            return Support(SUPPORTED, span)
    return Support(0.0)


def _faults(claim: str, said: str, denies: str, source: str) -> tuple[str, ...]:
    """What a claim says that the place does not: numbers, a denial as `denies` has it; of names, what the source lacks."""
    found = []
    if not numbers(claim) <= numbers(said):
        found.append("number")
    folded = unicodedata.normalize("NFKC", source).lower()
    if any(name.lower() not in folded for name in names(claim)):
        found.append("name")
    if bool(_DENIES.search(_plain(claim))) != bool(_DENIES.search(_plain(denies))):
        found.append("denial")
    return tuple(found)


def covered(question: str, texts: Iterable[str]) -> float:
    """What share of the question's words stands in the best of the texts; 0 where it has none."""
    wanted = grams(question)
    return max((len(wanted & grams(text)) / len(wanted) for text in texts), default=0.0) if wanted else 0.0


def folded_numbers(text: str) -> str:
    """In small letters, compatible forms made one (NFKC), counted kanji numerals as digits."""
    return _COUNTED.sub(lambda found: _numeral(found[0]), _plain(text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _numeral(kanji: str) -> str:
    """`二十五` as 25, `二〇二六` as 2026."""
    if not set(kanji) & set("十百千"):
        return kanji.translate(_DIGITS)
    total, digit = 0, 0
    for character in kanji:
        if character in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        else:
            digit = int(character.translate(_DIGITS))
    return str(total + digit)


def _stem(word: str) -> str:
    word = word.replace("’", "'").partition("'")[0]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - what is left must tell something
            return word.removesuffix(ending)
    return word


def windows(source: str) -> Sequence[Span]:
    """Up to three claims that follow one another, wherever they begin."""
    spans = claims(source)
    return tuple(
        (spans[first][0], spans[first + more][1])
        for more in range(_WINDOW)
        for first in range(len(spans) - more)
        if spans[first + more][1] - spans[first][0] <= 600 or more == 0  # noqa: PLR2004 - no longer than a reader checks at a glance
    )


def _shorter(span: Span, other: Span) -> bool:
    return span[1] - span[0] <= other[1] - other[0]
