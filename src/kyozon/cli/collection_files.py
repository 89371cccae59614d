"""`kyozon collections files`: the documents in a collection, how far each has come, and why one failed."""

from typing import Any
from urllib.parse import quote

import click
from rich.markup import escape

from kyozon.cli.collection_named import collection_named, listed
from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import say
from kyozon.cli.taking_in import PATH

_STATES = {
    "completed": say("ready", "利用可"),
    "in_progress": say("on its way", "処理中"),
    "failed": say("failed", "失敗"),
    "cancelled": say("cancelled", "中止"),
}


@click.command(
    short_help=say("The documents in a collection.", "コレクションの文書の一覧。"),
    help=say(
        "The documents in a collection that you may read, how far each has come, and why one failed.",
        "コレクションの文書のうち閲覧できるものを、状態と失敗の理由とともに一覧表示します。",
    ),
)
@click.argument("name")
@click.option("--failed", is_flag=True, help=say("Only those that failed.", "失敗した文書だけ。"))
@installation
def files(target: Target, name: str, failed: bool) -> None:  # noqa: FBT001 - click's way
    """One line for each."""
    collection = collection_named(target, name)
    path = f"/v1/vector_stores/{quote(collection['id'], safe='')}/files"
    found = list(listed(target, path, **({"filter": "failed"} if failed else {})))
    if target.as_json:
        print_json({"data": found})
    elif found:
        columns = [say("state", "状態"), say("label", "ラベル"), say("id", "ID"), say("document", "文書")]
        print_table(columns, [_row(one) for one in found])
    elif failed:
        out.print(say("No document failed.", "失敗した文書はありません。"))
    else:
        en = "There is no document that you may read. kyozon ingest brings some."
        out.print(say(en, "閲覧できる文書はありません。kyozon ingest で取り込めます。"))


def _row(one: dict[str, Any]) -> list[str]:
    """The document's path, or name where it came by itself, with the reason beneath it where it failed."""
    named = escape(str(one["attributes"].get(PATH) or one["filename"]))
    error = one["last_error"]
    why = "" if error is None else f"\n{escape(error['message'])}"
    return [_STATES[one["status"]], one["label"], one["id"], named + why]
