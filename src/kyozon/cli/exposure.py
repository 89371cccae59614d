"""`kyozon exposure`: where a document, another stored value or an exchange has been, and raising its label."""

from typing import Any
from urllib.parse import quote

import click

from kyozon.cli.calling import call
from kyozon.cli.options import Target, installation
from kyozon.cli.output import label_of, out, print_json, print_table
from kyozon.cli.speech import say


@click.command(
    help=say(
        "Show where a stored value, or a decision's request and answer, has been: in which zones, for whom, when. "
        "With --raise its label is raised first, for everything made from it.",
        "保存値、または決定記録の要求と応答が、いつ、誰のために、どのゾーンへ渡ったかを表示します。"
        "--raise を付けると、先にラベルを引き上げます。そこから作られたものすべてに及びます。",
    )
)
@click.argument("value", metavar="ID")
@click.option("--raise", "label", metavar="LABEL", help=say("Its new label.", "新しいラベル。"))
@click.option("--reason", help=say("Why it is raised.", "引き上げる理由。"))
@installation
def exposure(target: Target, value: str, label: str | None, reason: str | None) -> None:
    """Show every delivery, and whether it would be permitted now."""
    path = f"/kyozon/v1/exposures/{quote(value, safe='')}"
    found = (
        call(target, "GET", path)
        if label is None
        else call(target, "POST", f"{path}/label", {"label": label, "reason": reason})
    )
    if target.as_json:
        print_json(found)
        return
    out.print(
        say(
            f"{value} is labelled {label_of(found['label'])} now.",
            f"{value} の現在のラベルは {label_of(found['label'])} です。",
        )
    )
    if not found["deliveries"]:
        out.print(say("It has not been anywhere.", "どこにも渡っていません。"))
        return
    columns = [say("at (UTC)", "日時（UTC）"), say("zone", "ゾーン"), say("model", "モデル"), say("for", "利用者")]
    columns += [say("permitted now", "現在の可否"), say("decision", "決定"), "SHA-256"]
    print_table(columns, [_row(one) for one in found["deliveries"]])


def _row(one: dict[str, Any]) -> list[str]:
    sent = one["delivery"]
    permitted = say("yes", "可") if one["permitted_now"] else say("[bold red]no[/]", "[bold red]不可[/]")
    at = sent["at"][:19].replace("T", " ")
    return [
        at,
        sent["zone"],
        sent["model"] or "-",
        sent["user"],
        permitted,
        sent["decision_id"] or "-",
        sent["sha256"][:16],
    ]


commands = [exposure]
