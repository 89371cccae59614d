"""Tools, calls of them, and the values that calls take and bring: each with its label and where it comes from."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Integrity, Label

ToolPolicy = Literal["strict", "plan", "fields"]
"""How much may be done in a session that has read untrusted words.

`strict`: nothing that acts or leaves. `plan`: what was worded before they were read, with deciding arguments that come from
trusted values. `fields`: also with fields that the tool's own system mints, and with conditions over untrusted values that
choose among what was worded before.
"""


class Shape(StrEnum):
    """What a field may look like and still be trusted. No shape has room for a sentence."""

    NUMBER = "number"
    TIME = "time"
    FLAG = "flag"
    IDENTIFIER = "identifier"


class Field(Struct, frozen=True):
    """A field of a tool's result whose label is not the result's own.

    `name` is a key of each record; empty for records that are bare values. A trusted label says that the tool's own system
    mints the field, whoever wrote the rest; it holds for a value of this `shape` only.
    """

    name: str
    shape: Shape
    label: Label


class Tool(Struct, frozen=True):
    """What is known of a tool. What nobody has stated is read as the worse.

    `acts` says that a call changes something. `zone` is where its arguments go, None where they stay on this machine.
    `result` is the label of what comes back, of writing tools, too. `deciding` names the arguments that settle who
    receives, what is changed or destroyed, and how much; None means all of them. `asks` wants a person's approval whatever
    the labels; `releases` marks a tool that lowers a label or asks somebody to.
    """

    name: str
    acts: bool = True
    zone: str | None = None
    result: Label = Label()
    fields: tuple[Field, ...] = ()
    deciding: frozenset[str] | None = None
    asks: bool = False
    releases: bool = False

    @property
    def consequential(self) -> bool:
        """Whether a call acts, or shows its arguments to somebody: reading a page tells its server that it is read."""
        return self.acts or self.zone is not None

    def decides(self, argument: str) -> bool:
        """Whether an argument settles what the call does."""
        return self.deciding is None or argument in self.deciding


class Worded(Struct, frozen=True):
    """A part of an argument that a model has worded: it carries the label of everything that the model had read."""

    content: Any
    label: Label


class Reference(Struct, frozen=True):
    """A part of an argument that is passed on unread: a whole value, one field of it, of one record or of all."""

    value: str
    field: str | None = None
    record: int | None = None


Part = Worded | Reference


class Branch(Struct, frozen=True):
    """A condition over a value that chose this call among `options` which were worded before the value was read."""

    value: str
    options: int = 2

    @property
    def bits(self) -> float:
        """How much the value has chosen."""
        return math.log2(max(self.options, 2))


class Call(Struct, frozen=True):
    """One call of a tool, worded in one session. `control` is the label of everything that has decided that it is made."""

    id: str
    session: str
    tool: str
    arguments: Mapping[str, tuple[Part, ...]]
    control: Label
    branches: tuple[Branch, ...] = ()


class Value(Struct, frozen=True):
    """Something a session holds. `label` is its own; that of its `sources`, ids of other values, joins it at use."""

    id: str
    content: Any
    label: Label
    sources: frozenset[str] = frozenset()
    fields: tuple[Field, ...] = ()


class Verdict(Struct, frozen=True):
    """What the gate says of a call.

    `label` joins everything that the call carries. `bits` is how much untrusted values have chosen by conditions: it is to
    be logged. `arguments_sha256` binds the arguments, and what each is made of.
    """

    outcome: Literal["allowed", "needs_approval", "denied"]
    objections: tuple[Objection, ...]
    label: Label
    arguments_sha256: str
    bits: float = 0.0


def untrusted(label: Label) -> bool:
    """Whether what bears this label may only be read, not obeyed."""
    return label.integrity is not Integrity.TRUSTED
