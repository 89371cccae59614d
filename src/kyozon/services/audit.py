"""Examines the audit log, proves what is in it, and proves that it has only grown."""

from kyozon.domain.audit import ConsistencyProof, Evidence, InclusionProof, LeafKind, Note, Report
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.language import Text
from kyozon.governance.merkle import consistency, inclusion, leaf_hash
from kyozon.ports.audit import AuditLog, Trust
from kyozon.services.examining import Examination


class Auditor:
    """Works on the log as it stands; nothing is changed. Every method may raise `StorageUnavailable`."""

    def __init__(self, log: AuditLog, trust: Trust) -> None:
        self._log = log
        self._trust = trust

    async def verify(self, outside: list[Note]) -> Report:
        """Compute everything anew from the records; compare it with leaves, nodes, checkpoints and copies from outside."""
        examination = Examination(self._trust, await self._log.subjects(), await self._log.nodes())
        examination.expect(await self._log.notes(), outside)
        async for evidence in self._log.evidence():
            examination.examine(evidence)
        erased = {event.object for event in await self._log.told("subject:erased")}
        pruned = sum(_count(event.detail.get("decisions")) for event in await self._log.told("record:pruned"))
        examination.end(erased, pruned, await self._log.unlogged(20))
        return examination.report(await self._log.waiting())

    async def prove(self, kind: LeafKind, ref: str) -> InclusionProof:
        """That a record is in the log; raises `NotFound` where it is not, not yet, or not as it stands now."""
        evidence, note = await self._log.one(kind, ref), await self._log.newest()
        if (
            evidence is None
            or evidence.record is None
            or evidence.record == "{}"
            or note is None
            or note.checkpoint.size <= evidence.position
        ):
            raise NotFound(_unproved(kind, ref, evidence))
        if leaf_hash(evidence.salt, evidence.record.encode()) != evidence.hash:
            raise NotFound(_changed(kind, ref))
        spans = inclusion(evidence.position, note.checkpoint.size)
        return InclusionProof(evidence, tuple([await self._log.hash_of(span) for span in spans]), note.text)

    async def consistency(self, old: Note, new: Note) -> ConsistencyProof:
        """That the log at `new` begins with all of the log at `old`.

        Raises:
            InvalidRequest: `old` is the larger one, or empty, or `new` is larger than the log.
        """
        first, second = old.checkpoint.size, new.checkpoint.size
        if not 0 < first <= second <= await self._log.size():
            raise InvalidRequest(_not_in_order(first, second, await self._log.size()))
        spans = consistency(first, second)
        return ConsistencyProof(old.text, new.text, tuple([await self._log.hash_of(span) for span in spans]))

    async def note(self, size: int) -> Note:
        """The kept checkpoint of that size; raises `NotFound` where none is."""
        notes = await self._log.notes()
        found = next((note for note in notes if note.checkpoint.size == size), None)
        if found is None:
            raise NotFound(_no_checkpoint(size, [note.checkpoint.size for note in notes[-5:]]))
        return found


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


_JA = {"decision": "決定記録", "outcome": "結果の記録", "event": "イベント"}


def _unproved(kind: LeafKind, ref: str, evidence: Evidence | None) -> Text:
    if evidence is not None and evidence.record == "{}":
        return Text(
            f"the {kind} {ref} was pruned after its retention: its commitment is still in the log, the record is not.",
            f"{_JA[kind]} {ref} は保存期間の経過後に削除されました。ログに残っているのはコミットメントだけです。",
        )
    return Text(
        f"there is no {kind} {ref!r} in the sealed log. What was recorded a moment ago gets there within seconds while a "
        "server runs: try again; kyozon decisions list shows which decisions there are.",
        f"封印済みのログに{_JA[kind]} {ref!r} はありません。記録直後のものはサーバーの動作中、数秒以内に入ります。"
        "少し待って再度お試しください。決定記録は kyozon decisions list で確認できます。",
    )


def _changed(kind: LeafKind, ref: str) -> Text:
    return Text(
        f"the {kind} {ref} was changed after it was recorded, so nothing proves what it says now. kyozon audit verify "
        "tells what else was.",
        f"{_JA[kind]} {ref} は記録後に変更されているため、現在の内容を証明できません。"
        "ほかの変更は kyozon audit verify で確認してください。",
    )


def _not_in_order(old: int, new: int, size: int) -> Text:
    return Text(
        f"{old} and {new} cannot be compared: the older one must hold at least one record and come first, and the log has "
        f"{size}. A checkpoint beyond that says that the log was cut: kyozon audit verify.",
        f"{old} と {new} は比較できません。古い方（1 件以上）を先に指定してください。現在のログは {size} 件です。"
        "これを超えるチェックポイントがあれば、ログが切り詰められています（kyozon audit verify で確認してください）。",
    )


def _no_checkpoint(size: int, last: list[int]) -> Text:
    known = ", ".join(map(str, last)) or "-"
    return Text(
        f"no checkpoint of size {size} is kept here; the last ones are {known}. A file with a checkpoint from outside can "
        "be named instead.",
        f"サイズ {size} のチェックポイントは保存されていません（直近：{known}）。"
        "外部に控えたチェックポイントのファイルも指定できます。",
    )
