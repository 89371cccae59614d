"""Sentences that people read, in the two languages Kyozon speaks."""

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


def preferred(accept_language: str) -> Language:
    """The better of our two languages for an `Accept-Language` header (RFC 9110 §12.5.4); English when neither is named."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.split("-")[0].lower()
        try:
            weight = float(parameters.partition("q=")[2] or 1.0)
        except ValueError:
            continue
        if primary == "ja" and weight > best[0]:
            best = (weight, "ja")
        elif primary == "en" and weight > best[0]:
            best = (weight, "en")
    return best[1]
