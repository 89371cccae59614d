"""What the audit log holds: events, leaves of its tree, checkpoints; and what an examination of it finds."""

import re
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from kyozon.domain.language import Text

LeafKind = Literal["decision", "outcome", "event"]
Fact = str | int | bool | None
Span = tuple[int, int]
"""Leaves from the first up to, not including, the second."""
_ACTION = re.compile(r"[a-z_]+:[a-z_]+")


class AuditEvent(Struct, frozen=True):
    """Something that was done, beside decisions and their outcomes: `action` is `subject:action`, as in `key:revoked`.

    `user` is the one person it names: who did it, or whose thing it was done to where nobody in particular did it. The log
    commits to a pseudonym in the place of that name, so nobody else may be named: `object` and `detail` hold identifiers,
    versions and counts, and no text of people but an operator's short `reason`, who is told that it is kept for good.
    """

    id: str
    at: datetime
    action: str
    tenant: str = ""
    user: str = ""
    object: str = ""
    detail: dict[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `ValueError` for an action of another form."""
        if not _ACTION.fullmatch(self.action):
            raise ValueError(f"an action is subject:action in small letters, not {self.action!r}")


class Checkpoint(Struct, frozen=True):
    """The whole log at one size, in 32 bytes; `origin` is the log's name."""

    origin: str
    size: int
    root: bytes


class Note(Struct, frozen=True):
    """A signed checkpoint. `signed` are the bytes the signature stands for, `text` is the whole."""

    checkpoint: Checkpoint
    signed: bytes
    key_hash: bytes
    signature: bytes
    text: str


class Node(Struct, frozen=True):
    """The hash over a complete subtree: the leaves from `index * 2^level` on, 2^level of them."""

    level: int
    index: int
    hash: bytes


class Evidence(Struct, frozen=True):
    """One leaf, and the record it commits to as it stands in the database today.

    `record` is the canonical text with the pseudonym `subject` in the place of the person's name, None where there is no
    such record, `{}` where it was pruned. `user` is the name in its place today. `in_place` says that the columns by which
    the record is found say what the record says.
    """

    position: int
    kind: LeafKind
    ref: str
    subject: str | None
    salt: bytes
    hash: bytes
    record: str | None
    user: str | None = None
    in_place: bool = True


class Subject(Struct, frozen=True):
    """A person under a pseudonym. Who is erased has no name and no secret any more."""

    id: str
    tenant: str
    name: str | None
    secret: bytes | None


Wrong = Literal["record", "missing", "name", "column", "leaf", "node", "checkpoint", "outside", "unlogged", "pruned"]


class Finding(Struct, frozen=True):
    """One thing that is not as it was committed to."""

    kind: Wrong
    where: str
    text: Text


class Report(Struct, frozen=True):
    """What an examination of the whole log has found; `findings` is cut off where there are very many."""

    leaves: int
    root: bytes
    checkpoints: int
    outside: int
    waiting: int
    erased: int
    pruned: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether everything is as it was committed to."""
        return not self.findings


class InclusionProof(Struct, frozen=True):
    """That one record is in the log: `path` leads from its leaf to the root of the checkpoint in `note`."""

    evidence: Evidence
    path: tuple[bytes, ...]
    note: str


class ConsistencyProof(Struct, frozen=True):
    """That the log of the second checkpoint begins with all of the first one's."""

    old: str
    new: str
    path: tuple[bytes, ...]


class Erasure(Struct, frozen=True):
    """What has become of a person: pseudonyms without a name, and how much was changed or deleted."""

    subjects: tuple[str, ...]
    records: int
    keys: int
    deleted: int


class Hold(Struct, frozen=True):
    """A legal hold over one tenant, or over all where it names none."""

    id: str
    tenant: str | None
    reason: str
    placed_at: datetime
    lifted_at: datetime | None
