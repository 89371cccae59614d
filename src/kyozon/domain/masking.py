"""Personal data and secrets found in words, and what the record says of those that were replaced. No text of either."""

from typing import Literal

from msgspec import Struct

COMPARTMENT_PII = "pii"
COMPARTMENT_SECRET = "secret"  # noqa: S105 - the name of a compartment
DETECTED = frozenset({COMPARTMENT_PII, COMPARTMENT_SECRET})
"""The compartments that detectors may add, and the only ones that masking may take away."""

Kind = Literal[
    "ADDRESS",
    "BANK_ACCOUNT",
    "CORPORATE_NUMBER",
    "CREDIT_CARD",
    "DATE_OF_BIRTH",
    "DRIVERS_LICENSE",
    "EMAIL",
    "HEALTH_INSURANCE",
    "IBAN",
    "IP_ADDRESS",
    "MY_NUMBER",
    "PASSPORT",
    "PENSION_NUMBER",
    "PERSON",
    "PHONE",
    "POSTAL_CODE",
    "RESIDENCE_CARD",
    "SECRET",
    "SSN",
]


class Span(Struct, frozen=True):
    """A find: the characters from `start` up to `end` of one text are of that kind, says the detector."""

    start: int
    end: int
    kind: Kind
    detector: str

    @property
    def compartment(self) -> str:
        """The compartment that such data belongs to."""
        return COMPARTMENT_SECRET if self.kind == "SECRET" else COMPARTMENT_PII


class Morpheme(Struct, frozen=True):
    """A word as a dictionary knows it, from `start` up to `end`.

    `tags` are its part of speech in UniDic's words, coarse to fine (`名詞`, `固有名詞`, `人名`, `姓`). One that is not
    `known` was made up by the tagger to fill a gap. Whatever it is here, elsewhere it may be a `surname` or a `given` name.
    """

    start: int
    end: int
    tags: tuple[str, ...]
    known: bool = True
    surname: bool = False
    given: bool = False


class MaskedSpans(Struct, frozen=True):
    """How many finds of one kind and detector were replaced by tokens, and how many characters they had.

    `verified_by` names what has looked at the text again before it could count as masked.
    """

    type: Kind
    count: int
    characters: int
    detector: str
    verified_by: tuple[str, ...]
