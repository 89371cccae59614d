"""Files of what estimates models: which one a command begins with, and where it writes the next."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kyozon.cli.followed import follow
from kyozon.cli.options import F, Target
from kyozon.cli.output import out
from kyozon.cli.speech import say
from kyozon.domain.errors import CallerError, InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of

if TYPE_CHECKING:
    from kyozon.routing.estimating.quality_model import QualityModel
    from kyozon.services.registry import Registry

option_base = click.option(
    "--from",
    "base",
    type=click.Path(path_type=Path),
    help=say("File to begin with; by default what is in use.", "もとにするファイル。省略時は使用中のもの。"),
)


def base_of(target: Target, registry: "Registry", base: Path | None) -> "QualityModel":
    """What to begin with: a file, else what all servers follow.

    Raises `CallerError` for a file that no fit has written, or where the router estimates nothing.
    """
    from kyozon.routing.estimating.quality_model import QualityModel

    if base is not None:
        try:
            return QualityModel.read(base.read_bytes())
        except (OSError, ValueError) as error:
            told = Text(f"--from {base} is no estimates: {error}", f"--from {base} を読めません：{error}")
            raise InvalidRequest(told, "--from") from error
    follow(target, registry)
    if not isinstance(registry.estimator, QualityModel):
        name = registry.installation.router_name
        raise CallerError(
            Text(
                f"[routing] router is {name}, which estimates nothing: set it to measured, or name a file with --from.",
                f"[routing] router が {name} なので予測は行われません。measured にするか、--from で指定してください。",
            )
        )
    return registry.estimator


def writes(command: F) -> F:
    """Options of a command that writes a file of estimates: where, and whether over what stands there."""
    over = say("Overwrite the file, if there is one.", "既存のファイルを上書きします。")
    command = click.option("--force", is_flag=True, help=over)(command)
    where: Any = click.Path(path_type=Path)
    return click.option("--out", "path", required=True, type=where, help=say("File to write.", "書き出すファイル。"))(
        command
    )


def writable(path: Path, *, force: bool) -> None:
    """Raises `InvalidRequest` where a file cannot be written, or stands there already: before anything is done."""
    folder = path.absolute().parent
    if path.is_dir():
        told = Text(f"{path} is a folder. Name a file in it.", f"{path} はフォルダーです。ファイル名を指定してください。")
    elif path.exists() and not force:
        told = Text(
            f"{path} exists already. Name another file, or overwrite it with --force.",
            f"{path} はすでにあります。別の名前にするか、--force で上書きしてください。",
        )
    elif not folder.is_dir():
        told = Text(
            f"there is no folder {folder}. Make it first.", f"フォルダー {folder} がありません。先に作成してください。"
        )
    elif not os.access(path if path.exists() else folder, os.W_OK):
        told = _unwritable(path, "permission denied", "権限がありません")
    else:
        return
    raise InvalidRequest(told, "--out")


def written(path: Path, model: "QualityModel") -> None:
    """Write a file; raises `InvalidRequest` where that cannot be done."""
    try:
        path.write_bytes(model.write())
    except OSError as error:
        raise InvalidRequest(_unwritable(path, reason_of(error).en, reason_of(error).ja), "--out") from error


def _unwritable(path: Path, en: str, ja: str) -> Text:
    return Text(f"{path} cannot be written: {en}", f"{path} に書き込めません：{ja}")


def tell_written(path: Path, model: "QualityModel") -> None:
    """Say what was written, and how it goes live."""
    out.print(
        say(
            f"Wrote version {model.version} to {path}. Nothing else has changed: kyozon route try {path} lets it go live "
            "step by step.",
            f"バージョン {model.version} を {path} に書き出しました。動作はまだ変わりません。"
            f"kyozon route try {path} で段階的に適用できます。",
        )
    )
