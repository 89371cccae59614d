"""Check a proof of a Kyozon audit log: python verify.py PROOF.json KEY.

KEY is the log's verifier key, given to you by another way than the proof. Needs Python and the package cryptography alone.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Number(str):
    """A number as it is written: to read it and write it again could change it."""

    __slots__ = ()


def canonical(value: Any) -> str:
    """The form in which a record was hashed: keys by length, then by their bytes; a blank after each comma and colon."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{canonical(key)}: {canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def included(position: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that a path leads to (RFC 9162, 2.1.3)."""
    if size == 1 and not path:
        return leaf
    *rest, sibling = path
    half = 1 << (size - 1).bit_length() - 1
    if position < half:
        return node(included(position, half, leaf, rest), sibling)
    return node(sibling, included(position - half, size - half, leaf, rest))


def grown(old: int, new: int, known: bytes | None, path: list[bytes]) -> tuple[bytes, bytes]:
    """The older and the newer root that a path leads to (RFC 9162, 2.1.4); `known` is the older one while it is whole."""
    if old == new:
        (same,) = path if known is None else [*path, known]
        return same, same
    *rest, other = path
    half = 1 << (new - 1).bit_length() - 1
    if old <= half:
        first, second = grown(old, half, known, rest)
        return first, node(second, other)
    first, second = grown(old - half, new - half, None, rest)
    return node(other, first), node(other, second)


def signed(note: str, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint (C2SP tlog-checkpoint), if the key has signed it."""
    name, _, encoded = key.split("+", 2)
    public = base64.b64decode(encoded)
    text, _, line = note.partition("\n\n— ")
    signer, signature = line.split()
    origin, size, root = text.split("\n")
    key_hash = hashlib.sha256(f"{name}\n".encode() + public).digest()[:4]
    if not (origin == signer == name and base64.b64decode(signature)[:4] == key_hash):
        raise ValueError("signed by another key")
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(base64.b64decode(signature)[4:], f"{text}\n".encode())
    return int(size), base64.b64decode(root)


def check(proof: dict[str, Any], key: str) -> str:
    """What is proved; raises where nothing is."""
    path = [base64.b64decode(part) for part in proof["path"]]
    if proof["proof"] == "consistency":
        (old, old_root), (new, new_root) = signed(proof["old"], key), signed(proof["new"], key)
        if not 0 < old <= new or grown(old, new, old_root, path) != (old_root, new_root):
            raise ValueError("the newer log does not begin with the older one")
        return f"the {new} records that the key has signed begin with the {old} that it had signed before"
    size, root = signed(proof["checkpoint"], key)
    position, salt = int(proof["position"]), base64.b64decode(proof["salt"])
    leaf = hashlib.sha256(b"\x00" + salt + canonical(proof["record"]).encode()).digest()
    if not 0 <= position < size or included(position, size, leaf, path) != root:
        raise ValueError("the record is not in this log")
    return f"{proof['kind']} {proof['id']} is record {position} of the {size} that the key has signed"


def main(arguments: list[str]) -> int:
    """The exit status: 0 where the proof holds."""
    if len(arguments) != 2:  # noqa: PLR2004 - the proof and the key
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        proof = json.loads(Path(arguments[0]).read_text("utf-8"), parse_int=Number, parse_float=Number)
        sys.stdout.write(f"OK: {check(proof, arguments[1].strip())}\n")
    except (OSError, ValueError, KeyError, TypeError, InvalidSignature) as wrong:
        sys.stdout.write(f"NOT PROVED: {str(wrong) or type(wrong).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
