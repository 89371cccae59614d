"""Checkpoints as text: a C2SP `tlog-checkpoint` in a C2SP `signed-note`, which the tools of other logs can read, too.

    ORIGIN
    SIZE
    ROOT in base64

    — ORIGIN SIGNATURE in base64

The signature is Ed25519 over the three lines; four bytes before it tell which key has made it.
"""

import base64
import hashlib
import re
from collections.abc import Iterator

from msgspec import Struct

from kyozon.domain.audit import Checkpoint, Note

_ED25519 = b"\x01"
_NOTE = re.compile(
    r"(?P<body>(?P<origin>\S+)\n(?P<size>0|[1-9]\d{0,17})\n(?P<root>\S{44})\n)\n— (?P<name>\S+) (?P<signature>\S+)\n"
)
_HASH_BYTES, _SIGNATURE_BYTES, _KEY_BYTES, _KEY_HASH_BYTES = 32, 64, 32, 4


class VerifierKey(Struct, frozen=True):
    """Whose signatures to trust: the log's name and its public key, written `NAME+HASH+KEY`."""

    name: str
    public: bytes

    @property
    def hash(self) -> bytes:
        """Four bytes that tell this key from others of the name."""
        return hashlib.sha256(f"{self.name}\n".encode() + _ED25519 + self.public).digest()[:_KEY_HASH_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


def body(checkpoint: Checkpoint) -> bytes:
    """What is signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n".encode()


def signed(checkpoint: Checkpoint, key: VerifierKey, signature: bytes) -> str:
    """The whole note."""
    return f"{body(checkpoint).decode()}\n— {key.name} {base64.b64encode(key.hash + signature).decode()}\n"


def parse_note(text: str) -> Note:
    """Read one note; raises `ValueError` where it is none."""
    found = next(parse_notes(text), None)
    if found is None or found.text != text:
        raise ValueError("this is not a signed checkpoint")
    return found


def parse_notes(text: str) -> Iterator[Note]:
    """Every note that stands in a text, in order; what is no note is passed over."""
    for found in _NOTE.finditer(text):
        try:
            root = base64.b64decode(found["root"], validate=True)
            signature = base64.b64decode(found["signature"], validate=True)
        except ValueError:
            continue
        if len(root) == _HASH_BYTES and len(signature) == _KEY_HASH_BYTES + _SIGNATURE_BYTES:
            checkpoint = Checkpoint(found["origin"], int(found["size"]), root)
            name_hash, rest = signature[:_KEY_HASH_BYTES], signature[_KEY_HASH_BYTES:]
            yield Note(checkpoint, found["body"].encode(), name_hash, rest, found[0])


def parse_key(text: str) -> VerifierKey:
    """Read `NAME+HASH+KEY`; raises `ValueError` where it is none, or where its parts do not fit together."""
    name, _, rest = text.partition("+")
    stated, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if not name or any(character.isspace() for character in name) or len(key) != 1 + _KEY_BYTES or key[:1] != _ED25519:
        raise ValueError("a verifier key is NAME+HASH+KEY with an Ed25519 key, as `kyozon audit key` prints it")
    found = VerifierKey(name, key[1:])
    if found.hash.hex() != stated:
        raise ValueError("the verifier key's hash does not fit its name and key: copy it whole")
    return found
