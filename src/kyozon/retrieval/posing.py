"""Questions posed to passages without a model: what a section says of two of its rarest words.

They are easier than people's, who do not know the words of a document. The same passages give the same questions.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from kyozon.retrieval.claims import claims
from kyozon.retrieval.grounding import stems

_TERM = re.compile(r"[A-Za-z][A-Za-z'’-]{3,}|[ァ-ヺー]{2,}|[\u3005\u4e00-\u9fff]{2,}")
_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ\u4e00-\u9fff]")
_SHORTEST, _LONGEST = 12, 240
_ASKED_FOR = 2


class Material(Struct, frozen=True):
    """A passage of a file, and the headings above it."""

    file: str
    text: str
    section: tuple[str, ...] = ()


class Posed(Struct, frozen=True):
    """A question, and the sentence of a file that answers it."""

    material: Material
    question: str
    quote: str


def posed(passages: Sequence[Material]) -> list[Posed]:
    """One question for each passage that has a sentence with two words to ask for; the files take turns."""
    often = Counter(term for passage in passages for term in set(terms(passage.text)))
    found = [question for passage in passages if (question := _of(passage, often, len(passages)))]
    return in_turn(found)


def in_turn(questions: Sequence[Posed]) -> list[Posed]:
    """The first of each file, then the second of each, and so on: however many are taken, all files have their share."""
    turns: Counter[str] = Counter()
    placed = []
    for question in questions:
        turns[question.material.file] += 1
        placed.append((turns[question.material.file], question))
    return [question for _, question in sorted(placed, key=lambda one: one[0])]


def terms(text: str) -> list[str]:
    """Words that may be asked for: of Latin script but the commonest, runs of katakana or kanji; in order, once each."""
    return list(dict.fromkeys(found for found in _TERM.findall(text) if not found.isascii() or stems(found.lower())))


def _of(passage: Material, often: Counter[str], passages: int) -> Posed | None:
    best: tuple[float, str, list[str]] | None = None
    said = " ".join(passage.section)
    for quote in _sentences(passage.text):
        fresh = [term for term in terms(quote) if term not in said]
        rarest = sorted(fresh, key=lambda term: often[term])[:_ASKED_FOR]
        if len(rarest) < _ASKED_FOR:
            continue
        worth = sum(math.log(passages / often[term]) for term in rarest)
        if best is None or worth > best[0]:
            best = worth, quote, sorted(rarest, key=quote.index)
    return None if best is None else Posed(passage, _question(best[1], best[2], passage.section), best[1])


def _sentences(text: str) -> Iterator[str]:
    """No headings, and no rows of tables."""
    for start, end in claims(text):
        sentence = text[start:end]
        if _SHORTEST <= len(sentence) <= _LONGEST and not sentence.startswith("#") and "|" not in sentence:
            yield sentence


def _question(quote: str, asked: list[str], section: tuple[str, ...]) -> str:
    first, second = asked
    if _JAPANESE.search(quote):
        where = f"「{section[-1]}」には" if section else "文書には"
        return f"{where}、{first}と{second}について何と書かれていますか。"
    if section:
        return f"What does “{section[-1]}” say about {first} and {second}?"
    return f"What do the documents say about {first} and {second}?"
