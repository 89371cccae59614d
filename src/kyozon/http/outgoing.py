"""The last look at an answer before it leaves for its caller: links that could carry data out, canaries.

Where neither is looked for, bytes pass as they came.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import structs
from starlette.requests import Request

from kyozon.domain.callers import Caller
from kyozon.domain.requests import Dialect, Json
from kyozon.governance.links import LinkFilter, LinkRules, harmless, neutralised
from kyozon.http.context import services
from kyozon.ports.provider import Piece
from kyozon.services.canaries import AnswerWatch

_SPOKEN = ("content", "refusal", "reasoning_content", "reasoning")
"""The fields of OpenAI's messages that a page may render. Arguments of tools are not among them: they are data."""

_TRANSCRIPT = "transcript"
_CITED = (
    ("url", harmless),
    ("title", neutralised),
    ("source", neutralised),
    ("document_title", neutralised),
    ("cited_text", neutralised),
)
"""What a citation says: `url` and `title` in both dialects, the others in Anthropic's. A `source` may be any name."""


class Outgoing:
    """One answer on its way out: of a stream `feed` takes each piece and `finish` follows the last; else `whole`."""

    def __init__(self, dialect: Dialect, links: LinkRules | None, watch: AnswerWatch | None) -> None:
        self._dialect = dialect
        self._links = links
        self._watch = watch
        self._stream = None if links is None else _LinkStream(links, dialect)

    def whole(self, payload: bytes) -> bytes:
        """A whole answer's body, as it may leave."""
        if self._watch is not None:
            self._watch.hear(payload.decode("utf-8", "replace"))
        return payload if self._links is None else _safe(payload, self._links, self._dialect)

    def feed(self, piece: Piece) -> Iterable[Piece]:
        """What of the stream may leave now."""
        if self._watch is not None:
            self._watch.hear(piece.text)
        return (piece,) if self._stream is None else self._stream.feed(piece)

    def finish(self) -> Iterable[Piece]:
        """What was held back to the end."""
        return () if self._stream is None else self._stream.finish()


def outgoing(request: Request, caller: Caller, decision_id: str, dialect: Dialect) -> Outgoing:
    """The look that this installation takes at one answer."""
    found = services(request)
    watch = None if found.canaries is None else found.canaries.answers(caller.key, decision_id)
    return Outgoing(dialect, found.links, watch)


def _safe(payload: bytes, rules: LinkRules, dialect: Dialect) -> bytes:
    """A whole body with its links made inert; the same bytes where there was none."""
    body = msgspec.json.decode(payload)
    changed = False
    for holder, name in _texts(body, dialect):
        safe = neutralised(holder[name], rules)
        changed = changed or safe != holder[name]
        holder[name] = safe
    for part in _citing(body, dialect):
        changed = _cited(part, rules) or changed
    return msgspec.json.encode(body) if changed else payload


def _texts(body: Any, dialect: Dialect) -> Iterator[tuple[Json, str]]:
    """Each text that a page may render, as the object that holds it and its name there.

    Of Anthropic's content the texts alone: its thinking is signed, and would not be taken back if a letter were changed.
    """
    if dialect == "anthropic":
        yield from _parts(body.get("content"))
    for choice in _choices(body, dialect):
        message = choice.get("message") or {}
        yield from ((message, name) for name in _SPOKEN if isinstance(message.get(name), str))
        yield from _parts(message.get("content"))
        if (audio := _audio(message)) is not None:
            yield audio, _TRANSCRIPT


def _choices(body: Json, dialect: Dialect) -> list[Json]:
    return [] if dialect == "anthropic" else body.get("choices") or []


def _citing(body: Json, dialect: Dialect) -> list[Any]:
    """What may have citations: messages, or the blocks of one."""
    if dialect == "anthropic":
        return body.get("content") or []
    return [choice.get("message") for choice in _choices(body, dialect)]


def _audio(message: Json) -> Json | None:
    """The object that holds what was spoken, in words."""
    audio = message.get("audio")
    return audio if isinstance(audio, dict) and isinstance(audio.get(_TRANSCRIPT), str) else None


def _cited(part: Any, rules: LinkRules) -> bool:
    """Make the addresses and titles of citations inert; whether one was changed. They come whole, in streams, too."""
    changed = False
    for cited in _citations(part) if isinstance(part, dict) else ():
        for name, safe in _CITED:
            said = cited.get(name)
            if isinstance(said, str) and (passed := safe(said, rules)) != said:
                cited[name], changed = passed, True
    return changed


def _citations(part: Json) -> list[Json]:
    """Those of OpenAI's messages and deltas, of Anthropic's content blocks, and the one in a delta of such a block."""
    found = [one.get("url_citation") for one in part.get("annotations") or () if isinstance(one, dict)]
    found += [*(part.get("citations") or ()), part.get("citation")]
    return [cited for cited in found if isinstance(cited, dict)]


def _parts(content: Any) -> Iterator[tuple[Json, str]]:
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
            yield part, "text"


class _LinkStream:
    """One filter for each text of a streamed answer: each choice and field, or each content block."""

    def __init__(self, rules: LinkRules, dialect: Dialect) -> None:
        self._rules = rules
        self._dialect = dialect
        self._filters: dict[tuple[int, str], LinkFilter] = {}
        self._head: Json = {}

    def feed(self, piece: Piece) -> list[Piece]:
        body = msgspec.json.decode(piece.payload)
        if self._dialect == "anthropic":
            return self._event(piece, body)
        changed = False
        for choice in body.get("choices") or ():
            self._head = {name: value for name, value in body.items() if name not in ("choices", "usage")}
            changed = self._choice(choice) or changed
        return [structs.replace(piece, payload=msgspec.json.encode(body)) if changed else piece]

    def finish(self) -> list[Piece]:
        """What still is held back, where a stream ended without saying so."""
        rest = {key: text for key, links in self._filters.items() if (text := links.finish())}
        self._filters.clear()
        if self._dialect == "anthropic":
            return [_block_delta(index, text) for (index, _), text in rest.items()]
        choices = [
            {"index": index, "delta": _said_in(name, text), "finish_reason": None} for (index, name), text in rest.items()
        ]
        return [Piece(msgspec.json.encode({**self._head, "choices": choices}))] if choices else []

    def _choice(self, choice: Json) -> bool:
        """Filter one choice of a chunk, and let out the rest with its end; whether a letter has changed."""
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return False
        index, ends = choice.get("index", 0), choice.get("finish_reason") is not None
        changed = _cited(delta, self._rules)
        for name in _SPOKEN:
            said = delta.get(name)
            passed = self._passed((index, name), said, ends=ends)
            if passed != (said or ""):
                delta[name], changed = passed, True
        audio = _audio(delta)
        said = audio[_TRANSCRIPT] if audio is not None else ""
        if (passed := self._passed((index, _TRANSCRIPT), said, ends=ends)) != said:
            delta["audio"], changed = {**(audio or {}), _TRANSCRIPT: passed}, True
        return changed

    def _passed(self, key: tuple[int, str], said: Any, *, ends: bool) -> str:
        """What may leave of one text now: with the end of its choice, all of it."""
        passed = ""
        if isinstance(said, str) and (said or key in self._filters):
            passed = self._filters.setdefault(key, LinkFilter(self._rules)).feed(said)
        return passed + self._filters.pop(key).finish() if ends and key in self._filters else passed

    def _event(self, piece: Piece, body: Json) -> list[Piece]:
        key, delta, block = (body.get("index", 0), "text"), body.get("delta"), body.get("content_block")
        if _cited(block if delta is None else delta, self._rules):
            piece = structs.replace(piece, payload=msgspec.json.encode(body))
        if piece.event == "content_block_start" and isinstance(block, dict) and isinstance(block.get("text"), str):
            return self._begun(piece, body)
        if piece.event == "content_block_delta" and isinstance(delta, dict) and delta.get("type") == "text_delta":
            said = delta["text"]
            passed = self._filters.setdefault(key, LinkFilter(self._rules)).feed(said)
            if passed == said:
                return [piece]
            delta["text"] = passed
            return [structs.replace(piece, payload=msgspec.json.encode(body))]
        if piece.event == "content_block_stop" and key in self._filters:
            rest = self._filters.pop(key).finish()
            return [_block_delta(key[0], rest), piece] if rest else [piece]
        return [piece]

    def _begun(self, piece: Piece, body: Json) -> list[Piece]:
        """A block that has words when it starts: some servers say the first of them so."""
        said, index = body["content_block"]["text"], body.get("index", 0)
        if not said:
            return [piece]
        body["content_block"]["text"] = ""
        start = structs.replace(piece, payload=msgspec.json.encode(body))
        passed = self._filters.setdefault((index, "text"), LinkFilter(self._rules)).feed(said)
        return [start, _block_delta(index, passed)] if passed else [start]


def _said_in(name: str, text: str) -> Json:
    """The part of a chunk that says it."""
    return {"audio": {name: text}} if name == _TRANSCRIPT else {name: text}


def _block_delta(index: int, text: str) -> Piece:
    body = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}
    return Piece(msgspec.json.encode(body), "content_block_delta")
