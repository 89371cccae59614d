"""`kyozon decisions`: the newest records, for who has no identifier yet."""

import asyncio
from typing import Any

import click

from kyozon.cli.attempts import ended
from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, plain, print_json, print_left_out, print_table
from kyozon.cli.speech import say
from kyozon.domain.decisions import Decision, Outcome

Recorded = tuple[Decision, Outcome | None]


@click.group(help=say("Decisions: list.", "決定記録の一覧。"))
def decisions() -> None:
    """The group."""


@decisions.command("list", help=say("The newest decisions of a tenant.", "テナントの新しい決定記録。"))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=say("How many.", "件数。"))
@click.option("--tenant", default="default", show_default=True, help=say("Whose.", "対象のテナント。"))
@installation
def list_(target: Target, limit: int, tenant: str) -> None:
    """Show one line for each, newest first."""
    left_out: list[str] = []
    found = asyncio.run(_read(target, tenant, limit, left_out))
    if target.as_json:
        print_json({"data": [_shape(decision, outcome) for decision, outcome in found], "left_out": left_out})
        return
    print_left_out(left_out)
    if not found:
        out.print(say(f"Tenant {tenant} has no decisions.", f"テナント {tenant} の決定記録はありません。"))
        return
    columns = [say("decision", "決定"), say("at (UTC)", "日時（UTC）"), say("asked for", "要求モデル")]
    columns += [say("answered by", "応答モデル"), say("label", "ラベル"), say("outcome", "結果")]
    print_table(columns, [_row(decision, outcome) for decision, outcome in found])
    out.print(say("kyozon explain ID shows one of them.", "kyozon explain ID で 1 件の詳細を表示できます。"))


def _shape(decision: Decision, outcome: Outcome | None) -> dict[str, Any]:
    found: dict[str, Any] = plain(decision)
    return {**found, "outcome": outcome}


def _row(decision: Decision, outcome: Outcome | None) -> list[str]:
    end = say("running", "実行中") if outcome is None else ended(outcome)
    model = (outcome.model if outcome else None) or "-"
    at = f"{decision.at:%Y-%m-%d %H:%M:%S}"
    return [decision.id, at, decision.requested_model.replace("[", r"\["), model, str(decision.label), end]


async def _read(target: Target, tenant: str, limit: int, left_out: list[str]) -> list[Recorded]:
    async with target.store() as store:
        return await store.records.decisions(tenant, None, limit, left_out)


commands = [decisions]
