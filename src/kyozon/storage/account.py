"""Whom the embedded server runs as: PostgreSQL refuses to run as root, so root lends it an account of its own."""

import logging
import os
import pwd
import stat
import subprocess
from pathlib import Path

from msgspec import Struct

from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text

_log = logging.getLogger(__name__)
_NAME = "pgserver"
_READABLE = stat.S_IROTH | stat.S_IXOTH


class Account(Struct, frozen=True):
    """A system account: numeric user and group."""

    uid: int
    gid: int


def server_account(folder: Path) -> Account | None:
    """The account to switch to; None where this process is no root and the server runs as the same user.

    Root takes the account that already owns `folder`, so that `sudo kyozon` does not lock out its usual owner.

    Raises:
        MissingPiece: there is no such account, and none can be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = folder.stat().st_uid if folder.exists() else 0
        entry = pwd.getpwuid(owner) if owner else _own_account()
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        raise MissingPiece(_no_account(error)) from error
    return Account(entry.pw_uid, entry.pw_gid)


def let_in(account: Account, folder: Path) -> None:
    """Let `account` walk down to `folder`: adds the search bit (never read) to the parents that lack it."""
    for parent in folder.resolve().parents:
        state = parent.stat()
        if not state.st_mode & stat.S_IXOTH and state.st_uid != account.uid:
            _log.warning("opened %s to passing through (o+x), for the database server's own account", parent)
            parent.chmod(stat.S_IMODE(state.st_mode) | stat.S_IXOTH)


def let_run(account: Account, programs: Path) -> None:
    """Let `account` run the server's programs, also where the package was installed under a strict umask."""
    let_in(account, programs)
    if (programs / "postgres").stat().st_mode & _READABLE != _READABLE:
        for path in programs.parent.rglob("*"):
            path.chmod(stat.S_IMODE(path.stat().st_mode) | _READABLE)


def _own_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", _NAME]
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(_NAME)


def _no_account(why: object) -> Text:
    return Text(
        f"PostgreSQL does not run as root and the account '{_NAME}' cannot be used ({why}). Start Kyozon as an ordinary "
        f"user, create the account with 'useradd {_NAME}', or set KYOZON_DATABASE_URL to a server of your own.",
        f"PostgreSQL は root では動かず、アカウント「{_NAME}」も使えません（{why}）。一般ユーザーで起動するか、"
        f"「useradd {_NAME}」で作成するか、KYOZON_DATABASE_URL で別のサーバーを指定してください。",
    )
