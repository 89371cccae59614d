"""`kyozon collections reindex`: another embedder for a collection, followed until searches go by it."""

import sys
import time
from typing import Any
from urllib.parse import quote

import click
from rich.markup import escape

from kyozon.cli.calling import call
from kyozon.cli.collection_named import collection_named
from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_json
from kyozon.cli.progress import shown
from kyozon.cli.speech import say

_LOOK_SECONDS = 1.0
_STOPPED = 130


@click.command(
    short_help=say("Embed a collection anew, with another model.", "コレクションを別のモデルで埋め込み直します。"),
    help=say(
        "Embed a collection's documents with another model, in the background. Searches go on with the vectors that are "
        "there, and change over at once when the new ones are complete.",
        "コレクションの文書を別のモデルで埋め込み直します。処理中も検索は今のベクトルで続き、"
        "新しいベクトルがそろった時点で一度に切り替わります。",
    ),
)
@click.argument("name")
@click.option("--embedder", required=True, help=say("Name of the embedding model.", "埋め込みモデルの名前。"))
@click.option("--no-wait", is_flag=True, help=say("Begin, and do not follow.", "開始だけして、完了を待ちません。"))
@installation
def reindex(target: Target, name: str, embedder: str, no_wait: bool) -> None:  # noqa: FBT001 - click's way
    """Begin and follow; 1 where it was given up."""
    collection = collection_named(target, name)
    path = f"/kyozon/v1/collections/{quote(collection['id'], safe='')}/embedder"
    found = call(target, "PUT", path, {"embedder": embedder})
    if not no_wait:
        found = _followed(target, path, found)
    if target.as_json:
        print_json(found)
    else:
        _tell(collection["name"] or collection["id"], found)
    sys.exit(1 if found["failure"] else 0)


def _followed(target: Target, path: str, found: dict[str, Any]) -> dict[str, Any]:
    try:
        with shown(as_json=target.as_json) as progress:
            task = progress.add_task(say("Embedding anew", "埋め込み直し中"), total=found["documents"]["total"] or None)
            while found["next_embedder"] is not None:
                progress.update(task, completed=found["documents"]["done"])
                time.sleep(_LOOK_SECONDS)
                found = call(target, "GET", path)
    except KeyboardInterrupt:
        err.print(
            say(
                "Stopped following. The server goes on; the same command shows how far it is.",
                "表示を中断しました。処理はサーバーで続きます。同じコマンドで進み具合を確認できます。",
            )
        )
        sys.exit(_STOPPED)
    return found


def _tell(name: str, found: dict[str, Any]) -> None:
    if found["failure"]:
        out.print(f"[bold red]✗[/] {escape(name)}: {escape(found['failure'])}")
    elif found["next_embedder"]:
        done, total = found["documents"]["done"], found["documents"]["total"]
        en = f"{name}: {found['next_embedder']} has {done} of {total} documents; searches go by {found['embedder']}."
        ja = f"{name}：{found['next_embedder']} の処理は {done}／{total} 文書。検索は {found['embedder']} を使っています。"
        out.print(escape(say(en, ja)))
    else:
        en = f"{name}: searches go by {found['embedder']}."
        out.print(escape(say(en, f"{name}：検索は {found['embedder']} を使っています。")))
