"""`kyozon audit`: examine the log, prove what is in it, show who signs it."""

import asyncio
import base64
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_json, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.audit import InclusionProof, LeafKind, Note, Report
from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text

_SHOWN = 20


@click.group(help=say("The audit log: verify, prove, erase, retain.", "監査ログの検証・証明・消去・保存。"))
def audit() -> None:
    """The group."""


@audit.command(
    help=say(
        "Compute the whole log anew from the records and compare it with what was signed.",
        "記録からログ全体を計算し直し、署名された内容と照合します。",
    )
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path),
    help=say("File or folder with checkpoints from outside.", "外部に控えたチェックポイントのファイルかフォルダー。"),
)
@click.option("--key", "keys", multiple=True, help=say("Verifier key to trust.", "信頼する検証鍵。"))
@installation
def verify(target: Target, against: tuple[Path, ...], keys: tuple[str, ...]) -> None:
    """Report every finding; the exit status is 1 where there is one."""
    report = asyncio.run(_verify(target, against, keys))
    if target.as_json:
        print_json({"sound": report.sound, **_shape(report)})
    else:
        _print_report(report)
    if not report.sound:
        sys.exit(1)


@audit.command(
    help=say("Prove that a record is in the log, in one JSON.", "記録がログにあることの証明を JSON で出力します。")
)
@click.argument("record_id", metavar="ID")
@click.option("--outcome", is_flag=True, help=say("Of the outcome, not of the decision.", "決定ではなく結果の証明。"))
@installation
def prove(target: Target, record_id: str, outcome: bool) -> None:  # noqa: FBT001 - click's
    """Print the proof; how large it is goes to the error stream."""
    kind: LeafKind = "event" if record_id.startswith("evt_") else "outcome" if outcome else "decision"
    proof = asyncio.run(_prove(target, kind, record_id))
    record = proof.evidence.record or ""
    text = msgspec.json.encode(_inclusion(proof)).decode()
    _write(text)
    alone = len(text.encode()) - len(record.encode())
    err.print(
        say(
            f"{alone:,} bytes of proof, {len(record.encode()):,} of record. Give it away with the key: kyozon audit key.",
            f"証明 {alone:,} バイト、記録 {len(record.encode()):,} バイト。検証には鍵が必要です（kyozon audit key）。",
        )
    )


@audit.command(
    help=say(
        "Prove that the log at checkpoint NEW begins with the log at checkpoint OLD: sizes, or files that hold one.",
        "チェックポイント NEW のログが OLD のログで始まることを証明します。サイズか、ファイルで指定します。",
    )
)
@click.argument("old")
@click.argument("new")
@installation
def consistency(target: Target, old: str, new: str) -> None:
    """Print the proof."""
    _write(asyncio.run(_consistency(target, old, new)))


@audit.command(help=say("Show the last signed checkpoint.", "最新の署名済みチェックポイントを表示します。"))
@installation
def checkpoint(target: Target) -> None:
    """Print it as it was signed."""
    note = asyncio.run(_newest(target))
    if target.as_json:
        size, root = note.checkpoint.size, base64.b64encode(note.checkpoint.root).decode()
        print_json({"size": size, "root": root, "note": note.text})
    else:
        sys.stdout.write(note.text)


@audit.command(help=say("Show the verifier key, for those who check proofs.", "証明を検証する人に渡す検証鍵を表示します。"))
@installation
def key(target: Target) -> None:
    """Print `NAME+HASH+KEY`."""
    from kyozon.bootstrap.auditing import verifier_key

    found = verifier_key(target.settings())
    if target.as_json:
        print_json({"key": found})
    else:
        sys.stdout.write(f"{found}\n")


@audit.command(
    help=say(
        "Print a program that checks proofs without Kyozon: python verify.py PROOF.json KEY.",
        "Kyozon なしで証明を検証するプログラムを出力します：python verify.py PROOF.json KEY",
    )
)
def verifier() -> None:
    """Print its source."""
    from kyozon.bootstrap.auditing import verifier_program

    sys.stdout.write(verifier_program())


@audit.command(help=say("The newest events.", "新しいイベント。"))
@click.option("--limit", type=click.IntRange(1, 1000), default=_SHOWN, show_default=True, help=say("How many.", "件数。"))
@click.option("--tenant", help=say("Of one tenant only.", "一つのテナントだけ。"))
@click.option(
    "--action",
    default="",
    metavar="PREFIX",
    help=say("Only those whose action begins so, such as router:.", "アクション名の先頭で絞り込みます（例：router:）。"),
)
@installation
def events(target: Target, limit: int, tenant: str | None, action: str) -> None:
    """Show keys issued and revoked, policies loaded, people erased and the like, newest first."""
    found = asyncio.run(_events(target, tenant, limit, action))
    if target.as_json:
        print_json({"data": found})
        return
    if not found:
        out.print(say("There are no such events.", "該当するイベントはありません。"))
        return
    columns = [say("event", "イベント"), say("at (UTC)", "日時（UTC）"), say("what", "内容"), say("tenant", "テナント")]
    columns += [say("person", "利用者"), say("of", "対象"), say("detail", "詳細")]
    rows = []
    for event in found:
        told = ((name, value) for name, value in event.detail.items() if value not in (None, [], ""))
        detail = ", ".join(f"{name}={value}" for name, value in told).replace("[", r"\[")
        row = [event.id, f"{event.at:%Y-%m-%d %H:%M:%S}", event.action, event.tenant, event.user, event.object, detail]
        rows.append([cell or "-" for cell in row])
    print_table(columns, rows)


async def _verify(target: Target, against: tuple[Path, ...], keys: tuple[str, ...]) -> Report:
    from kyozon.bootstrap.auditing import auditor, outside_notes

    settings = target.settings()
    outside = outside_notes(settings, against)  # before the look at the log: what was sent has been sealed
    async with target.store() as store, auditor(settings, store, keys) as found:
        return await found.verify(outside)


async def _prove(target: Target, kind: LeafKind, record_id: str) -> InclusionProof:
    from kyozon.bootstrap.auditing import auditor, seal_now

    settings = target.settings()
    async with target.store() as store:
        await seal_now(settings, store)
        async with auditor(settings, store) as found:
            return await found.prove(kind, record_id)


async def _consistency(target: Target, old: str, new: str) -> str:
    from kyozon.bootstrap.auditing import auditor, outside_notes

    settings = target.settings()

    async def note(text: str) -> Note:
        if text.isdecimal():
            return await found.note(int(text))
        return outside_notes(settings, [Path(text)])[-1]

    async with target.store() as store, auditor(settings, store) as found:
        proof = await found.consistency(await note(old), await note(new))
    path = [base64.b64encode(part).decode() for part in proof.path]
    return msgspec.json.encode({"proof": "consistency", "old": proof.old, "new": proof.new, "path": path}).decode()


async def _newest(target: Target) -> Note:
    from kyozon.bootstrap.auditing import log_of, seal_now

    async with target.store() as store:
        await seal_now(target.settings(), store)
        note = await log_of(store).newest()
    if note is None:
        raise NotFound(Text("nothing is recorded yet.", "まだ何も記録されていません。"))
    return note


async def _events(target: Target, tenant: str | None, limit: int, action: str) -> Any:
    from kyozon.bootstrap.auditing import log_of

    async with target.store() as store:
        return await log_of(store).events(tenant, limit, action)


def _inclusion(proof: InclusionProof) -> dict[str, Any]:
    """The record as it stands in the database, to the letter: it is what was hashed."""
    evidence = proof.evidence
    return {
        "proof": "inclusion",
        "kind": evidence.kind,
        "id": evidence.ref,
        "position": evidence.position,
        "salt": base64.b64encode(evidence.salt).decode(),
        "path": [base64.b64encode(part).decode() for part in proof.path],
        "checkpoint": proof.note,
        "record": msgspec.Raw((evidence.record or "").encode()),
    }


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _shape(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.structs.asdict(report)
    texts = [{"kind": each.kind, "where": each.where, "text": each.text.to(language())} for each in report.findings]
    return {**found, "root": base64.b64encode(report.root).decode(), "findings": texts}


def _print_report(report: Report) -> None:
    rows = [
        [say("records", "記録"), f"{report.leaves:,}"],
        [say("not sealed yet", "封印待ち"), f"{report.waiting:,}"],
        [say("checkpoints", "チェックポイント"), f"{report.checkpoints:,}"],
        [say("copies from outside", "外部の控え"), f"{report.outside:,}"],
        [say("people erased", "消去済みの利用者"), f"{report.erased:,}"],
        [say("decisions pruned", "保存期間後に削除"), f"{report.pruned:,}"],
    ]
    print_table(["", ""], rows, right=(1,))
    if report.sound:
        out.print(say("[green]✓[/] everything is as it was signed.", "[green]✓[/] すべて署名時のとおりです。"))
        if not report.outside:
            out.print(_NO_COPIES)
        return
    for finding in report.findings[:_SHOWN]:
        said = f"{finding.where}: {finding.text.to(language())}".replace("[", r"\[")
        out.print(f"[bold red]✗[/] {said}")
    more = len(report.findings) - _SHOWN
    if more > 0:
        out.print(say(f"… and {more} more: --json shows them.", f"… ほか {more} 件（--json で表示）。"))


_NO_COPIES = say(
    "There is no copy of a checkpoint from outside to compare with: \\[audit] checkpoints names a place for them.",
    "照合できる外部の控えがありません。\\[audit] checkpoints で控えの保存先を指定できます。",
)

commands = [audit]
