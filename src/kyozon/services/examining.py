"""The examination of a whole log, leaf by leaf: what each commits to, what they amount to, and who has signed that."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from kyozon.domain.audit import Evidence, Finding, Node, Note, Report, Subject, Wrong
from kyozon.domain.language import Text
from kyozon.governance.merkle import Frontier, leaf_hash
from kyozon.ports.audit import Trust

_MOST_FINDINGS = 100
_EMPTY = "{}"


class Examination:
    """Told what the log says of itself, then every leaf in order, then what explains the gaps; `report` sums up."""

    def __init__(self, trust: Trust, subjects: Iterable[Subject], nodes: Iterable[Node]) -> None:
        self._trust = trust
        self._subjects = {subject.id: subject for subject in subjects}
        self._nodes = {(node.level, node.index): node.hash for node in nodes}
        self._tree = Frontier()
        self._whole = True
        self._expected: dict[int, list[tuple[Wrong, Note]]] = {}
        self._sizes: list[int] = []
        self._next_size = 0
        self._last_signed = 0
        self._counts = {"checkpoints": 0, "outside": 0, "pruned": 0}
        self._erased: dict[str, int] = {}
        self._findings: list[Finding] = []

    def expect(self, notes: Sequence[Note], outside: Sequence[Note]) -> None:
        """Take the checkpoints that the tree must agree with: its own, and copies from outside."""
        self._counts |= {"checkpoints": len(notes), "outside": len(outside)}
        self._last_signed = max((note.checkpoint.size for note in notes), default=0)
        sources: tuple[tuple[Wrong, Sequence[Note]], ...] = (("checkpoint", notes), ("outside", outside))
        unsigned: dict[tuple[Wrong, str], list[int]] = {}
        for kind, note in ((kind, note) for kind, found in sources for note in found):
            size, origin = note.checkpoint.size, note.checkpoint.origin
            if self._trust.holds(note):
                self._expected.setdefault(size, []).append((kind, note))
            else:
                unsigned.setdefault((kind, origin), []).append(size)
        for (kind, origin), sizes in unsigned.items():
            span = "" if len(sizes) == 1 else f" to {max(sizes)}"
            self._find(kind, f"size {min(sizes)}{span}", _unsigned(origin, len(sizes)))
        self._sizes = sorted(self._expected)
        self._reach()

    def examine(self, evidence: Sequence[Evidence]) -> None:
        """Take the next leaves."""
        hashes: list[bytes] = []
        for leaf in evidence:
            if self._whole and leaf.position != self._tree.size + len(hashes):
                self._grow(hashes)
                hashes = []
                self._whole = False
                self._find("leaf", f"position {self._tree.size}", _gap(self._tree.size, leaf.position))
            self._compare(leaf)
            hashes.append(leaf.hash)
        self._grow(hashes)

    def end(self, erased: set[str], pruned: int, unlogged: Sequence[str]) -> None:
        """Take what explains records that are not as they were, and records that the log does not know."""
        for name, count in self._erased.items():
            if name not in erased:
                self._find("name", name, _not_erased(count))
        if self._counts["pruned"] != pruned:
            self._find("pruned", "decision", _not_pruned(self._counts["pruned"], pruned))
        for record in unlogged:
            self._find("unlogged", record, _UNLOGGED)
        if not self._whole:
            return
        if self._tree.size > self._last_signed:
            self._find("checkpoint", f"size {self._tree.size}", _unsealed(self._last_signed, self._tree.size))
        for size in self._sizes[self._next_size :]:
            for kind, note in self._expected[size]:
                self._find(kind, _size(note), _cut(size, self._tree.size))
        for level, index in self._nodes:
            self._find("node", f"level {level}, index {index}", _STRAY_NODE)

    def report(self, waiting: int) -> Report:
        """What came of it."""
        return Report(
            leaves=self._tree.size,
            root=self._tree.root(),
            checkpoints=self._counts["checkpoints"],
            outside=self._counts["outside"],
            waiting=waiting,
            erased=len(self._erased),
            pruned=self._counts["pruned"],
            findings=tuple(self._findings[:_MOST_FINDINGS]),
        )

    def _compare(self, leaf: Evidence) -> None:
        """The record with its leaf; the name in it with the pseudonym that the leaf stands for."""
        where = f"{leaf.kind} {leaf.ref}"
        if leaf.record is None:
            self._find("missing", where, _MISSING)
        elif leaf.record == _EMPTY:
            self._counts["pruned"] += leaf.kind == "decision"
        elif leaf_hash(leaf.salt, leaf.record.encode()) != leaf.hash:
            self._find("record", where, _CHANGED)
        elif not leaf.in_place:
            self._find("column", where, _MISPLACED)
        elif leaf.subject is not None and leaf.user == leaf.subject:
            self._erased[leaf.subject] = self._erased.get(leaf.subject, 0) + 1
        elif leaf.subject is not None and not self._is_name_of(leaf.subject, leaf.user):
            self._find("name", where, _RENAMED)

    def _is_name_of(self, subject: str, name: str | None) -> bool:
        known = self._subjects.get(subject)
        return known is not None and known.name == name and subject == _pseudonym(known)

    def _grow(self, hashes: Sequence[bytes]) -> None:
        """Append leaves, and compare the tree at each size that somebody has signed."""
        start = 0
        while self._whole and start < len(hashes):
            size = self._sizes[self._next_size] if self._next_size < len(self._sizes) else self._tree.size + len(hashes)
            until = min(len(hashes), start + size - self._tree.size)
            for node in self._tree.extend(hashes[start:until]):
                if self._nodes.pop((node.level, node.index), None) != node.hash:
                    self._find("node", f"level {node.level}, index {node.index}", _WRONG_NODE)
            start = until
            self._reach()

    def _reach(self) -> None:
        if self._next_size < len(self._sizes) and self._sizes[self._next_size] == self._tree.size:
            self._next_size += 1
            root = self._tree.root()
            for kind, note in self._expected[self._tree.size]:
                if note.checkpoint.root != root:
                    self._find(kind, _size(note), _OTHER_TREE)

    def _find(self, kind: Wrong, where: str, text: Text) -> None:
        self._findings.append(Finding(kind, where, text))


def _pseudonym(subject: Subject) -> str:
    named = json.dumps([subject.tenant, subject.name], ensure_ascii=False).encode()
    return f"sub_{hashlib.sha256((subject.secret or b'') + named).hexdigest()[:32]}"


def _size(note: Note) -> str:
    return f"size {note.checkpoint.size}"


_MISSING = Text("the record is gone; its leaf is still in the tree.", "記録がありません。ツリーに葉だけが残っています。")
_CHANGED = Text(
    "the record is not the one that was committed to: it, its salt or its leaf was changed.",
    "記録がコミットされたものと異なります。記録・ソルト・葉のいずれかが変更されています。",
)
_MISPLACED = Text(
    "the record is as it was committed to, but stands where it is found as another one: an identifier, tenant, time or "
    "figure beside it was changed.",
    "記録はコミットされたままですが、検索に使う列（ID・テナント・日時・数値など）が変更され、別の記録として扱われます。",
)
_RENAMED = Text(
    "the record names another person than the one it was committed to.",
    "記録にある利用者が、コミットされた利用者と異なります。",
)
_WRONG_NODE = Text(
    "the node is not the hash over its leaves, or is gone.", "節が葉のハッシュと一致しないか、失われています。"
)
_STRAY_NODE = Text("there is a node over leaves that are not there.", "存在しない葉に対する節があります。")
_OTHER_TREE = Text(
    "what was signed is another tree: leaves were changed, removed, added or reordered before this place.",
    "署名されたツリーと一致しません。これより前の葉が変更・削除・追加・並べ替えされています。",
)
_UNLOGGED = Text(
    "the record has no leaf: it was written past the log.", "この記録には葉がありません。ログを通さずに書き込まれています。"
)


def _unsigned(name: str, count: int) -> Text:
    return Text(
        f"no trusted key has signed {count} checkpoint(s) of {name}. If it is a key of yours from before, name it in "
        "[audit] trusted_keys; 'kyozon audit events' has it at policy:loaded.",
        f"{name} のチェックポイント {count} 件に、信頼する鍵の署名がありません。以前の自分の鍵であれば"
        " [audit] trusted_keys に指定してください（kyozon audit events の policy:loaded に記録されています）。",
    )


def _gap(expected: int, found: int) -> Text:
    return Text(
        f"the leaf at {expected} is missing; the next one is at {found}.",
        f"位置 {expected} の葉がありません（次の葉は {found}）。",
    )


def _cut(size: int, leaves: int) -> Text:
    return Text(
        f"{size} leaves were signed and {leaves} are there: the log was cut.",
        f"署名時は {size} 件でしたが、現在は {leaves} 件です。ログが切り詰められています。",
    )


def _unsealed(signed: int, leaves: int) -> Text:
    return Text(
        f"{leaves} leaves stand in the tree and only {signed} were signed.",
        f"ツリーには {leaves} 件ありますが、署名済みは {signed} 件だけです。",
    )


def _not_erased(count: int) -> Text:
    return Text(
        f"{count} records have lost their person's name, and no event says that it was erased.",
        f"{count} 件の記録から利用者名が失われていますが、消去の記録がありません。",
    )


def _not_pruned(found: int, told: int) -> Text:
    return Text(
        f"{found} decisions are empty; events tell of {told} that were pruned.",
        f"空になっている決定記録は {found} 件ですが、削除の記録は {told} 件分です。",
    )
