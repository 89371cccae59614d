"""Forms arrive in whatever pieces the network makes of them, and may hold anything."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from kyozon.domain.errors import CallerError, InvalidRequest, TooLarge
from kyozon.http.multipart import form_of

BOUNDARY = b"--x"


def request_of(pieces: Sequence[bytes], kind: str = "multipart/form-data; boundary=x", *, cut: bool = False) -> Request:
    """A request whose body comes in these pieces; the client leaves at its end where it is `cut`."""
    left = [*pieces]

    async def receive() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or cut}
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": [(b"content-type", kind.encode())]}, receive)


def form(file: bytes, **fields: str) -> bytes:
    parts = [
        b'%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (BOUNDARY, name.encode(), value.encode())
        for name, value in fields.items()
    ]
    head = b'%b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' % BOUNDARY
    return b"".join([*parts, head, file, b"\r\n", BOUNDARY, b"--\r\n"])


async def read(request: Request, most: int = 1 << 20) -> tuple[dict[str, str], str, bytes]:
    async with form_of(request, "file", most) as found:
        return dict(found.fields), found.filename, b"".join([piece async for piece in found.pieces()])


def cut_up(body: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({min(place, len(body)) for place in places} | {len(body)})
    return [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.binary(max_size=300).filter(lambda file: b"\r\n--x" not in file), st.lists(st.integers(0, 600), max_size=8))
def test_a_form_is_the_same_however_it_is_cut(file: bytes, places: list[int]) -> None:
    body = form(file, purpose="user_data", note="経費")
    found = asyncio.run(read(request_of(cut_up(body, places))))
    assert found == ({"purpose": "user_data", "note": "経費"}, "a.txt", file)


@given(st.binary(max_size=200), st.sampled_from([b"", BOUNDARY + b"\r\n", form(b"words")[:-8]]), st.booleans())
def test_nonsense_is_refused_and_never_breaks(noise: bytes, start: bytes, cut: bool) -> None:  # noqa: FBT001 - Hypothesis
    try:
        fields, name, _ = asyncio.run(read(request_of([start, noise], cut=cut)))
    except CallerError:
        return
    assert start
    assert (fields, name) == ({}, "a.txt")


async def test_half_a_form_is_none() -> None:
    """Whether its client leaves in the middle, or says that this was all."""
    body = form(b"words", purpose="user_data")
    for cut in (True, False):
        for length in range(1, len(body) - len(b"-\r\n"), 5):
            with pytest.raises(InvalidRequest):
                await read(request_of([body[:length]], cut=cut))


async def test_a_file_is_not_read_further_than_it_may_be_long() -> None:
    assert (await read(request_of([form(b"." * 1000)]), 1000))[2] == b"." * 1000
    pieces = [form(b"." * 1001)[:-9], *([b"." * 100] * 50)]
    request = request_of(pieces)
    with pytest.raises(TooLarge):
        await read(request, 1000)
    assert (await request.receive())["type"] == "http.request"  # the rest was not even waited for
