"""Bodies of the kind `multipart/form-data`: read as they come, on disk beyond the first megabyte, and gone afterwards."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.http.context import header
from kyozon.services.knowledge.rights import too_large

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # it has no such name when it runs

_PIECE = 1 << 20
_FIELDS = 32
_FIELD_BYTES = 16 << 10


class Form(Struct, frozen=True):
    """The text fields of a form by name, and its one file, of `size` bytes; it is there until the form is left."""

    fields: Mapping[str, str]
    filename: str
    size: int
    file: SpooledTemporaryFile[bytes]

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file in pieces of 1 MiB, the last one shorter."""
        self.file.seek(0)
        while piece := self.file.read(_PIECE):
            yield piece


@asynccontextmanager
async def form_of(request: Request, name: str, most: int) -> AsyncIterator[Form]:
    """The body as a form whose file stands under `name` and has `most` bytes at most.

    Raises:
        InvalidRequest: the body is no such form, or ends early.
        TooLarge: the file is larger.
    """
    kind, options = parse_options_header(header(request, b"content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise InvalidRequest(
            Text(
                f"send the file as multipart/form-data, in the part {name!r}.",
                f"ファイルは multipart/form-data の {name!r} パートとして送ってください。",
            ),
            name,
        )
    with SpooledTemporaryFile(max_size=_PIECE) as file:
        reading = _Reading(name, most, file)
        await _read(request, options[b"boundary"], reading)
        yield reading.form()


async def _read(request: Request, boundary: bytes, reading: "_Reading") -> None:
    try:
        parser, more = MultipartParser(boundary, reading.callbacks()), True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise InvalidRequest(Text("the body ended early.", "本文が途中で終わりました。"))
            parser.write(message.get("body", b""))
            more = message.get("more_body", False)
    except FormParserError as error:
        raise _unreadable(str(error).rstrip(".")) from error


class _Reading:
    """What the parser finds: one part at a time, headers first."""

    def __init__(self, name: str, most: int, file: SpooledTemporaryFile[bytes]) -> None:
        self._name = name
        self._most = most
        self._file = file
        self._filename: str | None = None
        self._fields: dict[str, bytearray] = {}
        self._header, self._value, self._disposition = b"", b"", b""
        self._field: bytearray | None = None
        self._size = 0
        self._whole = False

    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._part,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def form(self) -> Form:
        """The form, once the body is read; raises `InvalidRequest` where it broke off, or has no file."""
        if not self._whole:
            raise _unreadable("it ends before its last boundary")
        if self._filename is None:
            raise InvalidRequest(
                Text(
                    f"the form has no file in the part {self._name!r}.",
                    f"フォームに {self._name!r} というファイルがありません。",
                ),
                self._name,
            )
        fields = {name: bytes(value).decode("utf-8", "replace") for name, value in self._fields.items()}
        return Form(fields, self._filename, self._size, self._file)

    def _part(self) -> None:
        self._header, self._value, self._disposition = b"", b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            if name != self._name or self._filename is not None:
                raise _unreadable(f"it may have one file, in the part {self._name!r}", self._name)
            self._filename, self._field = options[b"filename"].decode("utf-8", "replace"), None
            return
        if len(self._fields) == _FIELDS:
            raise _unreadable(f"it has more than {_FIELDS} fields")
        self._field = self._fields[name] = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._size += end - start
            if self._size > self._most:
                raise too_large(self._most)
            self._file.write(data[start:end])
            return
        self._field += data[start:end]
        if len(self._field) > _FIELD_BYTES:
            raise _unreadable(f"a field has more than {_FIELD_BYTES} bytes")

    def _end(self) -> None:
        self._whole = True


def _unreadable(why: str, param: str | None = None) -> InvalidRequest:
    return InvalidRequest(
        Text(f"the form cannot be read: {why}.", f"フォーム（multipart/form-data）を読めません：{why}。"), param
    )
