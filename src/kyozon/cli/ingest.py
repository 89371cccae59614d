"""`kyozon ingest`: files and folders into a collection, again and again at no cost for what has not changed."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from msgspec import Struct
from rich.markup import escape

from kyozon.cli.calling import call
from kyozon.cli.collection_named import collection_named
from kyozon.cli.folders import Found, Wanted, found
from kyozon.cli.ingest_checks import check_label, check_name, check_readers
from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_error, print_json
from kyozon.cli.progress import shown
from kyozon.cli.speech import say
from kyozon.cli.taking_in import Folder, Order, Outcome, Sent
from kyozon.domain.errors import InvalidRequest, NotFound, WorldFailure
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of

_LOOK_SECONDS = 1.0
_WATCH_SECONDS = 3.0
_PATIENCE_SECONDS = 120.0
_STOPPED = 130
_NONE_BEFORE: Mapping[str, str] = {}


@click.command(
    short_help=say("Take files and folders into a collection.", "ファイルやフォルダーをコレクションに取り込みます。"),
    help=say(
        "Take files and folders into a collection, so that questions can be answered from them. What has not changed "
        "since the last time costs nothing; what has changed replaces what was there.",
        "ファイルやフォルダーをコレクションに取り込み、質問に答えられるようにします。"
        "前回から変わっていないものは何もせず、変わったものは置き換えます。",
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-c", "--collection", required=True, help=say("Name or id of the collection.", "コレクションの名前か ID。"))
@click.option(
    "--create", is_flag=True, help=say("Make the collection if it is not there.", "なければコレクションを作ります。")
)
@click.option(
    "--label",
    help=say("How sensitive the files are, such as internal+hr.", "ファイルの機密度（例：internal+hr）。"),
)
@click.option(
    "--readers",
    help=say(
        "Open to these alone: user:NAME, group:NAME, role:NAME, joined by commas.",
        "閲覧できる人を限ります：user:名前・group:名前・role:名前 をコンマで区切ります。",
    ),
)
@click.option(
    "--include", multiple=True, metavar="GLOB", help=say("Only such files, as '*.pdf'.", "対象のファイル（例：'*.pdf'）。")
)
@click.option("--exclude", multiple=True, metavar="GLOB", help=say("No such files.", "除外するファイル。"))
@click.option(
    "--delete",
    is_flag=True,
    help=say("Remove what is gone from the folders.", "フォルダーからなくなったものを取り除きます。"),
)
@click.option("--watch", is_flag=True, help=say("Go on looking for changes.", "変更を見張り続けます。"))
@installation
def ingest(target: Target, paths: tuple[Path, ...], collection: str, **options: Any) -> None:
    """Send, wait, and say what became of it; 1 where something could not be taken in, or nothing was there to take in."""
    check_name(collection, "--collection")
    check_label(options["label"])
    check_readers(options["readers"])
    wanted = Wanted(options["include"], options["exclude"])
    try:
        files = list(found(paths, wanted))
        if not files and not (options["delete"] or options["watch"]):
            raise _nothing(paths)
        stored = _collection(target, collection, options)
        order = Order(paths, stored["id"], wanted, options["label"], options["readers"], options["delete"])
        folder = Folder(target, order)
        outcome = _taken_in(folder, files, as_json=target.as_json)
        _tell(target, stored, outcome)
        if options["watch"]:
            _watch(target, stored, folder, _Seen(files, outcome.failed))
            return
    except KeyboardInterrupt:
        err.print(_stopped())
        sys.exit(_STOPPED)
    except OSError as error:
        raise _unreadable(error) from error
    sys.exit(1 if outcome.failed else 0)


def _stopped() -> str:
    return say(
        "Stopped. What was sent is still being taken in; the same command goes on where this one was.",
        "中断しました。送信済みのファイルの取り込みはサーバーで続きます。同じコマンドで続きから再開できます。",
    )


def _unreadable(error: OSError) -> InvalidRequest:
    return InvalidRequest(
        Text(
            f"cannot read {error.filename}: {reason_of(error).en}. Check the path and who may read it.",
            f"{error.filename} を読み取れません（{reason_of(error).ja}）。パスと読み取り権限を確認してください。",
        )
    )


def _nothing(paths: tuple[Path, ...]) -> WorldFailure:
    where = ", ".join(map(str, paths))
    return WorldFailure(
        Text(
            f"nothing to take in: {where} holds no file that is asked for. Check the path, --include and --exclude.",
            f"取り込むファイルがありません（{where}）。パスと --include・--exclude を確認してください。",
        )
    )


def _collection(target: Target, name: str, options: dict[str, Any]) -> dict[str, Any]:
    try:
        return collection_named(target, name)
    except NotFound:
        if not options["create"] or name.startswith("vs_"):
            raise
    headers = {} if options["label"] is None else {"x-kyozon-label": options["label"]}
    made: dict[str, Any] = call(target, "POST", "/v1/vector_stores", {"name": name}, headers=headers)
    return made


def _taken_in(folder: Folder, files: list[Found], *, as_json: bool) -> Outcome:
    with shown(as_json=as_json) as progress:
        total = sum(max(1, file.bytes) for file in files)
        task = progress.add_task(say("1/2 Sending", "1/2 送信中"), total=total)
        outcome = folder.send(files, lambda file: progress.advance(task, max(1, file.bytes)))
        progress.remove_task(task)
        whole = sum(max(1, sent.bytes) for sent in outcome.waiting)
        task = progress.add_task(say("2/2 Taking in", "2/2 取り込み中"), total=whole or None)
        done: dict[str, float] = {}

        def told(sent: Sent, share: float) -> None:
            done[sent.id] = share * max(1, sent.bytes)

        patience = _Patience(folder)
        patience.follow(outcome, told)
        first = sum(done.values())
        progress.reset(task, completed=int(first), first=first)  # the pace is counted from here
        while outcome.waiting:
            time.sleep(_LOOK_SECONDS)
            patience.follow(outcome, told)
            progress.update(task, completed=sum(done.values()))
    return outcome


class _Patience:
    """A server that is away for a while takes in what it has once it is back: it is said once, and waited for."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._away: float | None = None

    def follow(self, outcome: Outcome, told: Callable[[Sent, float], None]) -> None:
        """As `Folder.follow`; raises `WorldFailure` where it has been away for too long."""
        try:
            self._folder.follow(outcome, told)
        except WorldFailure as error:
            now = time.monotonic()
            if self._away is None:
                self._away = now
                print_error(error, as_json=False)
            elif now - self._away > _PATIENCE_SECONDS:
                raise
        else:
            self._away = None


class _Seen(Struct):
    """What a look found, and what has been told of: only what is new is told again."""

    files: list[Found]
    failed: Mapping[str, str]


def _watch(target: Target, collection: dict[str, Any], folder: Folder, seen: _Seen) -> None:
    """Look again and again, until Ctrl-C; a file is sent once it has not changed from one look to the next."""
    err.print(say("Watching for changes; Ctrl-C ends it.", "変更を見張っています。Ctrl-C で終了します。"))
    before = seen.files
    while (now := _looked(folder)) is not None:
        if now != seen.files and now == before:
            try:
                outcome = _taken_in(folder, now, as_json=target.as_json)
                _tell(target, collection, outcome, seen.failed)
                seen = _Seen(now, outcome.failed)
            except WorldFailure as error:  # the next look tries again
                print_error(error, as_json=target.as_json)
            except FileNotFoundError:  # so does it where a file went meanwhile
                continue
        before = now
    err.print(say("Stopped watching.", "監視を終了しました。"))


def _looked(folder: Folder) -> list[Found] | None:
    """What is there a while later; None where Ctrl-C came first."""
    while True:
        try:
            time.sleep(_WATCH_SECONDS)
            return folder.look()
        except KeyboardInterrupt:
            return None
        except OSError:  # a file went between being listed and being looked at
            continue


def _tell(target: Target, collection: dict[str, Any], outcome: Outcome, before: Mapping[str, str] = _NONE_BEFORE) -> None:
    """Say what became of the files; why one failed is not said again where `before` has it."""
    parts = {name: getattr(outcome, name) for name in ("added", "changed", "unchanged", "removed")}
    if target.as_json:
        print_json({"collection": collection["id"], **parts, "failed": outcome.failed})
        return
    for path, why in outcome.failed.items():
        if before.get(path) != why:
            out.print(f"[bold red]✗[/] {escape(path)}\n    {escape(why)}")
    told = [
        say(f"{len(outcome.added)} added", f"追加 {len(outcome.added)}"),
        say(f"{len(outcome.changed)} changed", f"更新 {len(outcome.changed)}"),
        say(f"{len(outcome.unchanged)} unchanged", f"変更なし {len(outcome.unchanged)}"),
        say(f"{len(outcome.removed)} removed", f"削除 {len(outcome.removed)}"),
        say(f"{len(outcome.failed)} failed", f"失敗 {len(outcome.failed)}"),
    ]
    name = collection["name"] or collection["id"]
    out.print(f"{escape(name)}: " + say(", ", "、").join(told))


commands = [ingest]
