"""`kyozon collections`: documents that belong together, and with whom they are shared."""

from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import urlencode

import click
from rich.markup import escape

from kyozon.cli.calling import call
from kyozon.cli.collection_files import files
from kyozon.cli.collection_named import collection_named, listed
from kyozon.cli.ingest_checks import check_label, check_name
from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_json, print_table
from kyozon.cli.reached import reaches_nobody
from kyozon.cli.reindexing import reindex
from kyozon.cli.speech import aside, say
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import ShareKind
from kyozon.domain.language import Text

_STORES, _SHARES = "/v1/vector_stores", "/kyozon/v1/collections"
_DAY = "%Y-%m-%d %H:%M"
_LABEL_HELP = say(
    "How sensitive what is in it is at least, as in internal or confidential+pii.",
    "中の文書の機密度の下限（例：internal、confidential+pii）。",
)
_MAY = {
    "read": say("read it", "閲覧"),
    "write": say("read it, add and remove documents", "閲覧、文書の追加と削除"),
    "own": say(
        "read it, add and remove documents, share and delete it", "閲覧、文書の追加と削除、共有、コレクションの削除"
    ),
}
_WHOM_HELP = say(
    "user:NAME, group:NAME, role:NAME or everyone (in the tenant).",
    "user:名前・group:名前・role:名前・everyone（テナント全員）のいずれか。",
)


@click.group(
    help=say(
        "Collections of documents: make, list, share; KYOZON_API_KEY says who you are.",
        "文書のコレクションの作成・一覧・共有。KYOZON_API_KEY のキーで操作します。",
    )
)
def collections() -> None:
    """The group."""


@collections.command(
    help=say(
        "Make a collection; it is yours alone until you share it.", "コレクションを作成します（共有するまでは自分専用）。"
    )
)
@click.argument("name")
@click.option("--label", help=_LABEL_HELP)
@click.option("--description", default="", help=say("What is in it.", "内容の説明。"))
@click.option(
    "--expires-days",
    type=click.IntRange(1),
    help=say("It is emptied when nobody has used it for so many days.", "この日数使われなければ中身が削除されます。"),
)
@installation
def create(target: Target, name: str, label: str | None, description: str, expires_days: int | None) -> None:
    """Make one."""
    check_name(name, "NAME")
    check_label(label)
    body: dict[str, Any] = {"name": name, "description": description}
    if expires_days is not None:
        body["expires_after"] = {"anchor": "last_active_at", "days": expires_days}
    made = call(target, "POST", _STORES, body, headers={"x-kyozon-label": label} if label else {})
    if target.as_json:
        print_json(made)
        return
    out.print(say(f"Made {name} ({made['id']}).", f"{name}（{made['id']}）を作成しました。"), markup=False)
    out.print(
        say(f"Next: kyozon ingest PATH --collection {made['id']}", f"次に：kyozon ingest パス --collection {made['id']}")
    )


@collections.command("list", help=say("The collections that you may read.", "閲覧できるコレクションの一覧。"))
@installation
def list_(target: Target) -> None:
    """One line for each."""
    found = list(listed(target, _STORES))
    if target.as_json:
        print_json({"data": found})
        return
    if not found:
        out.print(
            say(
                "There are none that you may read. kyozon collections create NAME makes one.",
                "閲覧できるコレクションはありません。kyozon collections create 名前 で作成できます。",
            )
        )
        return
    columns = [
        say("id", "ID"),
        say("documents", "文書"),
        say("failed", "失敗"),
        say("label", "ラベル"),
        say("made (UTC)", "作成（UTC）"),
        say("name", "名前"),
    ]
    print_table(columns, [_row(one) for one in found], right=(1, 2))


@collections.command(
    help=say(
        "Show a collection: whose it is, what you may do with it, with whom it is shared.",
        "コレクションの内容、所有者、自分の権限、共有先を表示します。",
    )
)
@click.argument("name")
@installation
def show(target: Target, name: str) -> None:
    """All about one; whom it is shared with is told to those who may share it."""
    found = collection_named(target, name)
    whose = call(target, "GET", f"{_SHARES}/{found['id']}")
    embedder = call(target, "GET", f"{_SHARES}/{found['id']}/embedder")["embedder"] if whose["access"] == "own" else None
    if target.as_json:
        print_json({**found, **{name: whose[name] for name in ("owner", "access", "shares")}, "embedder": embedder})
        return
    counts = found["file_counts"]
    states = [
        say(f"{counts['completed']} ready", f"利用可 {counts['completed']}"),
        say(f"{counts['in_progress']} on their way", f"処理中 {counts['in_progress']}"),
        say(f"{counts['failed']} failed", f"失敗 {counts['failed']}"),
    ]
    rows = [
        [say("id", "ID"), found["id"]],
        [say("name", "名前"), escape(found["name"] or "-")],
        [say("description", "説明"), escape(found["description"] or "-")],
        [say("label", "ラベル"), found["label"]],
        [say("documents", "文書"), say(", ", "・").join(states)],
        *([[say("embedder", "埋め込みモデル"), escape(embedder)]] if embedder else []),
        [say("last used (UTC)", "最終利用（UTC）"), _at(found["last_active_at"])],
        [say("expires (UTC)", "期限（UTC）"), _at(found["expires_at"]) + _expired(found)],
    ]
    rows += [[say("owner", "所有者"), escape(whose["owner"])], [say("you may", "自分の権限"), _MAY[whose["access"]]]]
    if whose["shares"] is not None:
        with_whom = say(", ", "、").join(map(_written, whose["shares"]))
        rows.append([say("shared with", "共有先"), escape(with_whom) or say("nobody", "なし")])
    print_table(["", ""], rows)
    if counts["failed"]:
        asked = f"kyozon collections files {found['id']} --failed"
        out.print(say(f"\nWhy some failed: {asked}", f"\n失敗の理由：{asked}"), markup=False)


@collections.command(help=say("Share a collection, from now on.", "コレクションを共有します（即時）。"))
@click.argument("name")
@click.option("--with", "whom", required=True, metavar="WHOM", help=_WHOM_HELP)
@click.option(
    "--write", is_flag=True, help=say("They may add and remove documents, too.", "文書の追加と削除も許可します。")
)
@installation
def share(target: Target, name: str, whom: str, *, write: bool) -> None:
    """Share one."""
    found = collection_named(target, name)
    body = {**_whom(whom), "right": "write" if write else "read"}
    shared = call(target, "PUT", f"{_SHARES}/{found['id']}/shares", body)
    if target.as_json:
        print_json(shared)
    else:
        what = _written(body)
        out.print(
            say(f"{found['name']} is shared with {what}.", f"{found['name']} を {what} に共有しました。"), markup=False
        )
    if warning := reaches_nobody(target, body):
        err.print(f"[yellow]![/] {escape(warning)}")


@collections.command(help=say("End a share, at once.", "共有を終了します（即時）。"))
@click.argument("name")
@click.option("--with", "whom", required=True, metavar="WHOM", help=_WHOM_HELP)
@installation
def unshare(target: Target, name: str, whom: str) -> None:
    """End a share."""
    found = collection_named(target, name)
    left = call(target, "DELETE", f"{_SHARES}/{found['id']}/shares?{urlencode(_whom(whom))}")
    if target.as_json:
        print_json(left)
    else:
        said = f"{found['name']} is not shared with {whom} any more."
        out.print(say(said, f"{found['name']} の {whom} への共有を終了しました。"), markup=False)


@collections.command(
    help=say(
        "Delete a collection and all that was made of its files; the files stay.",
        "コレクションを削除します（元のファイルは残ります）。",
    )
)
@click.argument("name")
@click.option("--yes", is_flag=True, help=say("Do not ask.", "確認しません。"))
@installation
def delete(target: Target, name: str, *, yes: bool) -> None:
    """Delete one."""
    found = collection_named(target, name)
    total = found["file_counts"]["total"]
    asked = f"Delete {found['name']} ({found['id']}) with its {total} documents?"
    if not yes and not target.as_json:
        click.confirm(say(asked, f"{found['name']}（{found['id']}、文書 {total} 件）を削除しますか？"), abort=True)
    gone = call(target, "DELETE", f"{_STORES}/{found['id']}")
    if target.as_json:
        print_json(gone)
    else:
        out.print(say(f"Deleted {found['name']}.", f"{found['name']} を削除しました。"), markup=False)


def _whom(text: str) -> dict[str, str]:
    """Whom to share with; raises `InvalidRequest`."""
    kind, _, name = text.partition(":")
    if kind not in get_args(ShareKind) or (kind == "everyone") != (not name):
        raise InvalidRequest(
            Text(
                f"--with {text!r}: use user:NAME, group:NAME, role:NAME or everyone.",
                f"--with {text!r} は使えません。user:名前・group:名前・role:名前・everyone のいずれかです。",
            ),
            "--with",
        )
    return {"kind": kind, "name": name}


def _written(share: dict[str, Any]) -> str:
    """`group:legal`, with what it may do where that is more than to read."""
    whom = share["kind"] if share["kind"] == "everyone" else f"{share['kind']}:{share['name']}"
    return whom + say(" (may write)", "（書き込み可）") if share["right"] == "write" else whom


def _row(one: dict[str, Any]) -> list[str]:
    counts = [str(one["file_counts"][state]) for state in ("completed", "failed")]
    return [one["id"], *counts, one["label"], _at(one["created_at"]), escape(one["name"] or "-") + _expired(one)]


def _expired(found: dict[str, Any]) -> str:
    """Says that nothing is in it any more."""
    return aside(say("expired, emptied", "期限切れのため空")) if found["status"] == "expired" else ""


def _at(seconds: int | None) -> str:
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime(_DAY)


collections.add_command(files)
collections.add_command(reindex)
commands = [collections]
