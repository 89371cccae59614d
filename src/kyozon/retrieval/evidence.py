"""Whether what was found can answer a question: judged by the question's own words, which one place should have together.

It must have what is asked for, too (`asking`). Vectors do not decide this: a question about a leave that a rule does not
name is as near to that rule as one about a leave that it names.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from kyozon.retrieval.asking import asked, headed, held
from kyozon.retrieval.claims import Span, claims
from kyozon.retrieval.grounding import folded_numbers, grams, numbers, stems, windows
from kyozon.retrieval.packing import Source
from kyozon.retrieval.rows import rows

EVIDENT = 0.67
"""From which share on words may be quoted as an answer, and a model need not name the source itself (`bench.citations`)."""

_BEST = 3
_ASKS = re.compile(
    r"何(?:日間?|名|人|回|年間?|か?月|ヶ月|時間?|分|歳|階|個|台|枚|本|週間?|文字|割|度|番|キロ|メートル|円|冊|件)?"
    r"|教えて|知りたい|ください|いくら|いくつ|どこ|どちら|いつ|誰|だれ|どれ|どの|どんな|どう|なぜ|ですか|ますか|でしょうか"
    r"|必要|場合|方法|理由"
)
_ASKED = frozenset(
    {"happen", "mean", "need", "get", "take", "use", "name", "call", "kind", "date", "year", "day", "number"}
)
_RUN = re.compile(r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff]+|[ァ-ヺー]+")


class Evidence(Struct, frozen=True):
    """What speaks for an answer: shares, from 0 to 1, of the question's words that stand together in the best place.

    `terms` are its nouns, so far as they can be told without a dictionary, `pairs` what `grounding.grams` sees in it.
    `numbers` says that the sources have every number of the question, `kind` that the place has what is asked for.
    """

    terms: float
    pairs: float
    numbers: bool
    kind: bool

    @property
    def share(self) -> float:
        """Both together; nothing where a number is foreign or the kind is missing."""
        return (self.terms + self.pairs) / 2 if self.numbers and self.kind else 0.0

    @property
    def evident(self) -> bool:
        """Whether an answer stands there."""
        return self.share >= EVIDENT


_NOTHING = Evidence(0.0, 0.0, numbers=False, kind=False)


def bearing(question: str, source: Source, span: Span, head: str = "") -> float:
    """The share of the question's words that a place has, with its headings and the claims before and after it.

    `head` is that of the table whose row the place is.
    """
    spans = claims(source.text)
    start = max((begin for begin, end in spans if end <= span[0]), default=span[0])
    stop = min((end for begin, end in spans if begin >= span[1]), default=span[1])
    place = f"{_above(source)}{head}\n{source.text[start:stop]}"
    return (_share(_terms(question), place) + _paired(_pairs(question), place)) / 2


def evidence(question: str, sources: Sequence[Source]) -> Evidence:
    """What the best place of the sources has for a question."""
    known = frozenset[str]().union(*(numbers(f"{source.filename} {source.text}") for source in sources))
    terms, pairs, own, folded = _terms(question), _pairs(question), numbers(question), folded_numbers(question)
    wanted, said = asked(folded), own <= known
    found = (
        Evidence(
            _share(terms, above + place),
            _paired(pairs, above + place),
            numbers=said,
            kind=held(wanted, folded, f"{folded_numbers(place)} {units}", own),
        )
        for above, place, units in _places(sources[:_BEST])
    )
    return max(found, key=lambda one: one.share, default=_NOTHING)


def _places(sources: Sequence[Source]) -> Iterator[tuple[str, str, str]]:
    """The headings above a few claims that follow one another, and these; a row with its head, and the units in that."""
    for source in sources:
        for start, end in windows(source.text):
            yield _above(source), source.text[start:end], ""
        for row in rows(source):
            yield f"{_above(source)}{row.title}\n", row.told, headed(folded_numbers(row.head))


def _above(source: Source) -> str:
    return f"{source.filename}\n{source.context}\n"


def _pairs(question: str) -> frozenset[str]:
    return grams(_ASKS.sub(" ", question))


def _paired(pairs: frozenset[str], place: str) -> float:
    return len(pairs & grams(place)) / len(pairs) if pairs else 0.0


def _terms(question: str) -> tuple[frozenset[str], frozenset[str]]:
    """The stems of Latin words, and pairs of characters of each run of kanji or katakana; what only asks is left out."""
    folded = _ASKS.sub(" ", folded_numbers(question))
    wide = {run[at : at + 2] for run in _RUN.findall(folded) for at in range(max(1, len(run) - 1))}
    return stems(folded) - _ASKED, frozenset(wide)


def _share(terms: tuple[frozenset[str], frozenset[str]], place: str) -> float:
    latin, wide = terms
    if not latin and not wide:
        return 0.0
    there = folded_numbers(place)
    return (len(latin & stems(there)) + sum(one in there for one in wide)) / (len(latin) + len(wide))
