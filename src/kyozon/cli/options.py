"""Options that every command has: where the installation is, and JSON instead of words."""

import functools
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from kyozon.cli.output import print_error
from kyozon.cli.speech import say
from kyozon.domain.errors import CallerError, InvalidRequest, KyozonError, NotFound
from kyozon.domain.labels import Clearance, Label, parse_clearance, parse_label
from kyozon.domain.language import Text
from kyozon.domain.pace import LONGEST, parse_within
from kyozon.domain.quality import SHARES, Goal, parse_goal

if TYPE_CHECKING:
    from kyozon.bootstrap.local import LocalModels
    from kyozon.bootstrap.store import Store
    from kyozon.services.registry import Registry
    from kyozon.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_LOOKS_BACK = timedelta(days=30)
WITHIN = say("In how many seconds first words should come, as in 2.5.", "最初の言葉までの目標時間（秒、例：2.5）。")


class Target(Struct, frozen=True):
    """Which installation a command is for, and how it prints."""

    data_dir: str | None
    config: Path | None
    as_json: bool
    overrides: dict[str, str]

    def environ(self) -> dict[str, str]:
        """The environment with the command's own options laid over it."""
        given = dict(self.overrides)
        if self.data_dir is not None:
            given["KYOZON_DATA_DIR"] = self.data_dir
        return {**os.environ, **given}

    def settings(self) -> "Settings":
        """The installation's settings; raises `SettingsError` with every mistake."""
        from kyozon.bootstrap.reading import read_settings

        return read_settings(self.config, self.environ())

    def models(self) -> "tuple[LocalModels, Registry]":
        """The models on this machine, and all the models that the installation knows; nothing is started."""
        from kyozon.bootstrap.local import LocalModels
        from kyozon.bootstrap.reading import registry_of

        settings = self.settings()
        local = LocalModels(settings)
        return local, registry_of(settings, self.environ(), local)

    def store(self) -> "AbstractAsyncContextManager[Store]":
        """The installation's records, for the length of a block; raises `StorageUnavailable`."""
        from kyozon.bootstrap.store import opened
        from kyozon.cli.steps import silently

        return opened(self.settings(), silently)

    def started(self) -> "AbstractAsyncContextManager[Store]":
        """As `store`, for commands with nothing to do before the first start; raises `NotFound` then, and makes nothing."""
        from kyozon.bootstrap.rolling import has_started

        settings = self.settings()
        if not has_started(settings):
            folder = settings.data_dir
            raise NotFound(
                Text(
                    f"no installation in {folder} yet: kyozon up starts one; --data-dir names another folder.",
                    f"{folder} にはまだインストールがありません。kyozon up で開始します。"
                    "別のフォルダーは --data-dir で指定してください。",
                )
            )
        return self.store()


def installation(command: F) -> F:
    """Give a command its `Target`, and turn Kyozon's errors into words and an exit status (2: yours, 1: the world's)."""

    @click.option("--data-dir", metavar="DIR", help=say("Folder of the installation.", "インストール先のフォルダー。"))
    @click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=say("Settings file; kyozon.toml here by default.", "設定ファイル。省略時は現在のフォルダーの kyozon.toml。"),
    )
    @click.option("--json", "as_json", is_flag=True, help=say("Print JSON.", "JSON で出力します。"))
    @functools.wraps(command)
    def wrapped(data_dir: str | None, config: Path | None, as_json: bool, **options: Any) -> Any:  # noqa: FBT001 - click's
        target = Target(data_dir, config, as_json, {})
        try:
            return command(target, **options)
        except KyozonError as error:
            print_error(error, as_json=as_json)
            sys.exit(2 if isinstance(error, CallerError) else 1)

    return wrapped  # type: ignore[return-value]


def of_decisions(command: F) -> F:
    """Which recorded decisions a command looks at: `--since` a moment (thirty days ago if left out), of a `--tenant`."""
    command = click.option("--tenant", help=say("Of this tenant alone.", "このテナントのみ。"))(command)
    return click.option(
        "--since",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
        callback=lambda _context, _option, day: day.replace(tzinfo=UTC) if day else datetime.now(UTC) - _LOOKS_BACK,
        help=say("First day, or moment (UTC); 30 days ago by default.", "開始日または開始日時（UTC）。省略時は 30 日前。"),
    )(command)


def goal_read(text: str, option: str) -> Goal:
    """A quality; raises `InvalidRequest` where it is none."""
    try:
        return parse_goal(text)
    except ValueError as error:
        names = ", ".join(SHARES)
        raise InvalidRequest(
            Text(
                f"{option} {text!r}: use {names}, or a number from 0 to 1, such as 0.85.",
                f"{option} {text!r} を読めません。{'・'.join(SHARES)} か、0〜1 の数値（例：0.85）を指定してください。",
            ),
            option,
        ) from error


def within_read(text: str, option: str) -> float:
    """Seconds to the first words; raises `InvalidRequest` where they are none."""
    try:
        return parse_within(text)
    except ValueError as error:
        raise InvalidRequest(
            Text(
                f"{option} {text!r}: use seconds above 0 and up to {LONGEST:g}, such as 2.5.",
                f"{option} {text!r} を読めません。0 より大きく {LONGEST:g} 以下の秒数（例：2.5）を指定してください。",
            ),
            option,
        ) from error


def option_read(parse: Callable[[str], T], text: str, option: str, form: Text) -> T:
    """What `parse` makes of an option's text; raises `InvalidRequest`, which says what is wanted, where it cannot."""
    try:
        return parse(text)
    except (ValueError, ArithmeticError) as error:
        raise InvalidRequest(
            Text(f"{option} {text!r}: use {form.en}.", f"{option} {text!r} を読めません。{form.ja}で指定してください。"),
            option,
        ) from error


def label_read(text: str, option: str) -> Label:
    """A label; raises `InvalidRequest` where it is none."""
    return option_read(parse_label, text, option, _LABEL)


def clearance_read(text: str, option: str) -> Clearance:
    """A clearance; raises `InvalidRequest` where it is none."""
    return option_read(parse_clearance, text, option, _CLEARANCE)


_LABEL = Text(
    "public, internal, confidential or restricted, with compartments behind it where there are any, as in confidential+pii",
    "public・internal・confidential・restricted のいずれか（区分があれば confidential+pii のように続けます）",
)
_CLEARANCE = Text(
    "public, internal, confidential or restricted, with compartments (* for all) behind it where there are any, as in "
    "internal+jp-only",
    "public・internal・confidential・restricted のいずれか（区分があれば internal+jp-only のように続けます。* は全区分）",
)
