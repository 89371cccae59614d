"""`kyozon explain`: why a request went where it went."""

import asyncio
from typing import Any

import click
import msgspec

from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.decisions import CacheUse, Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text


@click.command(help=say("Show the decision behind an answer.", "応答の背後にある決定記録を表示します。"))
@click.argument("decision_id", metavar="ID")
@installation
def explain(target: Target, decision_id: str) -> None:
    """Show candidates, objections, prices, the choice and why, and what became of it."""
    decision, outcome = asyncio.run(_read(target, decision_id))
    if target.as_json:
        found: dict[str, Any] = msgspec.to_builtins(decision)
        print_json({**found, "outcome": outcome})
        return
    _print_decision(decision)
    _print_candidates(decision)
    if outcome is None:
        out.print(say("[yellow]Still running.[/]", "[yellow]実行中です。[/]"))
    else:
        _print_outcome(outcome)


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


def _print_decision(decision: Decision) -> None:
    sources = ", ".join(f"{source.source.to(language())}: {source.label}" for source in decision.label_sources)
    rows = [
        [say("decision", "決定"), f"{decision.id}  {decision.at:%Y-%m-%d %H:%M:%S} UTC"],
        [say("asked for", "要求モデル"), f"{decision.requested_model} ({decision.kind})"],
        [say("label", "ラベル"), f"{decision.label}  ({sources})"],
        [say("policy", "ポリシー"), decision.policy_version],
        [say("router", "ルーター"), decision.router],
        [say("chosen", "選択"), f"[bold]{decision.chosen or '-'}[/]"],
        [say("why", "理由"), decision.reason.to(language()).replace("[", r"\[")],
    ]
    print_table(["", ""], rows)


def _print_candidates(decision: Decision) -> None:
    rows = []
    for candidate in sorted(decision.candidates, key=lambda one: (one.rank is None, one.rank or 0, one.model)):
        cost = "-" if candidate.predicted_cost is None else f"{candidate.predicted_cost:.6f}"
        because = " / ".join(f"{o.rule}: {o.need} ≠ {o.have}" for o in candidate.objections)
        rows.append([str(candidate.rank or "✗"), candidate.model, candidate.provider, candidate.zone, cost, because])
    columns = [say("rank", "順位"), say("model", "モデル"), say("provider", "提供元"), say("zone", "ゾーン")]
    columns += [say(f"cost at most ({decision.currency})", f"費用の上限（{decision.currency}）"), say("objections", "異議")]
    out.print()
    print_table(columns, rows, right=(4,))


def _print_outcome(outcome: Outcome) -> None:
    usage, charge = outcome.usage, outcome.charge
    tokens = f"{usage.input} → {usage.output}" + (say(" (estimated)", "（推定）") if usage.estimated else "")
    money = f"{charge.amount} {charge.currency}" if charge.priced else say("no price known", "価格不明")
    tried = ", ".join(f"{a.model}: {a.error or 'ok'}" for a in outcome.attempts) or "-"
    rows = [
        [say("outcome", "結果"), outcome.status + (f" ({outcome.error})" if outcome.error else "")],
        [say("tried", "試行"), tried],
        [say("tokens", "トークン"), tokens],
        [say("charge", "費用"), money],
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
