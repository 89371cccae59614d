"""`kyozon groups`: who is in which group, for administrators."""

from urllib.parse import quote

import click

from kyozon.cli.calling import call
from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import say

_PATH = "/kyozon/v1/groups"
_GROUP_HELP = say("The group.", "グループ。")


@click.group(
    help=say(
        "Groups that collections can be shared with; takes an admin key.",
        "コレクションの共有先になるグループ。管理者キーが必要です。",
    )
)
def groups() -> None:
    """The group of commands."""


@groups.command("list", help=say("The groups and who is in them.", "グループとメンバーの一覧。"))
@installation
def list_(target: Target) -> None:
    """One line for each."""
    found = call(target, "GET", _PATH)
    if target.as_json:
        print_json(found)
        return
    if not found["data"]:
        out.print(
            say(
                "None yet: kyozon groups add GROUP USER makes one.",
                "まだありません。kyozon groups add グループ 利用者 で作成できます。",
            )
        )
        return
    rows = [[one["name"], say(", ", "、").join(one["members"])] for one in found["data"]]
    print_table([say("group", "グループ"), say("members", "メンバー")], rows)


@groups.command(help=say("Put USER, as his key names him, into GROUP.", "利用者（キーの利用者名）をグループに追加します。"))
@click.argument("group")
@click.argument("user")
@installation
def add(target: Target, group: str, user: str) -> None:
    """Put somebody in."""
    found = call(target, "PUT", _member(group, user))
    if target.as_json:
        print_json(found)
    elif found["added"]:
        out.print(say(f"{user} is in {group} now.", f"{user} を {group} に追加しました。"), markup=False)
    else:
        out.print(say(f"{user} was in {group} already.", f"{user} は既に {group} のメンバーです。"), markup=False)


@groups.command(help=say("Take USER out of GROUP, at once.", "利用者をグループから外します（即時）。"))
@click.argument("group")
@click.argument("user")
@installation
def remove(target: Target, group: str, user: str) -> None:
    """Take somebody out."""
    found = call(target, "DELETE", _member(group, user))
    if target.as_json:
        print_json(found)
    else:
        out.print(say(f"{user} is not in {group} any more.", f"{user} を {group} から外しました。"), markup=False)


def _member(group: str, user: str) -> str:
    return f"{_PATH}/{quote(group, safe='')}/members/{quote(user, safe='')}"


commands = [groups]
