"""Looks requests through for personal data and secrets, and puts tokens in their place where that can be verified.

What is found adds compartments to the request's label. Only verified masking takes them away again, and no other: never the
level, never what somebody has declared. Whatever goes wrong, the request stays what it is and goes where that may go.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import NotPermitted
from kyozon.domain.labels import Integrity, Label, LabelSource, Level
from kyozon.domain.language import Text
from kyozon.domain.masking import COMPARTMENT_PII, COMPARTMENT_SECRET, DETECTED, Kind, MaskedSpans, Span
from kyozon.domain.requests import ChatRequest, EmbeddingRequest, RerankRequest
from kyozon.governance.masking.residue import survives
from kyozon.governance.masking.tokens import Tokens
from kyozon.governance.masking.walking import changed, doubtful, looked_at, structure, unreadable
from kyozon.ports.detection import Detection, DetectionFailed

_NAMES = {
    COMPARTMENT_PII: Text("personal data found", "検出された個人情報"),
    COMPARTMENT_SECRET: Text("secrets found", "検出された秘密情報"),
}


class Found(Struct, frozen=True):
    """What detectors found in a request; by default nobody has looked.

    `sources` are the labels that follow. Where masking has been verified, `words` has the masked words for each text that
    was looked at, `values` the value of each token, and `spans` what is told of it; else `trouble` says why not.
    """

    sources: tuple[LabelSource, ...] = ()
    verified: bool = False
    spans: tuple[MaskedSpans, ...] = ()
    words: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    trouble: Text | None = None

    def joined(self, label: Label, sources: tuple[LabelSource, ...]) -> tuple[Label, tuple[LabelSource, ...]]:
        """A request's label and its sources, with what was found."""
        for source in self.sources:
            label = label.join(source.label)
        return label, (*sources, *self.sources)

    def chat(self, request: ChatRequest) -> ChatRequest:
        """The request in masked words; raises `NotPermitted` where words stand in it that nobody has looked at."""
        chat = changed(request.chat, self._masked)
        body = chat if request.dialect == "openai" else changed(request.body, self._masked)
        return structs.replace(request, chat=chat, body=body)

    def embedding(self, request: EmbeddingRequest) -> EmbeddingRequest:
        """The request in masked words; raises as `chat`."""
        texts = tuple(self._masked("input", text) for text in request.texts)
        return structs.replace(request, body=changed(request.body, self._masked), texts=texts)

    def reranking(self, request: RerankRequest) -> RerankRequest:
        """The request in masked words; raises as `chat`."""
        query, *documents = (self._masked("input", text) for text in request.texts)
        return structs.replace(request, body=changed(request.body, self._masked), query=query, documents=tuple(documents))

    def _masked(self, name: str, words: str) -> str:
        masked = self.words.get(looked_at(name, words))
        if masked is None:
            text = Text(
                "the request has changed since it was looked through: it is not sent.",
                "検査の後に要求の内容が変わったため、送信しません。",
            )
            raise NotPermitted(text, {})
        return masked


NOTHING = Found()


class Masking:
    """Asks the detectors. Without `detection` nothing is looked at; with `keys`, only what those (names or ids) send."""

    def __init__(self, detection: Detection | None = None, keys: frozenset[str] = frozenset()) -> None:
        self._detection = detection
        self._keys = keys

    async def chat(self, request: ChatRequest, key: ApiKey) -> Found:
        """What stands in a chat request. Tokens are numbered as it goes on, so a longer conversation keeps them."""
        if not self._looks(key):
            return NOTHING
        fixed = {name: value for name, value in request.chat.items() if name != "messages"}
        parts: list[Any] = [fixed, request.chat["messages"]]
        return await self._look(parts if request.dialect == "openai" else [*parts, request.body])

    async def embedding(self, request: EmbeddingRequest, key: ApiKey) -> Found:
        """What stands in texts to embed. Of tokens, nobody knows what they say."""
        return await self._look([request.body, {"input": list(request.texts)}]) if self._looks(key) else NOTHING

    async def reranking(self, request: RerankRequest, key: ApiKey) -> Found:
        """What stands in a query and the documents to be put in order by it."""
        return await self._look([request.body, {"input": list(request.texts)}]) if self._looks(key) else NOTHING

    def _looks(self, key: ApiKey) -> bool:
        return self._detection is not None and (not self._keys or bool({key.id, key.name} & self._keys))

    async def _look(self, parts: Sequence[Any]) -> Found:
        detection = self._detection
        if detection is None:
            return NOTHING
        units = list(dict.fromkeys(_units(parts)))
        texts = [looked_at(name, words) for name, words in units]
        fixed = list(dict.fromkeys(doubtful(parts)))
        try:
            finds = await detection.find([*texts, *fixed])
            drafts = _Draft.of(units, finds[: len(texts)], finds[len(texts) :])
            seen = [] if drafts.fixed else fixed
            failed = await detection.leftovers([*drafts.words.values(), *seen], list(drafts.values.values()))
        except DetectionFailed as failure:
            return _unknown(failure.reason)
        return _verdict(parts, drafts, failed, detection.checks)


class _Draft(Struct, frozen=True):
    """Masked words, before anybody has verified them; `fixed` are finds where nothing can be changed."""

    words: Mapping[str, str]
    values: Mapping[str, str]
    spans: Sequence[tuple[Span, int]]
    fixed: Sequence[Span]

    @classmethod
    def of(
        cls, units: Sequence[tuple[str, str]], finds: Sequence[tuple[Span, ...]], fixed: Sequence[tuple[Span, ...]]
    ) -> "_Draft":
        """Tokens for everything found, in the order of the units; each span with its length."""
        tokens = Tokens(words for _, words in units)
        masked: dict[str, str] = {}
        spans = []
        for (name, words), found in zip(units, finds, strict=True):
            text = looked_at(name, words)
            here = _within(found, len(text) - len(words), len(words))
            masked[text] = tokens.masked(words, here)
            spans += [(span, span.end - span.start) for span in here]
        return cls(masked, tokens.values, spans, [span for found in fixed for span in found])


def _units(parts: Sequence[Any]) -> Iterable[tuple[str, str]]:
    """All words in the order of the parts, each with the name that it stands under."""
    found: list[tuple[str, str]] = []

    def take(name: str, words: str) -> str:
        found.append((name, words))
        return words

    for part in parts:
        changed(part, take)
    return found


def _within(spans: Iterable[Span], offset: int, length: int) -> list[Span]:
    """Spans of the words, from those of the text that they end."""
    moved = (Span(max(0, s.start - offset), min(length, s.end - offset), s.kind, s.detector) for s in spans)
    return [span for span in moved if span.start < span.end]


def _verdict(parts: Sequence[Any], draft: _Draft, failed: Sequence[str], checks: tuple[str, ...]) -> Found:
    """What follows from what was found and from what the checks say of the words as they would leave."""
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for span in (*(span for span, _ in draft.spans), *draft.fixed):
        kinds[span.compartment].add(span.kind)
    sources = [_source(compartment, ", ".join(sorted(found))) for compartment, found in sorted(kinds.items())]
    trouble = _trouble(parts, draft, failed)
    if trouble is not None:
        return Found((*sources, *_undecided(trouble, failed)), trouble=trouble)
    return Found(tuple(sources), bool(draft.values), tuple(_told(draft, checks)), draft.words, draft.values)


def _trouble(parts: Sequence[Any], draft: _Draft, failed: Sequence[str]) -> Text | None:
    if failed:
        names = ", ".join(failed)
        return Text(
            f"masking could not be verified: {names} still found something.",
            f"マスキングを検証できませんでした。{names} がまだ何かを検出しています。",
        )
    if draft.values and any(map(unreadable, parts)):
        return Text(
            "masking could not be verified: the request holds a file, an image or a sound, which detectors cannot read.",
            "マスキングを検証できませんでした。検出器が読めないファイル・画像・音声が含まれています。",
        )
    if draft.fixed or survives(structure(parts), draft.values.values()):
        return Text(
            "masking could not be verified: what was found also stands in a name or an identifier of the request.",
            "マスキングを検証できませんでした。検出された値が、要求内の名前や識別子にも含まれています。",
        )
    return None


def _undecided(trouble: Text, failed: Sequence[str]) -> list[LabelSource]:
    """Where a second look finds what the first has not, nobody knows of which kind it is: it is read as the worse."""
    return [LabelSource(trouble, _label(*DETECTED))] if failed else []


def _unknown(reason: str) -> Found:
    text = Text(
        f"the detectors {reason}, so the words are taken for personal data and secrets.",
        f"検出処理が完了しなかったため（{reason}）、個人情報と秘密情報を含むものとして扱います。",
    )
    return Found((LabelSource(text, _label(*DETECTED)),), trouble=text)


def _source(compartment: str, kinds: str) -> LabelSource:
    name = _NAMES[compartment]
    return LabelSource(Text(f"{name.en}: {kinds}", f"{name.ja}：{kinds}"), _label(compartment))


def _label(*compartments: str) -> Label:
    return Label(Level.PUBLIC, frozenset(compartments), Integrity.UNTRUSTED)


def _told(draft: _Draft, checks: tuple[str, ...]) -> Iterable[MaskedSpans]:
    """Counts for the record, which holds no text."""
    counts: Counter[tuple[Kind, str]] = Counter()
    characters: Counter[tuple[Kind, str]] = Counter()
    for span, length in draft.spans:
        counts[span.kind, span.detector] += 1
        characters[span.kind, span.detector] += length
    for (kind, detector), count in sorted(counts.items()):
        yield MaskedSpans(kind, count, characters[kind, detector], detector, checks)


def masked_label(label: Label, found: Found, declared: Label) -> Label | None:
    """The label of the masked words: without what detectors alone have added. None where masking was not verified.

    Args:
        label: the label of the request as it is.
        found: what detectors found.
        declared: its label before they looked: what stands in it stays.
    """
    if not found.verified:
        return None
    return structs.replace(label, compartments=label.compartments - (DETECTED - declared.compartments))
