"""`kyozon db`: the database's tables."""

import asyncio

import click

from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json
from kyozon.cli.speech import say


@click.group(help=say("The database.", "データベース。"))
def db() -> None:
    """The group."""


@db.command(help=say("Bring the tables up to date; nothing is lost.", "テーブルを最新にします。データは失われません。"))
@installation
def upgrade(target: Target) -> None:
    """Run the migrations that have not run yet."""
    applied = asyncio.run(_upgrade(target))
    if target.as_json:
        print_json({"applied": applied})
    elif applied:
        out.print(say(f"Applied: {', '.join(applied)}", f"適用しました：{', '.join(applied)}"))
    else:
        out.print(say("Up to date.", "最新です。"))


async def _upgrade(target: Target) -> list[str]:
    async with target.store() as store:
        return store.applied


commands = [db]
