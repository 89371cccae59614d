"""`kyozon usage`: what was used and what it cost."""

import asyncio
from datetime import UTC, date, datetime
from typing import Literal

import click
from msgspec import structs

from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import say
from kyozon.ports.records import UsageRow


@click.command(help=say("Tables of usage and cost.", "利用量と費用の集計。"))
@click.option("--by", type=click.Choice(["day", "model", "key"]), default="day", show_default=True)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=say("Default: this month.", "省略時は今月から。"))
@click.option("--tenant", help=say("One tenant only.", "一つのテナントだけ。"))
@installation
def usage(target: Target, by: Literal["day", "model", "key"], since: datetime | None, tenant: str | None) -> None:
    """Show sums per day, model or key."""
    first = since.date() if since else datetime.now(UTC).date().replace(day=1)
    rows = asyncio.run(_read(target, by, first, tenant))
    if target.as_json:
        print_json({"by": by, "since": first, "data": rows})
        return
    if not rows:
        out.print(say(f"Nothing was used since {first}.", f"{first} 以降の利用はありません。"))
        return
    columns = [{"day": say("day", "日"), "model": say("model", "モデル"), "key": say("key", "キー")}[by]]
    columns += [say("requests", "件数"), say("failed", "失敗"), say("input", "入力"), say("cached", "うちキャッシュ")]
    columns += [say("output", "出力"), say("cost", "費用")]
    print_table(columns, [_row(row) for row in rows], right=range(1, 7))
    unpriced = sum(row.unpriced_requests for row in rows)
    if unpriced:
        out.print(
            say(
                f"{unpriced} requests went to models without a known price and count as 0: add prices to kyozon.toml.",
                f"価格不明のモデルへの {unpriced} 件は 0 として数えています。kyozon.toml に価格を追加してください。",
            )
        )


def _row(row: UsageRow) -> list[str]:
    counts = (row.requests, row.failed, row.input_tokens, row.cached_tokens, row.output_tokens)
    return [row.group, *(f"{count:,}" for count in counts), f"{row.amount:,.6f} {row.currency}"]


async def _read(target: Target, by: Literal["day", "model", "key"], since: date, tenant: str | None) -> list[UsageRow]:
    async with target.store() as store:
        rows = await store.records.usage(by, since, tenant)
        names = {key.id: key.name for key in await store.keys.all()} if by == "key" else {}
    return [structs.replace(row, group=names.get(row.group, row.group)) for row in rows]


commands = [usage]
