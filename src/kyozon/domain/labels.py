"""Labels (how sensitive data is, and whether it may be trusted) and zones (how far a place is trusted)."""

from enum import Enum, StrEnum
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from kyozon.domain.language import Text

COMPARTMENT_NO_TRAIN = "no-train"
ALL_COMPARTMENTS = "*"


class Level(Enum):
    """Confidentiality, least to most sensitive. Compare with `rank`, never with `<` on the names."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 for public up to 3 for restricted."""
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(Level)}


@lru_cache(maxsize=1024)
def _written(level: Level, compartments: frozenset[str]) -> str:
    return "+".join([level.value, *sorted(compartments)])


class Integrity(StrEnum):
    """Whether the words may be obeyed (`trusted`) or only read (`untrusted`)."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class Label(Struct, frozen=True):
    """level × compartments × integrity: a join semilattice (Denning 1976). The default is the strictest sensible one."""

    level: Level = Level.CONFIDENTIAL
    compartments: frozenset[str] = frozenset()
    integrity: Integrity = Integrity.UNTRUSTED

    def join(self, other: "Label") -> "Label":
        """The least label that binds like both: higher level, all compartments, untrusted if either is."""
        trusted = self.integrity is other.integrity is Integrity.TRUSTED
        return Label(
            level=max(self.level, other.level, key=lambda level: level.rank),
            compartments=self.compartments | other.compartments,
            integrity=Integrity.TRUSTED if trusted else Integrity.UNTRUSTED,
        )

    def within(self, clearance: "Clearance") -> bool:
        """Whether data with this label may go where `clearance` holds."""
        return self.level.rank <= clearance.level.rank and (
            ALL_COMPARTMENTS in clearance.compartments or self.compartments <= clearance.compartments
        )

    def __str__(self) -> str:
        """`confidential+jp-only+pii`: the form `parse_label` reads (integrity is not written by people)."""
        return _written(self.level, self.compartments)


class Clearance(Struct, frozen=True):
    """The most sensitive data a person, key or zone may hold. `*` among the compartments means all of them."""

    level: Level = Level.PUBLIC
    compartments: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return _written(self.level, self.compartments)


class LabelSource(Struct, frozen=True):
    """Where one part of a request's label came from: the evidence kept in the decision record."""

    source: Text
    label: Label


class Zone(Struct, frozen=True):
    """A place data can be sent to, and how far it is trusted. `None` means nobody has stated it: read it as the worse.

    `masked` says that it may receive masked words in place of those that it may not receive.
    """

    id: str
    kind: Literal["host", "lan", "external"]
    clearance: Clearance
    region: str | None = None
    retains: bool | None = None
    trains: bool | None = None
    masked: bool = True


@lru_cache(maxsize=1024)
def parse_label(text: str) -> Label:
    """Read `level+compartment+…`.

    Raises:
        ValueError: the level is not one of the four, or a compartment is not made of letters, digits and hyphens; `*` is
            for clearances alone, since data stands in compartments that have names.
    """
    level, compartments = _parse(text)
    if ALL_COMPARTMENTS in compartments:
        message = "a label cannot say '*': name its compartments, or leave them out"
        raise ValueError(message)
    return Label(level=level, compartments=compartments)


def parse_clearance(text: str) -> Clearance:
    """Read `level+compartment+…` (or `level+*`); raises `ValueError` as `parse_label` does."""
    level, compartments = _parse(text)
    return Clearance(level=level, compartments=compartments)


def _parse(text: str) -> tuple[Level, frozenset[str]]:
    level, *compartments = (part.strip().lower() for part in text.split("+"))
    known = [candidate.value for candidate in Level]
    if level not in known:
        message = f"unknown level {level!r}: use one of {', '.join(known)}"
        raise ValueError(message)
    for name in compartments:
        if name != ALL_COMPARTMENTS and not (name.isascii() and name.replace("-", "").isalnum()):
            message = f"compartment {name!r} must be letters, digits and hyphens, as in 'confidential+pii+jp-only'"
            raise ValueError(message)
    return Level(level), frozenset(compartments)
