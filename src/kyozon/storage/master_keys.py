"""The key that people's own keys lie under in the database: in a file of this machine, and never in the database.

A backup of the database alone opens nothing. Whenever somebody is erased the file gets a new key and loses the old one; so
backups from before open nothing either, for anybody's words.
"""

import base64
import binascii
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text

_FILE = "master.keys"
_KEY_BYTES, NONCE_BYTES = 32, 12


class MasterKey(Struct, frozen=True):
    """One key; `id` names it without telling anything of it."""

    id: str
    secret: bytes

    def wrap(self, subject: str, key: bytes) -> bytes:
        """A subject's key, encrypted."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, key, subject.encode())

    def unwrap(self, subject: str, wrapped: bytes) -> bytes:
        """The key again; raises `cryptography.exceptions.InvalidTag` where it is not this subject's."""
        return AESGCM(self.secret).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode())


class MasterKeys:
    """The keys in a folder, newest first. The file is read for each question: another process may have renewed it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def all(self) -> list[MasterKey]:
        """Every key, one being made where there is none; raises `MissingPiece` where the file cannot be used."""
        try:
            if not self._path.exists():
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._write_first()
            keys = [base64.b64decode(line, validate=True) for line in self._path.read_text("ascii").split()]
        except (OSError, binascii.Error, UnicodeDecodeError) as error:
            raise MissingPiece(_unreadable(self._path, error)) from error
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise MissingPiece(_unreadable(self._path, "it does not hold keys of 32 bytes"))
        return [_named(key) for key in keys]

    def renew(self) -> MasterKey:
        """Add a new key before the others."""
        new = _named(secrets.token_bytes(_KEY_BYTES))
        self._write([new, *self.all()])
        return new

    def keep_newest(self) -> None:
        """Destroy all keys but the newest."""
        self._write(self.all()[:1])

    def _write_first(self) -> None:
        """Of processes that start at the same moment one makes the file."""
        draft = self._draft([_named(secrets.token_bytes(_KEY_BYTES))])
        try:
            os.link(draft, self._path)
        except FileExistsError:
            return
        finally:
            draft.unlink()

    def _write(self, keys: list[MasterKey]) -> None:
        self._draft(keys).replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _draft(self, keys: list[MasterKey]) -> Path:
        draft = self._path.with_name(f"{_FILE}.{secrets.token_hex(4)}")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as opened:
            opened.writelines(f"{base64.b64encode(key.secret).decode()}\n" for key in keys)
            opened.flush()
            os.fsync(opened.fileno())
        return draft


def _named(secret: bytes) -> MasterKey:
    return MasterKey(hashlib.sha256(b"kyozon master key " + secret).hexdigest()[:16], secret)


def _unreadable(path: Path, why: object) -> Text:
    return Text(
        f"the key file {path} cannot be used: {why}. Put it back from where you keep a copy, or name another folder in "
        "[audit] keys; without it, answers kept for repeated requests cannot be read.",
        f"鍵ファイル {path} を使えません：{why}。控えから戻すか、[audit] keys で別のフォルダーを指定してください。"
        "このファイルがないと、再送に備えて保存した応答を読み出せません。",
    )
