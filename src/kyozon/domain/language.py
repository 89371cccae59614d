"""Sentences that people read, in the two languages Kyozon speaks."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

Language = Literal["en", "ja"]


class Text(Struct, frozen=True):
    """One message in English and in Japanese."""

    en: str
    ja: str

    def to(self, language: Language) -> str:
        """The message in `language`."""
        return self.ja if language == "ja" else self.en


def preferred(accept_language: str, otherwise: Language = "en") -> Language:
    """The better of our two languages for an `Accept-Language` header (RFC 9110 §12.5.4).

    `otherwise` is the one where the header is empty, says `*` or names neither; of languages wanted equally the one that is
    named first.
    """
    wishes = list(_wishes(accept_language))
    named = {tag for tag, _ in wishes}
    best: tuple[float, Language] = (0.0, otherwise)
    for tag, weight in wishes:
        meant = _OURS.get(tag) or (_unnamed(named, otherwise) if tag == "*" else None)
        if meant is not None and weight > best[0]:
            best = (weight, meant)
    unwanted = best[0] == 0.0 and (otherwise, 0.0) in wishes
    return _OTHER[otherwise] if unwanted else best[1]


def _wishes(accept_language: str) -> Iterator[tuple[str, float]]:
    """Languages without their regions, and how much each is wanted; what cannot be read is left out."""
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.partition("q=")[2] or 1.0)
        except ValueError:
            continue
        yield tag.strip().partition("-")[0].lower(), weight


def _unnamed(named: set[str], otherwise: Language) -> Language | None:
    """What `*` stands for: what the header does not name."""
    return next((one for one in (otherwise, _OTHER[otherwise]) if one not in named), None)


_OURS: dict[str, Language] = {"en": "en", "ja": "ja"}
_OTHER: dict[Language, Language] = {"en": "ja", "ja": "en"}
