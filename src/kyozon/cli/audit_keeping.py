"""`kyozon audit`, of people and of time: erase a person, hold records, prune old ones."""

import asyncio
from datetime import UTC, datetime

import click
import msgspec

from kyozon.cli.audit import audit
from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import say
from kyozon.domain.audit import Erasure, Hold


@audit.command(
    help=say(
        "Erase a person: the name in records becomes a pseudonym, their keys are revoked, kept words are destroyed.",
        "利用者を消去します。記録の名前を仮名に置き換え、キーを失効させ、保存した応答を復元できなくします。",
    )
)
@click.option("--user", required=True, help=say("Whom: the user of a key.", "対象（キーの利用者名）。"))
@click.option("--tenant", default="default", show_default=True, help=say("In which tenant.", "対象のテナント。"))
@click.option("--yes", is_flag=True, help=say("Do not ask.", "確認しません。"))
@installation
def erase(target: Target, user: str, tenant: str, yes: bool) -> None:  # noqa: FBT001 - click's
    """Erase; the log still verifies."""
    question = say(
        f"Erase {user} of tenant {tenant}? This cannot be undone.",
        f"テナント {tenant} の {user} を消去しますか。元に戻せません。",
    )
    if not yes:
        click.confirm(question, abort=True)
    found = asyncio.run(_erase(target, tenant, user))
    if target.as_json:
        print_json(found)
        return
    out.print(
        say(
            f"Erased. Records with a pseudonym for the name: {found.records}. Keys revoked: {found.keys}. Kept answers and "
            f"the like deleted: {found.deleted}. A running server forgets what it holds in memory within minutes.",
            f"消去しました。名前を仮名に置き換えた記録：{found.records} 件。失効させたキー：{found.keys} 個。"
            f"削除した保存データ：{found.deleted} 件。動作中のサーバーのメモリからは数分以内に消えます。",
        )
    )


@audit.command(
    help=say(
        "Give a person a new pseudonym in the log: proofs from before and after tell of no common person.",
        "ログでの利用者の仮名を新しくします。前後の証明から同じ人だとわからなくなります。",
    )
)
@click.option("--user", required=True, help=say("Whom: the user of a key.", "対象（キーの利用者名）。"))
@click.option("--tenant", default="default", show_default=True, help=say("In which tenant.", "対象のテナント。"))
@installation
def rotate(target: Target, user: str, tenant: str) -> None:
    """Rotate; what is recorded already stays as it is."""
    asyncio.run(_rotate(target, tenant, user))
    if target.as_json:
        print_json({"rotated": user})
    else:
        out.print(say(f"{user} has a new pseudonym from now on.", f"{user} の仮名は以後新しくなります。"))


@audit.command(
    help=say(
        "Empty decisions and outcomes from before a day, if they are old enough and not held.",
        "指定日より前の決定記録と結果を削除します（保存期間を過ぎ、法的保全のないものだけ）。",
    )
)
@click.option(
    "--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help=say("First day that stays.", "残す最初の日。")
)
@installation
def prune(target: Target, before: datetime) -> None:
    """Prune; commitments and the ledger stay."""
    count = asyncio.run(_prune(target, before.replace(tzinfo=UTC)))
    if target.as_json:
        print_json({"decisions": count})
    else:
        out.print(say(f"Pruned {count} decisions.", f"決定記録 {count} 件を削除しました。"))


@audit.command(
    help=say("Place a legal hold: nothing of it is pruned or erased.", "法的保全を設定し、削除と消去を止めます。")
)
@click.option("--tenant", help=say("Over one tenant; all when left out.", "対象のテナント。省略時はすべて。"))
@click.option("--reason", required=True, help=say("What for.", "理由。"))
@installation
def hold(target: Target, tenant: str | None, reason: str) -> None:
    """Place a hold."""
    found = asyncio.run(_hold(target, tenant, reason))
    if target.as_json:
        print_json({"id": found})
    else:
        out.print(say(f"Placed {found}.", f"{found} を設定しました。"))


@audit.command(help=say("Lift a legal hold.", "法的保全を解除します。"))
@click.argument("hold_id", metavar="ID")
@installation
def lift(target: Target, hold_id: str) -> None:
    """End a hold."""
    asyncio.run(_lift(target, hold_id))
    if target.as_json:
        print_json({"lifted": hold_id})
    else:
        out.print(say(f"Lifted {hold_id}.", f"{hold_id} を解除しました。"))


@audit.command(help=say("List legal holds.", "法的保全の一覧。"))
@installation
def holds(target: Target) -> None:
    """Show every hold."""
    found = asyncio.run(_holds(target))
    if target.as_json:
        print_json({"data": [msgspec.to_builtins(each) for each in found]})
        return
    if not found:
        out.print(say("There is no legal hold.", "法的保全はありません。"))
        return
    columns = [say("hold", "法的保全"), say("tenant", "テナント"), say("since", "設定"), say("lifted", "解除")]
    rows = [
        [each.id, each.tenant or "*", f"{each.placed_at:%Y-%m-%d}", _day(each.lifted_at), each.reason.replace("[", r"\[")]
        for each in found
    ]
    print_table([*columns, say("reason", "理由")], rows)


async def _erase(target: Target, tenant: str, user: str) -> Erasure:
    from kyozon.bootstrap.auditing import forgetting

    async with target.store() as store:
        return await forgetting(target.settings(), store).erase(tenant, user)


async def _rotate(target: Target, tenant: str, user: str) -> None:
    from kyozon.bootstrap.auditing import forgetting

    async with target.store() as store:
        await forgetting(target.settings(), store).rotate(tenant, user)


async def _prune(target: Target, before: datetime) -> int:
    from kyozon.bootstrap.auditing import retention, seal_now

    async with target.store() as store:
        await seal_now(target.settings(), store)
        return await retention(target.settings(), store).prune(before)


async def _hold(target: Target, tenant: str | None, reason: str) -> str:
    from kyozon.bootstrap.auditing import retention

    async with target.store() as store:
        return (await retention(target.settings(), store).place(tenant, reason)).id


async def _lift(target: Target, hold_id: str) -> None:
    from kyozon.bootstrap.auditing import retention

    async with target.store() as store:
        await retention(target.settings(), store).lift(hold_id)


async def _holds(target: Target) -> list[Hold]:
    from kyozon.bootstrap.auditing import retention

    async with target.store() as store:
        return await retention(target.settings(), store).holds()


def _day(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d}"
