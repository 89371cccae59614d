"""The canaries of one deployment: in a file that only its owner reads, since who knows a canary can leave it out."""

import os
import secrets
import string
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import structs

from kyozon.domain.canaries import Canary
from kyozon.domain.errors import InvalidRequest, MissingPiece
from kyozon.domain.language import Text

_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 26
"""134 bits: no text has it by chance. Letters and digits only, so that no wire format writes it otherwise."""


def new_token() -> str:
    """A word that has never been written before."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


class CanaryFile:
    """Reads the file again when it has changed: a command may add to it while a server runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._found: tuple[Canary, ...] = ()

    def all(self) -> tuple[Canary, ...]:
        """Every canary, oldest first; raises `MissingPiece` where the file cannot be read."""
        try:
            state = self._path.stat()
            if (state.st_mtime_ns, state.st_size) != self._read_at:
                self._found = msgspec.json.decode(self._path.read_bytes(), type=tuple[Canary, ...])
                self._read_at = (state.st_mtime_ns, state.st_size)
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise MissingPiece(_unreadable(self._path, error)) from error
        return self._found

    def add(self, canary: Canary) -> None:
        """Add one; raises `InvalidRequest` where there is one of that name."""
        known = self.all()
        if any(one.name == canary.name for one in known):
            raise InvalidRequest(
                Text(
                    f"there is a canary {canary.name!r} already: choose another name (kyozon canary list).",
                    f"カナリア {canary.name!r} はすでにあります。別の名前にしてください（kyozon canary list）。",
                ),
                "name",
            )
        self._write((*known, canary))

    def at_least_one(self, name: str, now: datetime) -> None:
        """Make the first canary where there is none."""
        if not self.all():
            self._write((Canary(name, new_token(), now),))

    def _write(self, canaries: tuple[Canary, ...]) -> None:
        # Whoever reads meanwhile finds the old file or the new one, never half of it.
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode([structs.asdict(one) for one in canaries])) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _unreadable(path: Path, error: Exception) -> Text:
    return Text(
        f"the canaries in {path} cannot be read: {error}. Mend the file, or move it away to get a new one.",
        f"{path} のカナリアを読めません：{error}。ファイルを直すか、移動すれば新しいものが作られます。",
    )
