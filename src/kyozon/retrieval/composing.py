"""An answer put together claim by claim: what a source says gets its mark, what none says is marked as that.

Nothing is let out before one claim has support, so that a stream, too, can still end as a quotation or a refusal.
"""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from kyozon.domain.knowledge import Citation
from kyozon.domain.language import Language, Text
from kyozon.retrieval.citing import Found, marks_inside, place_of, without_marks
from kyozon.retrieval.claims import claims, ended, whole
from kyozon.retrieval.evidence import bearing
from kyozon.retrieval.grounding import Memory, grams
from kyozon.retrieval.packing import Source
from kyozon.retrieval.quoting import closest

NOT_FOUND = Text(
    "I could not find an answer to this in your documents.",
    "お手元の文書には、この質問への回答が見つかりませんでした。",
)
UNSUPPORTED = Text("[not in the sources]", "［出典なし］")
_QUOTING = Text(
    "No answer could be checked against your documents. These passages come closest, word for word:",
    "文書で裏付けられる回答を作れませんでした。関連する記載をそのまま引用します。",
)
_DENIED = re.compile(
    r"not (?:found |mentioned |stated |specified |provided )?in (?:the |your |any )?(?:documents?|passages?|sources?)"
    r"|(?:passages?|documents?|sources?) (?:do|does) not (?:mention|say|state|contain|provide|answer|specify)"
    r"|NOT[_ ]FOUND|見つかりません|記載(?:は|が)?(?:あり|されてい|ござい)ません|記載(?:は|が)ない|書かれていません",
    re.IGNORECASE,
)
_FENCE = re.compile(r"</?passages-[0-9a-f]{8}>?")
_BEARS = 0.5
_FEWEST = 2
_BRIEF = 256
_SHARE = 8


class Claim(Struct, frozen=True):
    """A claim of an answer: from where to where it stands there, and the numbers of its citations; none has no support."""

    start: int
    end: int
    citations: tuple[int, ...] = ()


class Composed(Struct, frozen=True):
    """An answer and what it rests on. The citation of number n stands at place n - 1.

    `kind` says whether a model's words have support (`answered`), the closest words are quoted instead (`quoted`), or
    nothing was found (`refused`).
    """

    text: str
    kind: str
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()

    @property
    def unsupported(self) -> int:
        """How many claims no source says."""
        return sum(not claim.citations for claim in self.claims)


class Composer:
    """Takes a model's words as they come and gives out what may leave.

    Args:
        question: what was asked, in the words that were looked for.
        sources: what stood before the model.
        language: that of Kyozon's own words in the answer.
        evident: whether the sources surely answer. Else only those of the model's claims count that name their source
            themselves, which a model that does not follow its rules will not do, and nothing is quoted in their place.
        safe: makes words of a document fit to be shown.
    """

    def __init__(
        self,
        question: str,
        sources: Sequence[Source],
        language: Language,
        *,
        evident: bool = True,
        safe: Callable[[str], str] = str,
    ) -> None:
        self._question = question
        self._sources = sources
        self._language = language
        self._evident = evident
        self._safe = safe
        self._memory = Memory()
        self._left = ""
        self._looks_at = 0
        self._said = ""
        self._shown = 0
        self._supported = False
        self._denied = False
        self._seen: set[str] = set()
        self._claims: list[Claim] = []
        self._citations: list[Citation] = []

    def feed(self, text: str) -> str:
        """What may leave now."""
        self._left += text
        if len(self._left) >= self._looks_at:
            self._cut()
        return self._released() if self._supported else ""

    def finish(self) -> tuple[str, Composed]:
        """What is left to say, and the whole answer."""
        left, self._left = marks_inside(self._left), ""
        scrap = _scrap(left)
        self._take(left[:scrap])
        # Where a model was cut off it may be shown, and is no proof that the claims before it say anything.
        supported = self._supported if self._claims else None
        self._take(left[scrap:])
        self._supported = self._supported if supported is None else supported
        if self._supported:
            return self._released(), self._composed("answered")
        self._said, self._claims, self._citations = "", [], []
        kind = "quoted" if self._evident and not self._denied and self._quoted() else "refused"
        if kind == "refused":
            self._said = NOT_FOUND.to(self._language)
        return self._released(), self._composed(kind)

    def _cut(self) -> None:
        """Take the claims that have ended. What has no end for long is looked at again when it is longer by a share."""
        self._left = marks_inside(self._left)
        cut = whole(self._left)
        after = self._left[cut:].lstrip()
        if cut and after and after[0] not in "[【［":
            self._take(self._left[:cut])
            self._left = self._left[cut:]
        self._looks_at = len(self._left) + max(0, len(self._left) - _BRIEF) // _SHARE

    def _composed(self, kind: str) -> Composed:
        return Composed(self._said, kind, tuple(self._claims), tuple(self._citations))

    def _released(self) -> str:
        fresh, self._shown = self._said[self._shown :], len(self._said)
        return fresh

    def _take(self, text: str) -> None:
        at = 0
        for start, end in claims(text):
            self._add(text[at:start], text[start:end])
            at = end
        self._said += text[at:]

    def _add(self, before: str, claim: str) -> None:
        """One claim, with the white space before it."""
        words, cited = without_marks(_FENCE.sub("", claim))
        self._denied = self._denied or bool(_DENIED.search(words))
        if _is_claim(words):
            same = "".join(words.split())
            if same in self._seen:
                return  # small models repeat themselves
            self._seen.add(same)
            self._said += before
            found = place_of(words, self._sources, cited, self._memory)
            self._claim(words, found)
            self._supported = self._supported or (found is not None and self._counts(words, found, cited))
        elif words.strip():
            self._said += before + words

    def _counts(self, words: str, found: Found, cited: Sequence[int]) -> bool:
        """Whether a claim that has support says something about what was asked: small models repeat whatever they read."""
        if _is_heading(words, found):
            return False
        if not self._evident:
            return found.source.number in cited
        return bearing(self._question, found.source, found.span, found.head) >= _BEARS

    def _claim(self, words: str, found: Found | None) -> None:
        start = len(self._said)
        self._said += words
        end = len(self._said)
        gap = "" if self._language == "ja" else " "
        if found is None:
            self._claims.append(Claim(start, end))
            self._said += gap + UNSUPPORTED.to(self._language)
            return
        self._said += gap
        number = self._cited(found)
        self._claims.append(Claim(start, end, (number,)))
        self._said += f"[{number}]"

    def _cited(self, found: Found) -> int:
        """The number of a citation; each mention has its own, since each has its place in the answer."""
        source = found.source
        citation = Citation(
            document=source.document,
            file=source.file,
            filename=source.filename,
            quote=found.quote,
            anchor=found.anchor,
            at=len(self._said),
        )
        self._citations.append(citation)
        return len(self._citations)

    def _quoted(self) -> bool:
        """Quote what is closest to the question; whether there was anything."""
        self._said = _QUOTING.to(self._language) + "\n"
        for place in closest(self._question, self._sources, self._memory):
            self._said += "\n> "
            if place.head:
                self._said += self._safe(place.head) + "\n> "
            self._claim(self._safe(" ".join(place.quote.split("\n"))), place)
        return bool(self._citations)


def _scrap(text: str) -> int:
    """Where the last claim of a text begins, if it was left off in mid-sentence; else the text's end."""
    start, end = (claims(text) or [(0, 0)])[-1]
    return len(text) if ended(without_marks(text[start:end])[0]) else start


def _is_claim(words: str) -> bool:
    """Not a heading of what follows, a question, a word of courtesy, or that nothing was found."""
    said = words.strip()
    return not said.endswith((":", "：", "?", "？")) and len(grams(said)) >= _FEWEST and not _DENIED.search(said)


def _is_heading(words: str, found: Found) -> bool:
    """Whether a claim says nothing but the headings above its place: they tell what a rule is about, not what it says."""
    above = {*found.anchor.section, *found.source.context.split("\n")} - {""}
    left = " ".join(words.split())
    for title in sorted(above, key=len, reverse=True):
        if not title.endswith(("。", ".")):  # One that is a sentence says something.
            left = left.replace(" ".join(title.split()), " ")
    return len(grams(left)) < _FEWEST
