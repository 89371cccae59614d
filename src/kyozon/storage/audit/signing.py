"""The log's signing key: an Ed25519 key in a file for its owner alone, in the form in which Go's `note` writes one."""

import base64
import binascii
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kyozon.domain.audit import Checkpoint, Note
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.governance.checkpoint import VerifierKey, body, signed

_FILE = "signing.key"
_BEGIN = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_SEED_BYTES = 32


class Signer:
    """Signs checkpoints. The log's name is the key's."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = VerifierKey(name, key.public_key().public_bytes_raw())

    @classmethod
    def of(cls, folder: Path) -> "Signer":
        """The key in `folder`, made where there is none; raises `MissingPiece` where the file cannot be read."""
        path = folder / _FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                _write_new(path, _encoded(f"kyozon-{secrets.token_hex(6)}", secrets.token_bytes(_SEED_BYTES)))
            return cls(*_decoded(path.read_text("utf-8")))
        except (OSError, ValueError) as error:
            raise MissingPiece(_unreadable(path, error)) from error

    @classmethod
    def existing(cls, folder: Path) -> "Signer | None":
        """The key in `folder`, None where there is none."""
        return cls.of(folder) if (folder / _FILE).exists() else None

    def sign(self, size: int, root: bytes) -> str:
        """The note of a checkpoint."""
        checkpoint = Checkpoint(self.verifier.name, size, root)
        return signed(checkpoint, self.verifier, self._key.sign(body(checkpoint)))


class TrustedKeys:
    """`ports.audit.Trust`: the signatures of these keys count, and no others."""

    def __init__(self, keys: Sequence[VerifierKey]) -> None:
        self._keys = {(key.name, key.hash): Ed25519PublicKey.from_public_bytes(key.public) for key in keys}

    def holds(self, note: Note) -> bool:
        """Whether one of them has signed the note, under its own name."""
        key = self._keys.get((note.checkpoint.origin, note.key_hash))
        if key is None:
            return False
        try:
            key.verify(note.signature, note.signed)
        except InvalidSignature:
            return False
        return True


def _encoded(name: str, seed: bytes) -> str:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return f"{_BEGIN}{name}+{VerifierKey(name, public).hash.hex()}+{base64.b64encode(_ED25519 + seed).decode()}\n"


def _decoded(text: str) -> tuple[str, Ed25519PrivateKey]:
    name, _, rest = text.strip().removeprefix(_BEGIN).partition("+")
    try:
        key = base64.b64decode(rest.partition("+")[2], validate=True)
    except binascii.Error as error:
        raise ValueError("it is not base64") from error
    if not text.startswith(_BEGIN) or not name or len(key) != 1 + _SEED_BYTES or key[:1] != _ED25519:
        raise ValueError(f"it does not begin with {_BEGIN}NAME+HASH+ and an Ed25519 key")
    return name, Ed25519PrivateKey.from_private_bytes(key[1:])


def _write_new(path: Path, text: str) -> None:
    """Whole or not at all; where another process has made one meanwhile, that one stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _unreadable(path: Path, error: Exception) -> Text:
    return Text(
        f"the audit log's signing key {path} cannot be used: {error}. Put the file back from where you keep a copy, or "
        "name another folder in [audit] keys; for a new key move the file away.",
        f"監査ログの署名鍵 {path} を使えません：{error}。控えから戻すか、[audit] keys で別のフォルダーを指定してください。"
        "新しい鍵にするには、このファイルを移動してください。",
    )
