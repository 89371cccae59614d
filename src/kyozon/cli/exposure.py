"""`kyozon exposure`: where a stored value or an exchange has been; raising its label, or asking for a lower one."""

from typing import Any
from urllib.parse import quote

import click

from kyozon.cli.calling import call
from kyozon.cli.options import Target, installation
from kyozon.cli.output import label_of, out, print_json, print_table
from kyozon.cli.speech import say
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text


@click.command(
    short_help=say("Where a stored value or an exchange has been.", "保存値や要求・応答がどこへ渡ったかを表示します。"),
    help=say(
        "Show where a stored value, or a decision's request and answer, has been: in which zones, for whom, when. "
        "With --raise its label is raised first, for everything made from it; with --lower another person is asked to "
        "approve of a lower one.",
        "保存値、または決定記録の要求と応答が、いつ、誰のために、どのゾーンへ渡ったかを表示します。"
        "--raise を付けると、先にラベルを引き上げます。そこから作られたものすべてに及びます。"
        "--lower を付けると、ラベルの引き下げの承認を別の人に依頼します。",
    ),
)
@click.argument("value", metavar="ID")
@click.option("--raise", "label", metavar="LABEL", help=say("Its new label.", "新しいラベル。"))
@click.option("--reason", help=say("Why it is raised.", "引き上げる理由。"))
@click.option("--lower", metavar="LABEL", help=say("The label to ask for.", "依頼するラベル。"))
@click.option("--purpose", metavar="NAME", help=say("What a lower label is for.", "引き下げの目的。"))
@installation
def exposure(target: Target, value: str, **options: str | None) -> None:
    """Show every delivery, and whether it would be permitted now."""
    path = f"/kyozon/v1/exposures/{quote(value, safe='')}"
    label, lower = options["label"], options["lower"]
    if label is not None and lower is not None:
        raise InvalidRequest(Text("use either --raise or --lower.", "--raise と --lower は同時に使えません。"), "--lower")
    for only, needed, given in (("--purpose", "--lower", lower), ("--reason", "--raise", label)):
        if options[only.removeprefix("--")] is not None and given is None:
            raise InvalidRequest(Text(f"{only} goes with {needed}.", f"{only} は {needed} と併せて使います。"), only)
    if lower is not None:
        _ask(target, f"{path}/lowering", {"label": lower, "purpose": options["purpose"]})
    elif label is not None:
        _print(target, value, call(target, "POST", f"{path}/label", {"label": label, "reason": options["reason"]}))
    else:
        _print(target, value, call(target, "GET", path))


def _ask(target: Target, path: str, wanted: dict[str, Any]) -> None:
    """Ask for a lower label; somebody else decides."""
    found = call(target, "POST", path, wanted)
    if target.as_json:
        print_json(found)
        return
    review, lowering, old = found["id"], found["lowering"], label_of(found["claim"]["label"])
    new = label_of(lowering["new"])
    out.print(
        say(
            f"Asked: {lowering['value']} from {old} to {new}.\n"
            f"It stays as it is until another person approves: kyozon review approve {review}",
            f"{lowering['value']} のラベルを {old} から {new} へ引き下げるよう依頼しました。\n"
            f"別の人が承認するまで変わりません：kyozon review approve {review}",
        )
    )


def _print(target: Target, value: str, found: dict[str, Any]) -> None:
    if target.as_json:
        print_json(found)
        return
    out.print(
        say(
            f"{value} is labelled {label_of(found['label'])} now.",
            f"{value} の現在のラベルは {label_of(found['label'])} です。",
        )
    )
    if found["left_out"]:
        names = ", ".join(found["left_out"])
        told = say(
            f"Not in this report, since another version recorded them in a shape unknown here: {names}",
            f"別の版が記録した、この版では読めない決定は含まれていません：{names}",
        )
        out.print(f"[yellow]![/] {told}")
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
