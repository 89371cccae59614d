"""`kyozon review`: what waits for a person, decided with the key in KYOZON_API_KEY."""

from typing import Any, get_args

import click

from kyozon.cli.calling import call
from kyozon.cli.options import Target, installation
from kyozon.cli.output import label_of, out, print_json, print_table
from kyozon.cli.speech import say
from kyozon.domain.review import ReviewState

_PATH = "/kyozon/v1/reviews"


@click.group(
    help=say(
        "What waits for a person; KYOZON_API_KEY says who you are.",
        "人の判断を待つ項目。KYOZON_API_KEY のキーで操作します。",
    )
)
def review() -> None:
    """The group."""


@review.command("list", help=say("The newest items you may know of.", "参照できる新しい項目の一覧。"))
@click.option("--state", type=click.Choice(get_args(ReviewState)), help=say("Only these.", "この状態のみ。"))
@installation
def list_(target: Target, state: str | None) -> None:
    """One line for each."""
    found = call(target, "GET", _PATH + (f"?state={state}" if state else ""))
    if target.as_json:
        print_json(found)
        return
    if not found["data"]:
        out.print(say("Nothing here.", "項目はありません。"))
        return
    columns = [say("review", "審査"), say("kind", "種類"), say("state", "状態"), say("asked by", "依頼者")]
    columns += [say("label", "ラベル"), say("zone, or new label", "ゾーン・新しいラベル"), say("purpose", "目的")]
    columns += [say("until (UTC)", "期限（UTC）")]
    print_table(columns, [_row(item) for item in found["data"]])


@review.command(help=say("Show an item with its exact content.", "項目を正確な内容とともに表示します。"))
@click.argument("review_id", metavar="ID")
@installation
def show(target: Target, review_id: str) -> None:
    """What would leave, what would be delivered, or which label would go down."""
    found = call(target, "GET", f"{_PATH}/{review_id}")
    if target.as_json:
        print_json(found)
        return
    claim = found["claim"]
    rows = [
        [say("review", "審査"), f"{found['id']}  {found['kind']}  {found['state']}"],
        [say("asked by", "依頼者"), claim["requester"]],
        [say("purpose", "目的"), claim["purpose"] or "-"],
        [say("label", "ラベル"), label_of(claim["label"])],
        *_about(found),
        [say("decided by", "決定者"), found["reviewer"] or "-"],
        ["SHA-256", claim["content_sha256"] or "-"],
    ]
    print_table(["", ""], rows)
    if found["content"] is not None:
        out.print()
        out.print(found["content"], markup=False)


@review.command(help=say("Approve an item.", "項目を承認します。"))
@click.argument("review_id", metavar="ID")
@installation
def approve(target: Target, review_id: str) -> None:
    """A release becomes a grant; an answer can be fetched by who asked; a label is lowered."""
    found = call(target, "POST", f"{_PATH}/{review_id}/approve")
    if target.as_json:
        print_json(found)
    elif found["grant_id"]:
        grant = found["grant_id"]
        out.print(
            say(
                f"Approved. Whoever asked sends the same request with the header x-kyozon-grant: {grant}, once.",
                f"承認しました。依頼者は同じ要求にヘッダー x-kyozon-grant: {grant} を付けて、一度だけ送れます。",
            )
        )
    elif (lowering := found["lowering"]) is not None:
        value, label = lowering["value"], label_of(lowering["new"])
        told = f"承認しました。{value} 自身のラベルは {label} になりました。"
        out.print(say(f"Approved: {value} itself is labelled {label} now.", told))
    else:
        until = _minute(found["expires_at"])
        out.print(
            say(
                f"Approved. Whoever asked can fetch the answer until {until} UTC.",
                f"承認しました。依頼者は {until} UTC まで応答を受け取れます。",
            )
        )


@review.command(help=say("Refuse an item; its content is deleted.", "項目を却下します。内容は削除されます。"))
@click.argument("review_id", metavar="ID")
@installation
def refuse(target: Target, review_id: str) -> None:
    """It is over."""
    found = call(target, "POST", f"{_PATH}/{review_id}/refuse")
    if target.as_json:
        print_json(found)
    else:
        said = say("Refused; the content is deleted.", "却下しました。内容は削除されました。")
        kept = say("Refused; the label stays as it is.", "却下しました。ラベルは変わりません。")
        out.print(said if found["lowering"] is None else kept)


@review.command(help=say("Fetch an approved answer, until it expires.", "承認された応答を、期限までに受け取ります。"))
@click.argument("review_id", metavar="ID")
@installation
def answer(target: Target, review_id: str) -> None:
    """The answer's JSON, as the API would have given it."""
    print_json(call(target, "GET", f"{_PATH}/{review_id}/answer"))


def _row(item: dict[str, Any]) -> list[str]:
    claim, about = item["claim"], item["claim"]["zone"]
    if (lowering := item["lowering"]) is not None:
        about = f"{lowering['value']} → {label_of(lowering['new'])}"
    told = [item["id"], item["kind"], item["state"], claim["requester"], label_of(claim["label"]), about]
    return [*told, claim["purpose"] or "-", _minute(item["expires_at"])]


def _about(found: dict[str, Any]) -> list[list[str]]:
    """What is decided on: where something would go, or which label a stored value would get."""
    if (lowering := found["lowering"]) is not None:
        return [
            [say("stored value", "保存値"), lowering["value"]],
            [say("new label", "新しいラベル"), label_of(lowering["new"])],
        ]
    return [
        [say("zone", "ゾーン"), found["claim"]["zone"]],
        [say("model", "モデル"), found["model"] or "-"],
        [say("decision", "決定"), found["decision_id"]],
        [say("grant", "許可書"), found["grant_id"] or "-"],
    ]


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


commands = [review]
