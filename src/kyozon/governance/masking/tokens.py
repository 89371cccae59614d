"""The tokens that stand for values, and the way back: whole, and as a text arrives piece by piece."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from kyozon.domain.masking import Kind, Span

# As models give them back: in other case, in wide brackets, escaped for Markdown, with a blank for the line.
_NAME = r"[A-Za-z]{2,9}(?:(?:\\?_| )[A-Za-z]{2,9}){0,3}"
_TOKEN = re.compile(
    rf"[\[［](?P<kind>{_NAME})(?:\\?[_-]| )(?P<number>[0-9]{{1,6}})[\]］]"
    rf"|\\\[(?P<escaped_kind>{_NAME})(?:\\?[_-]| )(?P<escaped_number>[0-9]{{1,6}})\\\]"
)
_BEGUN = re.compile(r"\\?[\[［][A-Za-z_ \\]{0,48}-?[0-9]{0,6}\\?|\\")
_LONGEST_BEGUN = 56


def token(kind: Kind, number: int) -> str:
    """`[PERSON_1]`: letters and digits that every tokeniser knows, and that models repeat as they are."""
    return f"[{kind}_{number}]"


class Tokens:
    """Gives each value its token: the same value the same one, numbered in the order of first sight.

    The order is that of the conversation, so a longer one begins with the same tokens as before.

    Args:
        texts: all the words that the tokens will stand among: what looks like a token there is nobody's token.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._taken = {_canonical(found) for text in texts for found in _TOKEN.finditer(text)}
        self._tokens: dict[str, str] = {}
        self._last: dict[Kind, int] = {}

    @property
    def values(self) -> Mapping[str, str]:
        """The value of each token."""
        return {name: value for value, name in self._tokens.items()}

    def of(self, value: str, kind: Kind) -> str:
        """The token of a value."""
        if value not in self._tokens:
            self._tokens[value] = self._next(kind)
        return self._tokens[value]

    def masked(self, text: str, spans: Iterable[Span]) -> str:
        """The text with tokens in place of spans, which are in order and do not overlap."""
        pieces, at = [], 0
        for span in spans:
            pieces += [text[at : span.start], self.of(text[span.start : span.end], span.kind)]
            at = span.end
        return "".join([*pieces, text[at:]])

    def _next(self, kind: Kind) -> str:
        while True:
            self._last[kind] = self._last.get(kind, 0) + 1
            name = token(kind, self._last[kind])
            if name not in self._taken:
                return name


def _canonical(found: re.Match[str]) -> str:
    kind = (found["kind"] or found["escaped_kind"]).replace("\\", "").replace(" ", "_").upper()
    return f"[{kind}_{int(found['number'] or found['escaped_number'])}]"


def as_it_is(value: str) -> str:
    """A value for plain text."""
    return value


def unmasked(text: str, values: Mapping[str, str], write: Callable[[str], str] = as_it_is) -> str:
    """The text with values in place of their tokens; `write` gives a value the form that the text around it has."""

    def value_of(found: re.Match[str]) -> str:
        value = values.get(_canonical(found))
        return found[0] if value is None else write(value)

    return _TOKEN.sub(value_of, text)


class Unmasking:
    """Unmasks a text that arrives in pieces: however it is cut, the joined result is `unmasked` of the whole."""

    def __init__(self, values: Mapping[str, str], write: Callable[[str], str] = as_it_is) -> None:
        self._values = values
        self._write = write
        self._held = ""

    def feed(self, text: str) -> str:
        """What is settled with `text`; what may be the beginning of a token is held back."""
        self._held += text
        settled = self._settled()
        ready, self._held = self._held[:settled], self._held[settled:]
        return unmasked(ready, self._values, self._write)

    def finish(self) -> str:
        """What was held back, once the text has ended."""
        held, self._held = self._held, ""
        return unmasked(held, self._values, self._write)

    def _settled(self) -> int:
        """How much of the text no further character can change."""
        low = max(0, len(self._held) - _LONGEST_BEGUN)
        for at in _starts(self._held, low):
            if _BEGUN.fullmatch(self._held, at):
                return at
        return len(self._held)


def _starts(text: str, low: int) -> Iterator[int]:
    """Where a token may begin, from the left: at a bracket, or at the sign that escapes it."""
    return (at for at in range(low, len(text)) if text[at] in "[［\\")


def without_tokens(text: str) -> str:
    """The text with blanks in place of tokens, for those who must not take one for a value."""
    return _TOKEN.sub(lambda found: " " * len(found[0]), text)
