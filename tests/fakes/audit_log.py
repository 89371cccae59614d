"""An audit log in memory, made as the database makes one; and everything that somebody with full access could do to it."""

import hashlib
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from msgspec import structs

from kyozon.domain.audit import AuditEvent, Evidence, LeafKind, Node, Note, Span, Subject
from kyozon.governance.checkpoint import parse_note
from kyozon.governance.merkle import Frontier, leaf_hash
from kyozon.storage.audit.signing import Signer


def root_over(hashes: Sequence[bytes]) -> bytes:
    tree = Frontier()
    tree.extend(hashes)
    return tree.root()


class MemoryLog:
    """Implements `AuditLog`. `sealed` is called after records were added, as often as a checkpoint is wanted."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.leaves: list[Evidence] = []
        self.kept: list[Node] = []
        self.checkpoints: list[Note] = []
        self.people: list[Subject] = []
        self.events: list[AuditEvent] = []
        self.strays: list[str] = []

    @classmethod
    def of(cls, folder: Path, count: int, every: int) -> "MemoryLog":
        """A log of `count` records, a checkpoint after each `every`."""
        log = cls(Signer.of(folder))
        for number in range(count):
            log.add(f"dec_{number}", json.dumps({"n": number}))
            if not (number + 1) % every:
                log.seal()
        return log

    def add(self, ref: str, record: str, chance: random.Random | None = None) -> None:
        salt = hashlib.sha256(f"salt {len(self.leaves)} {chance and chance.random()}".encode()).digest()
        self.leaves.append(
            Evidence(len(self.leaves), "decision", ref, None, salt, leaf_hash(salt, record.encode()), record)
        )

    def seal(self) -> None:
        tree = Frontier()
        self.kept = tree.extend(leaf.hash for leaf in self.leaves)
        self.checkpoints.append(parse_note(self.signer.sign(tree.size, tree.root())))

    async def size(self) -> int:
        return len(self.leaves)

    async def waiting(self) -> int:
        return 0

    async def evidence(self) -> AsyncIterator[Sequence[Evidence]]:
        for start in range(0, len(self.leaves), 7):
            yield self.leaves[start : start + 7]

    async def one(self, kind: LeafKind, ref: str) -> Evidence | None:
        return next((leaf for leaf in self.leaves if (leaf.kind, leaf.ref) == (kind, ref)), None)

    async def nodes(self) -> Sequence[Node]:
        return self.kept

    async def hash_of(self, span: Span) -> bytes:
        return root_over([leaf.hash for leaf in self.leaves[slice(*span)]])

    async def notes(self) -> Sequence[Note]:
        return self.checkpoints

    async def newest(self) -> Note | None:
        return self.checkpoints[-1] if self.checkpoints else None

    async def subjects(self) -> Sequence[Subject]:
        return self.people

    async def unlogged(self, most: int) -> Sequence[str]:
        return self.strays[:most]

    async def told(self, action: str) -> Sequence[AuditEvent]:
        return [event for event in self.events if event.action == action]


def edit(log: MemoryLog, chance: random.Random) -> None:
    """Change a record."""
    place = chance.randrange(len(log.leaves))
    log.leaves[place] = structs.replace(log.leaves[place], record=json.dumps({"n": -1 - place}))


def edit_and_rehash(log: MemoryLog, chance: random.Random) -> None:
    """Change a record and the leaf with it, and all nodes."""
    edit(log, chance)
    _rehash(log)


def delete(log: MemoryLog, chance: random.Random) -> None:
    """Take a record out, and its leaf; the others move up."""
    del log.leaves[chance.randrange(len(log.leaves))]
    _renumber(log)


def swap(log: MemoryLog, chance: random.Random) -> None:
    """Exchange two records with their leaves."""
    first, second = chance.sample(range(len(log.leaves)), 2)
    log.leaves[first], log.leaves[second] = log.leaves[second], log.leaves[first]
    _renumber(log)


def truncate(log: MemoryLog, chance: random.Random) -> None:
    """Cut the end off, with the checkpoints that stand over it."""
    left = chance.randrange(len(log.leaves))
    del log.leaves[left:]
    log.checkpoints = [note for note in log.checkpoints if note.checkpoint.size <= left]
    _renumber(log)


def insert(log: MemoryLog, chance: random.Random) -> None:
    """Put a record of one's own among the others, with a right leaf."""
    place = chance.randrange(len(log.leaves))
    log.add(f"dec_forged_{place}", '{"n": 0}', chance)
    log.leaves.insert(place, log.leaves.pop())
    _renumber(log)


def rebuild(log: MemoryLog, chance: random.Random) -> None:
    """Change a record and make all anew with the log's own key, as who holds this machine could."""
    sizes = [note.checkpoint.size for note in log.checkpoints]
    edit_and_rehash(log, chance)
    hashes = [leaf.hash for leaf in log.leaves]
    log.checkpoints = [parse_note(log.signer.sign(size, root_over(hashes[:size]))) for size in sizes]


TAMPERINGS: tuple[Callable[[MemoryLog, random.Random], None], ...] = (
    edit,
    edit_and_rehash,
    delete,
    swap,
    truncate,
    insert,
    rebuild,
)


def _rehash(log: MemoryLog) -> None:
    log.leaves = [
        structs.replace(leaf, hash=leaf_hash(leaf.salt, (leaf.record or "").encode()), position=place)
        for place, leaf in enumerate(log.leaves)
    ]
    log.kept = Frontier().extend(leaf.hash for leaf in log.leaves)


def _renumber(log: MemoryLog) -> None:
    log.leaves = [structs.replace(leaf, position=place) for place, leaf in enumerate(log.leaves)]
    log.kept = Frontier().extend(leaf.hash for leaf in log.leaves)
