"""`kyozon canary`: words to plant where only labelled data stands, so that it is noticed when such data leaves."""

from datetime import datetime
from typing import Any

import click

from kyozon.cli.options import Target, installation, label_read
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import say
from kyozon.domain.canaries import Canary


@click.group(
    help=say(
        "Canaries: list, new. Planted words that raise an alarm when they are about to leave.",
        "カナリアの一覧・作成。データに埋め込んでおくと、外に出ようとした時に警報が出る目印です。",
    )
)
def canary() -> None:
    """The group."""


@canary.command("list", help=say("List canaries. Their tokens are secret.", "カナリアの一覧。トークンは秘密です。"))
@installation
def list_canaries(target: Target) -> None:
    """Show every canary."""
    from kyozon.bootstrap.canaries import kept

    found = kept(target.settings()).all()
    if target.as_json:
        print_json({"data": [_shape(one) for one in found]})
        return
    if not found:
        out.print(
            say(
                "There is no canary yet: the first start makes one, kyozon canary new another.",
                "カナリアはまだありません。最初の起動時に一つ作られます。追加は kyozon canary new です。",
            )
        )
        return
    columns = [say("name", "名前"), say("token", "トークン"), say("label", "ラベル"), say("owner", "所有者")]
    rows = [[one.name, one.token, str(one.label), one.owner or "-", _day(one.created_at)] for one in found]
    print_table([*columns, say("since", "作成日")], rows)


@canary.command(
    help=say(
        "Make a canary; plant its token in a system prompt or a document.",
        "カナリアを作成します。トークンをシステムプロンプトや文書に埋め込んでください。",
    )
)
@click.argument("name")
@click.option(
    "--label",
    default="restricted",
    show_default=True,
    help=say("It may go where data of this label may.", "このラベルのデータが行ける場所までは許されます。"),
)
@click.option(
    "--owner",
    metavar="TENANT[/USER]",
    help=say("Whose answers may hold it; nobody's when left out.", "応答に含まれてよい相手。省略時は誰にも許しません。"),
)
@installation
def new(target: Target, name: str, label: str, owner: str | None) -> None:
    """Make a canary."""
    from kyozon.bootstrap.canaries import added

    made = added(target.settings(), name, label_read(label, "--label"), owner)
    if target.as_json:
        print_json(_shape(made))
        return
    out.print(f"[bold]{made.token}[/]")
    out.print(
        say(
            f"Plant this word where only data labelled {made.label} stands. A running server knows it at once.",
            f"ラベル {made.label} のデータだけがある場所に、この語を埋め込んでください。"
            "起動中のサーバーにもすぐ反映されます。",
        )
    )


def _shape(one: Canary) -> dict[str, Any]:
    return {
        "name": one.name,
        "token": one.token,
        "label": str(one.label),
        "owner": one.owner,
        "created_at": one.created_at,
    }


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


commands = [canary]
