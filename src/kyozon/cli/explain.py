"""`kyozon explain`: why a request went where it went."""

import asyncio
from typing import Any

import click

from kyozon.cli.attempts import all_together, call_rows, ended, status_said
from kyozon.cli.candidates import print_candidates, print_reasons, quality_rows
from kyozon.cli.feedback import print_feedback
from kyozon.cli.kinds import KINDS
from kyozon.cli.label_rows import label_rows
from kyozon.cli.options import Target, clearance_read, installation
from kyozon.cli.output import out, plain, print_json, print_table
from kyozon.cli.speech import aside, language, say
from kyozon.cli.timing import within_rows
from kyozon.domain.decisions import CacheUse, Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.feedback import Feedback
from kyozon.domain.knowledge import Named, Reader
from kyozon.domain.labels import Clearance, Level
from kyozon.domain.language import Text
from kyozon.domain.reasoning import OWN_ACCOUNT, Reasoning
from kyozon.services.explaining import Reasons, Recorded, Redacted, told_to
from kyozon.services.replaying import Replay
from kyozon.services.simulating import Replayer

_EVERYTHING = Clearance(Level.RESTRICTED, frozenset({"*"}))


@click.command(help=say("Show the decision behind an answer.", "応答の背後にある決定記録を表示します。"))
@click.argument("decision_id", metavar="ID")
@click.option(
    "--replay",
    "again",
    is_flag=True,
    help=say("Make the decision again from what was recorded, and compare.", "記録から決定を再現し、照合します。"),
)
@click.option(
    "--clearance",
    help=say("Show what a reader of this clearance may read.", "この取り扱い範囲の読み手に見える内容を表示します。"),
)
@click.option(
    "--reasoning",
    is_flag=True,
    help=say("Show what the model says it thought, if that is kept.", "保存されていれば、モデルの推論過程を表示します。"),
)
@installation
def explain(target: Target, decision_id: str, *, again: bool, clearance: str | None, reasoning: bool) -> None:
    """Show candidates, objections, prices, the choice and why, what would have changed it, and what became of it."""
    if again:
        _replay(target, decision_id)
        return
    if reasoning:
        _print_reasoning(target, asyncio.run(_reasoning(target, decision_id, clearance)))
        return
    recorded, reasons, documents = asyncio.run(_explained(target, decision_id, clearance))
    told = recorded if clearance is None else told_to(clearance_read(clearance, "--clearance"), recorded)
    if isinstance(told, Redacted):
        _print_redacted(target, told)
        return
    decision, outcome = told
    said = asyncio.run(_said(target, decision, clearance))
    if target.as_json:
        found: dict[str, Any] = plain(decision)
        print_json({**found, "outcome": outcome, "reasons": reasons, "documents": documents, "feedback": said})
        return
    _print_decision(decision, reasons, documents)
    print_candidates(decision)
    print_reasons(reasons, decision)
    if outcome is None:
        out.print(say("[yellow]Still running.[/]", "[yellow]実行中です。[/]"))
    else:
        _print_outcome(outcome)
    print_feedback(said)


def _replay(target: Target, decision_id: str) -> None:
    """Exit status 1 where the decision does not come out as it was recorded."""
    found = asyncio.run(_made_again(target, decision_id))
    if target.as_json:
        print_json({**plain(found), "same": found.same})
    elif found.same:
        chosen = found.chosen or say("a refusal", "拒否")
        out.print(
            say(
                f"The same again: {chosen}, from what was recorded as {found.basis}.",
                f"記録どおりに再現されました：{chosen}（根拠 {found.basis}）。",
            )
        )
    for text in () if target.as_json else found.differences:
        out.print(f"✗ {text.to(language())}", markup=False)
    raise SystemExit(0 if found.same else 1)


async def _made_again(target: Target, decision_id: str) -> Replay:
    from kyozon.bootstrap.reading import registry_as_of

    decision, _ = await _read(target, decision_id)
    async with target.store() as store:
        found = await Replayer(store.policies, registry_as_of).one(decision)
    if found is None:
        raise NotFound(
            Text(
                f"decision {decision_id} was recorded by a version that recorded less, and cannot be made again.",
                f"決定記録 {decision_id} は記録項目の少ない版によるもので、再現できません。",
            )
        )
    return found


async def _explained(
    target: Target, decision_id: str, clearance: str | None
) -> tuple[Recorded, Reasons, tuple[Named, ...]]:
    """What documents are called is told to whoever holds the data directory; a clearance alone opens none."""
    from kyozon.bootstrap.reporting import explain_service

    found = await _read(target, decision_id)
    async with target.store() as store:
        service = explain_service(store)
        whole = Reader(found[0].tenant, "", _EVERYTHING, admin=True)
        documents = await service.documents(found[0], whole) if clearance is None else ()
        return found, await service.reasons(found[0]), documents


async def _reasoning(target: Target, decision_id: str, clearance: str | None) -> Reasoning:
    from kyozon.bootstrap.reporting import reasoning_reader

    recorded = await _read(target, decision_id)
    cleared = None if clearance is None else clearance_read(clearance, "--clearance")
    async with target.store() as store:
        return await reasoning_reader(store).shown(recorded[0], "", cleared)


async def _said(target: Target, decision: Decision, clearance: str | None) -> tuple[Feedback, ...]:
    from kyozon.bootstrap.reporting import said_of_answers

    cleared = None if clearance is None else clearance_read(clearance, "--clearance")
    async with target.store() as store:
        return await said_of_answers(store, target.models()[1]).shown(decision, "", cleared)


def _print_reasoning(target: Target, found: Reasoning) -> None:
    if target.as_json:
        print_json({**plain(found), "label": str(found.label), "note": OWN_ACCOUNT.to(language())})
        return
    out.print(f"[bold]{OWN_ACCOUNT.to(language())}[/]")
    out.print(
        say(
            f"Label {found.label}; kept until {found.expires_at:%Y-%m-%d %H:%M} UTC.",
            f"ラベル {found.label}、保存期限 {found.expires_at:%Y-%m-%d %H:%M} UTC。",
        )
    )
    out.print()
    out.print(found.text, markup=False)
    if not found.whole:
        out.print(say("(the end was too long to keep)", "（長いため末尾は保存されていません）"))


async def _read(target: Target, decision_id: str) -> tuple[Decision, Outcome | None]:
    async with target.store() as store:
        found = await store.records.decision(decision_id)
    if found is None:
        raise NotFound(
            Text(
                f"there is no decision {decision_id!r}. The header x-kyozon-decision of an answer names it.",
                f"決定記録 {decision_id!r} はありません。ID は応答のヘッダー x-kyozon-decision にあります。",
            )
        )
    return found


def _print_decision(decision: Decision, reasons: Reasons, documents: tuple[Named, ...]) -> None:
    rows = [
        [say("decision", "決定"), f"{decision.id}  {decision.at:%Y-%m-%d %H:%M:%S} UTC"],
        [say("asked for", "要求モデル"), decision.requested_model + aside(_kind(decision.kind))],
        *label_rows(decision, documents),
        [say("policy", "ポリシー"), decision.policy_version],
        [say("router", "ルーター"), decision.router],
        [say("chosen", "選択"), f"[bold]{decision.chosen or '-'}[/]"],
        *quality_rows(decision, reasons.quality_margin),
        *within_rows(decision),
        *_stated(decision),
        [say("why", "理由"), decision.reason.to(language()).replace("[", r"\[")],
    ]
    if decision.masked:
        rows.insert(3, [say("masked", "マスク"), _masked(decision)])
    print_table(["", ""], rows)


def _stated(decision: Decision) -> list[list[str]]:
    """What the caller said beside the request itself."""
    tools = ", ".join(each[:16] for each in decision.tools)
    told = [
        [say("purpose", "目的"), decision.purpose],
        [say("session", "セッション"), decision.session],
        [say("step after", "前の決定"), decision.parent],
        [say("tools (SHA-256)", "提示ツール（SHA-256）"), tools],
    ]
    return [row for row in told if row[1]]


def _kind(kind: str) -> str:
    return KINDS[kind].to(language())


def _masked(decision: Decision) -> str:
    """What tokens stand for in the words that some candidates get, and what has verified it."""
    found = ", ".join(f"{one.type} × {one.count}" for one in decision.masked)
    checks = ", ".join(decision.masked[0].verified_by)
    return found + aside(say(f"{decision.masked_label}; verified by: {checks}", f"{decision.masked_label}、検証：{checks}"))


def _print_redacted(target: Target, found: Redacted) -> None:
    if target.as_json:
        print_json(found)
        return
    rows = [
        [say("decision", "決定"), f"{found.id}  {found.at:%Y-%m-%d %H:%M:%S} UTC"],
        [say("asked for", "要求"), _kind(found.kind)],
        [say("outcome", "結果"), status_said(found.status) if found.status else say("still running", "実行中")],
    ]
    print_table(["", ""], rows)
    out.print(
        say(
            "The rest is above this reader's clearance.",
            "その他の内容は、この読み手の取り扱い範囲を超えるため表示されません。",
        )
    )


def _print_outcome(outcome: Outcome) -> None:
    usage, charge = outcome.usage, outcome.charge
    tokens = f"{usage.input} → {usage.output}" + (aside(say("estimated", "推定")) if usage.estimated else "")
    tokens += say(f", searches: {usage.searches}", f"、検索：{usage.searches} 回") if usage.searches else ""
    money = f"{charge.amount} {charge.currency}" if charge.priced else say("no price known", "価格不明")
    calls = "\n".join(call_rows(outcome)) or "-"
    rows = [
        [say("outcome", "結果"), ended(outcome)],
        [say("tried", "試行"), calls],
        [say("tokens", "トークン"), tokens],
        [say("charge", "費用"), money + all_together(outcome)],
        [say("time", "時間"), f"{outcome.first_token_ms or '-'} / {outcome.total_ms or '-'} ms"],
    ]
    if outcome.cache is not None:
        rows.insert(2, [say("cache", "キャッシュ"), _cache(outcome.cache)])
    out.print()
    print_table(["", ""], rows)


def _cache(use: CacheUse) -> str:
    parts = [use.result, use.reason, use.source and say(f"from {use.source}", f"元の決定 {use.source}")]
    if use.similarity is not None:
        parts.append(say(f"similarity {use.similarity:.4f}", f"類似度 {use.similarity:.4f}"))
    if use.saved is not None:
        parts.append(say(f"saved {use.saved.amount} {use.saved.currency}", f"節約 {use.saved.amount} {use.saved.currency}"))
    return ", ".join(part for part in parts if part)


commands = [explain]
