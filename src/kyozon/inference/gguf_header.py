"""Reads the header of a GGUF file: what model it holds, without loading it.

The layout is that of ggml's GGUF specification, versions 2 and 3, little-endian. The file may come from a stranger: every
length is checked against the file's size before it is believed.
"""

import mmap
import struct
from math import prod
from pathlib import Path

from msgspec import Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.refused_by_system import reason_of

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 4
_ALIGNMENT = 32
_LONGEST_KEPT_ARRAY = 64  # Token lists have hundreds of thousands of entries, and nothing here asks for them.

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]


class Header(Struct, frozen=True):
    """What a GGUF file says of itself. `parameters` is counted from the tensors' shapes."""

    metadata: dict[str, Value]
    parameters: int

    @property
    def architecture(self) -> str:
        """The architecture's name, as in `llama` or `qwen3moe`; empty where the file names none."""
        return self.text("general.architecture") or ""

    def text(self, key: str) -> str | None:
        """A string of the metadata."""
        found = self.metadata.get(key)
        return found if isinstance(found, str) and found else None

    def number(self, key: str) -> int | None:
        """A whole number of the metadata, under the architecture's own prefix; the largest where layers differ."""
        found = self.metadata.get(f"{self.architecture}.{key}")
        values = found if isinstance(found, tuple) else (found,)
        whole = [value for value in values if isinstance(value, int)]
        return max(whole) if whole else None

    @property
    def cache_bytes_per_token(self) -> int:
        """Memory of the key and value cache for one token, 16 bits a number: an upper bound; 0 where it cannot be told."""
        layers, heads = self.number("block_count") or 0, self.number("attention.head_count") or 0
        key_value_heads = self.number("attention.head_count_kv") or heads
        width = (self.number("embedding_length") or 0) // max(heads, 1)
        key, value = self.number("attention.key_length") or width, self.number("attention.value_length") or width
        return 2 * layers * key_value_heads * (key + value)


def read_header(path: Path) -> Header:
    """Read the header of `path`.

    Raises:
        InvalidRequest: the file is no GGUF file, is cut off within its header, or is of a version nobody can load here.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _parse(content)
    except (OSError, ValueError, struct.error) as error:
        raise InvalidRequest(
            Text(
                f"{path.name} is not a usable GGUF model file: {error}. Pull it again, or choose another file.",
                f"{path.name} は使用できる GGUF モデルファイルではありません（{_in_japanese(error)}）。"
                "もう一度取得するか、別のファイルを選んでください。",
            ),
            "source",
        ) from error


class _Unusable(ValueError):
    """What is wrong with a file, in both languages."""

    def __init__(self, en: str, ja: str) -> None:
        super().__init__(en)
        self.ja = ja


def _in_japanese(error: Exception) -> str:
    if isinstance(error, _Unusable):
        return error.ja
    return reason_of(error).ja if isinstance(error, OSError) else "読み取れません"


def _parse(content: mmap.mmap) -> Header:
    cursor = _Cursor(content)
    if cursor.take(4) != MAGIC:
        raise _Unusable("it does not begin with GGUF", "先頭が GGUF ではありません")
    version = cursor.number("I")
    if version not in _VERSIONS:
        raise _Unusable(f"GGUF version {version} is not supported", f"GGUF バージョン {version} には対応していません")
    tensors, pairs = cursor.number("Q"), cursor.number("Q")
    metadata: dict[str, Value] = {}
    for _ in range(pairs):
        key = cursor.string()
        value = cursor.value(cursor.number("I"))
        if value is not None:
            metadata[key] = value
    parameters, last = 0, 0
    for _ in range(tensors):
        elements, offset = _tensor(cursor)
        parameters, last = parameters + elements, max(last, offset)
    alignment = metadata.get("general.alignment", _ALIGNMENT)
    padding = -cursor.at % alignment if isinstance(alignment, int) and alignment > 0 else 0
    if tensors and cursor.at + padding + last >= len(content):
        size = len(content)
        raise _Unusable(f"it is cut off at byte {size}, before its last tensor", f"{size} バイトで途切れています")
    return Header(metadata, parameters)


def _tensor(cursor: "_Cursor") -> tuple[int, int]:
    """One tensor's description: the number of its elements, and where its data begins after the header."""
    cursor.string()
    dimensions = cursor.number("I")
    if dimensions > _MOST_DIMENSIONS:
        raise _Unusable(f"a tensor claims {dimensions} dimensions", f"次元が {dimensions} あるテンソルがあります")
    shape = [cursor.number("Q") for _ in range(dimensions)]
    cursor.take(4)  # its type
    return prod(shape), cursor.number("Q")


class _Cursor:
    """A place in the file, moving forward."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self.at = 0

    def take(self, size: int) -> bytes:
        self._need(size)
        self.at += size
        return self._content[self.at - size : self.at]

    def number(self, code: str) -> int:
        return int(self.scalar(code))

    def scalar(self, code: str) -> int | float | bool:
        found: int | float | bool = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return found

    def string(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> Value | None:
        """One value; None for an array too long to keep."""
        if kind == _ARRAY:
            return self._array()
        return self._item(kind)

    def _item(self, kind: int) -> Scalar:
        if kind == _STRING:
            return self.string()
        if kind not in _SCALARS:
            raise _Unusable(f"unknown value type {kind}", f"値の型 {kind} は不明です")
        return self.scalar(_SCALARS[kind])

    def _array(self) -> tuple[Scalar, ...] | None:
        kind, count = self.number("I"), self.number("Q")
        if count <= _LONGEST_KEPT_ARRAY:
            return tuple(self._item(kind) for _ in range(count))
        if kind in _SCALARS:
            self._skip(count * struct.calcsize("<" + _SCALARS[kind]))
        elif kind == _STRING:
            for _ in range(count):
                self._skip(self.number("Q"))
        else:
            raise _Unusable(f"unknown array type {kind}", f"配列の型 {kind} は不明です")
        return None

    def _skip(self, size: int) -> None:
        self._need(size)
        self.at += size

    def _need(self, size: int) -> None:
        if self.at + size > len(self._content):
            size = len(self._content)
            raise _Unusable(f"it is cut off at byte {size}", f"{size} バイトで途切れています")
