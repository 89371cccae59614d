"""An answer reads the same however its bytes are cut, breaks where it is cut off, and takes nothing that is not its own."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Struct

from kyozon.providers.http1 import OVERHEAD_LIMIT, AnswerReader, Target, post_head, target_of


class Written(Struct, frozen=True):
    """An answer in wire form, and what it says."""

    wire: bytes
    head: int
    status: int
    body: bytes
    reusable: bool
    ends_with_connection: bool = False


@st.composite
def answers(draw: st.DrawFn) -> Written:
    pieces = draw(st.lists(st.binary(min_size=1, max_size=30), max_size=4))
    body = b"".join(pieces)
    framing = draw(st.sampled_from(["length", "chunks", "connection"]))
    close = draw(st.booleans())
    status = draw(st.sampled_from([200, 201, 400, 404, 429, 500, 599]))
    lines = [b"HTTP/1.1 %d %s" % (status, draw(st.sampled_from([b"OK", b"", b"Not \xe9"]))), b"X-Note: caf\xe9"]
    if close:
        lines.append(b"Connection: close")
    content = body
    if framing == "length":
        lines.append(b"content-LENGTH: %d" % len(body))
    elif framing == "chunks":
        lines.append(b"Transfer-Encoding: chunked")
        extension, trailer = draw(st.sampled_from([b"", b";a=b"])), draw(st.sampled_from([b"", b"X-Sum: 1\r\n"]))
        content = b"".join(b"%X%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in [*pieces])
        content += b"0\r\n" + trailer + b"\r\n"
    interim = draw(
        st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"])
    )
    head = interim + b"\r\n".join(lines) + b"\r\n\r\n"
    lasting = framing == "connection"
    return Written(head + content, len(head), status, body, not close and not lasting, lasting)


def fed(wire: bytes, cuts: list[int]) -> tuple[AnswerReader, bytes]:
    """A reader that was fed the bytes cut at these places, and the body it gave."""
    reader, body = AnswerReader(), b""
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        reader.feed(wire[start:end])
        body += reader.take()
    return reader, body


CUTS = st.lists(st.integers(min_value=0), max_size=8)
MORE = st.binary(min_size=1, max_size=60).filter(lambda more: more.strip(b"\r\n"))  # empty lines are passed over


@given(answers(), CUTS)
def test_any_cut_reads_the_same(written: Written, cuts: list[int]) -> None:
    reader, body = fed(written.wire, cuts)
    if written.ends_with_connection:
        assert not reader.whole
        reader.end()
    assert (reader.whole, reader.status, body, reader.error) == (True, written.status, written.body, None)
    assert reader.reusable is written.reusable
    assert reader.headers["x-note"] == "café"
    assert "link" not in reader.headers
    assert "x-sum" not in reader.headers


def test_byte_by_byte() -> None:
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    reader, body = fed(wire, list(range(len(wire))))
    assert (reader.whole, body) == (True, b"hello")


@given(answers(), CUTS, st.integers(min_value=0))
def test_an_answer_that_is_cut_off_is_broken(written: Written, cuts: list[int], at: int) -> None:
    cut = at % len(written.wire)
    reader, body = fed(written.wire[:cut], cuts)
    reader.end()
    assert written.body.startswith(body)
    if written.ends_with_connection and cut >= written.head:
        assert reader.whole
    elif cut < written.head:
        assert not reader.whole
        assert reader.status == 0
        assert "before an answer" in str(reader.error)
    else:
        assert not reader.whole
        assert reader.status == written.status
        assert "before the end of its answer" in str(reader.error)
    assert not reader.reusable


@given(answers().filter(lambda written: not written.ends_with_connection), CUTS, MORE)
@example(Written(b"HTTP/1.1 204 \r\n\r\n", 17, 204, b"", reusable=True), [], b"HTTP/1.1 200 OK\r\n\r\nnot yours")
def test_what_follows_an_answer_spoils_the_connection_alone(written: Written, cuts: list[int], more: bytes) -> None:
    at_once = fed(written.wire + more, cuts)
    later = fed(written.wire, cuts)
    later[0].feed(more)
    for reader, body in (at_once, later):
        assert (reader.whole, reader.status, body, reader.error) == (True, written.status, written.body, None)
        assert not reader.reusable


@given(st.binary(max_size=200), st.lists(st.binary(max_size=20), max_size=4))
def test_any_bytes_are_survived(start: bytes, more: list[bytes]) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        reader = AnswerReader()
        for data in (head, start, *more):
            reader.feed(data)
        reader.end()
        assert reader.whole is not (reader.error is not None)


@pytest.mark.parametrize(
    "wire",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_is_no_answer(wire: bytes, step: int) -> None:
    reader, _ = fed(wire, list(range(0, len(wire), step)))
    assert reader.error is not None
    assert not reader.whole


def test_an_encoding_that_is_unknown_ends_with_the_connection_and_is_broken() -> None:
    reader, _ = fed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n\x1f\x8b", [])
    reader.end()
    assert reader.error is not None


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
@pytest.mark.parametrize(("connection", "kept"), [(b"keep-alive", {b"HTTP/1.0", b"HTTP/1.1"}), (b"close", set())])
def test_who_keeps_connections(version: bytes, connection: bytes, kept: set[bytes]) -> None:
    reader, _ = fed(version + b" 200 OK\r\nContent-Length: 2\r\nConnection: " + connection + b"\r\n\r\nok", [])
    assert reader.whole
    assert reader.reusable is (version in kept)


def test_an_older_server_closes_unless_it_says_otherwise() -> None:
    reader, body = fed(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", [])
    assert (reader.whole, body, reader.reusable) == (True, b"ok", False)


@pytest.mark.parametrize(
    "endless",
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Pad: " + b"a" * 100 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Pad: ", b"a" * 100),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a=b;" * 30),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Sum: 1\r\n"),
    ],
)
def test_framing_without_end_is_cut_short(endless: tuple[bytes, bytes]) -> None:
    reader, fed_bytes = AnswerReader(), 0
    reader.feed(endless[0])
    while reader.error is None and fed_bytes <= 2 * OVERHEAD_LIMIT:
        reader.feed(endless[1])
        fed_bytes += len(endless[1])
    assert "no part of" in str(reader.error)
    assert fed_bytes <= OVERHEAD_LIMIT + len(endless[1])


def test_a_long_body_is_no_overhead() -> None:
    reader = AnswerReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * OVERHEAD_LIMIT))
    for _ in range(10):
        reader.feed(b"a" * OVERHEAD_LIMIT)
    assert (reader.whole, len(reader.take())) == (True, 10 * OVERHEAD_LIMIT)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://127.0.0.1:8080/v1/chat", Target("127.0.0.1", 8080, "/v1/chat", "127.0.0.1:8080")),
        ("http://Engine.LAN", Target("engine.lan", 80, "/", "engine.lan")),
        ("http://[::1]:8080/v1?a=b%20c&d=é", Target("::1", 8080, "/v1?a=b%20c&d=%C3%A9", "[::1]:8080")),
        (
            "http://日本.example/モデル",
            Target("xn--wgv71a.example", 80, "/%E3%83%A2%E3%83%87%E3%83%AB", "xn--wgv71a.example"),
        ),
        ("http://ann:s%40me@h/v1#part", Target("h", 80, "/v1", "h", "Basic YW5uOnNAbWU=")),
    ],
)
def test_addresses(url: str, target: Target) -> None:
    assert target_of(url) == target


@pytest.mark.parametrize(
    "url", ["", "v1", "https://h/", "http://", "http://{resource}.h/", "http://h:99999/", "http://[::1/"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        target_of(url)


def test_the_head_of_a_request() -> None:
    head = post_head(target_of("http://h/v1"), {"Authorization": "Bearer k", "X-Name": "é"}, 3)
    assert head.decode() == (
        "POST /v1 HTTP/1.1\r\nhost: h\r\naccept-encoding: identity\r\nauthorization: Bearer k\r\nx-name: é\r\n"
        "content-length: 3\r\n\r\n"
    )


def test_given_headers_win_but_never_over_the_framing() -> None:
    head = post_head(target_of("http://a:b@h/"), {"Host": "other", "Content-Length": "9", "AUTHORIZATION": "mine"}, 3)
    for line in (b"host: other\r\n", b"content-length: 3\r\n", b"authorization: mine\r\n"):
        assert head.count(line) == 1
        assert head.lower().count(line.split(b":")[0] + b":") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"x-a": "1\r\nx-b: 2"},
        {"x-a": "1\n"},
        {"x-a": "\0"},
        {"x-a: 1\r\nx-b": "2"},
        {"": "1"},
        {"x a": "1"},
        {"Transfer-Encoding": "chunked"},
    ],
)
def test_a_header_that_would_be_two(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"cannot be set|line break"):
        post_head(target_of("http://h/"), headers, 0)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_ever_adds_a_line(name: str, value: str) -> None:
    try:
        head = post_head(target_of("http://h/"), {name: value}, 0)
    except ValueError:
        return
    assert head.count(b"\r\n") == 5 + (name.lower() not in ("host", "accept-encoding", "content-length"))
    assert head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n")
