"""Reasoning kept apart from the answer: `<think>…</think>` in a model's text, and vendors' own fields for it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

_OPEN = "<think>"
_CLOSE = "</think>"


class Split(Struct, frozen=True):
    """A stretch of a model's text: what it thought and what it answered."""

    reasoning: str = ""
    answer: str = ""


class ThinkSplitter:
    """Parts a streamed text at its think tags; however the text is cut into chunks, the joined parts are the same.

    Thinking is what stands between a tag at the very start of the text and the closing tag. A tag further on is part of
    the answer: a model that explains think tags is not thinking. White space around the thinking is dropped.

    Args:
        opened: the chat template already opened the thinking in the prompt, so the text starts inside it.
    """

    def __init__(self, *, opened: bool = False) -> None:
        self._held = ""
        self._thinking = opened
        self._answering = False
        self._strip = False
        self._opened = opened

    @property
    def passes(self) -> bool:
        """Whether all further text is answer, so that it may pass as it is."""
        return self._answering and not self._strip

    def feed(self, text: str) -> Split:
        """What `text` settles; a few characters may be held back until it is clear whether they begin a tag."""
        self._held += text
        reasoning = ""
        if not self._answering and not self._thinking:
            self._start()
        if self._thinking:
            reasoning = self._think()
        return Split(reasoning, self._answer() if self._answering else "")

    def finish(self) -> Split:
        """What was held back, once the text has ended."""
        held, self._held = self._held, ""
        if self._thinking:
            return Split(reasoning=held.removeprefix(_OPEN if self._opened else "").rstrip())
        return Split(answer=held)

    def _start(self) -> None:
        lead = self._held.lstrip()
        if lead.startswith(_OPEN):
            self._held = lead.removeprefix(_OPEN)
            self._thinking = self._strip = True
        elif not _OPEN.startswith(lead):
            self._answering = True

    def _think(self) -> str:
        if self._opened:
            lead = self._held.lstrip()
            if _OPEN.startswith(lead):
                return ""
            self._held, self._opened, self._strip = lead.removeprefix(_OPEN), False, True
        if self._strip:
            self._held = self._held.lstrip()
            self._strip = not self._held
        thought, closed, rest = self._held.partition(_CLOSE)
        if closed:
            self._held, self._thinking, self._answering, self._strip = rest, False, True, True
            return thought.rstrip()
        keep = _settled(thought)
        self._held = thought[keep:]
        return thought[:keep]

    def _answer(self) -> str:
        text, self._held = self._held, ""
        if self._strip:
            text = text.lstrip()
            self._strip = not text
        return text


def split_whole(text: str, *, opened: bool = False) -> Split:
    """Part a whole text. A closing tag that nothing opened proves that the template opened it, so no hint is needed."""
    head, closed, _ = text.partition(_CLOSE)
    splitter = ThinkSplitter(opened=opened or (bool(closed) and _OPEN not in head))
    first, last = splitter.feed(text), splitter.finish()
    return Split(first.reasoning + last.reasoning, first.answer + last.answer)


def from_parts(content: Any) -> Split:
    """Part a content made of typed parts, as Mistral sends it: `thinking` parts hold text parts of their own."""
    if isinstance(content, str):
        return Split(answer=content)
    reasoning, answer = [], []
    for part in content if isinstance(content, list) else []:
        if isinstance(part, Mapping) and part.get("type") == "thinking":
            reasoning.append(plain(part.get("thinking")))
        else:
            answer.append(plain([part]))
    return Split("".join(reasoning), "".join(answer))


def plain(value: Any) -> str:
    """The text in a field that vendors fill with a string, with typed parts, or with nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(plain(part) for part in value)
    if isinstance(value, Mapping):
        return plain(value.get("text") or value.get("thinking"))
    return ""


def _settled(thought: str) -> int:
    """How much of the thinking is surely neither the closing tag's beginning nor white space before it."""
    for size in range(min(len(_CLOSE) - 1, len(thought)), 0, -1):
        if thought.endswith(_CLOSE[:size]):
            thought = thought[:-size]
            break
    return len(thought.rstrip())
