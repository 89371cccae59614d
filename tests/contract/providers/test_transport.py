import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

import pytest

from kyozon.domain.errors import KyozonError, RejectedUpstream, StreamBroken, UpstreamFailed, UpstreamUnreachable
from kyozon.providers.transport import Largest, Send, Timeouts, Transport
from tests.fakes.upstream import Behaviour, FakeUpstream

WHOLE = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
STREAMED = WHOLE[:-1] + b',"stream":true}'
DONE = b"[DONE]"


def send(fake: FakeUpstream, body: bytes = STREAMED) -> Send:
    return Send("house", f"{fake.url}/v1/chat/completions", body, {"authorization": "Bearer sk-fake"})


async def read(transport: Transport, request: Send) -> list[bytes]:
    return [event.data async for event in transport.events(request, DONE)]


@pytest.fixture(params=["lean", "aiohttp"])
def lean(request: pytest.FixtureRequest) -> bool:
    """Both clients keep every promise here."""
    return bool(request.param == "lean")


@pytest.fixture
async def transport(*, lean: bool) -> AsyncIterator[Transport]:
    client = Transport(Timeouts(connect=2.0, first_byte=2.0, between=2.0), lean=lean)
    yield client
    await client.close()


@pytest.fixture
async def hasty(*, lean: bool) -> AsyncIterator[Transport]:
    client = Transport(Timeouts(connect=2.0, first_byte=0.4, between=0.1), lean=lean)
    yield client
    await client.close()


async def test_whole_and_streamed(upstream: FakeUpstream, transport: Transport) -> None:
    assert b"Hello, world." in await transport.post(send(upstream, WHOLE))
    events = await read(transport, send(upstream))
    assert len(events) == 5
    assert events[-1] == DONE
    assert [request.headers["Content-Type"] for request in upstream.received] == ["application/json"] * 2
    assert upstream.connections == 1


async def test_the_first_byte_may_be_later_than_the_next_ones(upstream: FakeUpstream, hasty: Transport) -> None:
    upstream.default = Behaviour(delay=0.25)
    assert await hasty.post(send(upstream, WHOLE))
    assert len(await read(hasty, send(upstream))) == 5


async def test_no_first_byte_in_time_is_unreachable(upstream: FakeUpstream, hasty: Transport) -> None:
    upstream.default = Behaviour(delay=0.6)
    for body in (WHOLE, STREAMED):
        with pytest.raises(UpstreamUnreachable, match="timed out"):
            await hasty.post(send(upstream, body))


async def test_a_stream_that_stalls_is_broken(upstream: FakeUpstream, hasty: Transport) -> None:
    upstream.default = Behaviour(gap=0.3)
    with pytest.raises(StreamBroken, match="timed out"):
        await read(hasty, send(upstream))


@pytest.mark.parametrize("events", [1, 3])
async def test_a_reset_stream_gives_what_came_and_is_broken(
    upstream: FakeUpstream, transport: Transport, events: int
) -> None:
    upstream.default = Behaviour(reset_after=events, gap=0.02)
    stream = transport.events(send(upstream), DONE)
    came = [await anext(stream) for _ in range(events)]
    assert all(b"delta" in event.data for event in came)
    with pytest.raises(StreamBroken):
        await anext(stream)


async def test_a_stream_ended_early_but_well_just_ends(upstream: FakeUpstream, transport: Transport) -> None:
    upstream.default = Behaviour(cut_after=2)
    assert len(await read(transport, send(upstream))) == 2


@pytest.mark.parametrize("behaviour", [Behaviour(reset=True), Behaviour(reset_after=0)])
async def test_a_connection_reset_before_the_first_byte_is_unreachable(
    upstream: FakeUpstream, transport: Transport, behaviour: Behaviour
) -> None:
    upstream.default = behaviour
    with pytest.raises(UpstreamUnreachable):
        await read(transport, send(upstream))


async def test_nobody_listens(upstream: FakeUpstream, transport: Transport) -> None:
    await upstream.stop()
    with pytest.raises(UpstreamUnreachable, match="base_url"):
        await transport.post(send(upstream))


async def test_callers_do_not_learn_where_a_provider_stands_and_the_log_does(
    upstream: FakeUpstream, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    port = upstream.url.rpartition(":")[2]
    await upstream.stop()
    with pytest.raises(UpstreamUnreachable, match="cannot reach house") as raised:
        await transport.post(Send("house", f"http://clerk:secret@127.0.0.1:{port}/v1?key=hidden", WHOLE, {}))
    assert not any(word in caplog.text for word in ("clerk", "secret", "hidden"))
    assert not any(word in str(raised.value.text) for word in ("127.0.0.1", "localhost", port))
    assert "connection refused" in raised.value.text.en
    assert '"provider": "house"' in caplog.text
    assert port in caplog.text


async def test_an_answer_without_end_is_broken_off(upstream: FakeUpstream, *, lean: bool) -> None:
    cautious = Transport(Timeouts(), lean=lean, largest=Largest(event=100_000, whole=200_000))
    upstream.behaviours = [
        Behaviour(raw_events=(b"data: {}\n\n", b"data: ", *[b"x" * 50_000] * 4)),
        Behaviour(raw_events=(b"data: {}\n\n", *[b"data: " + b"x" * 5_000 + b"\n"] * 40)),
    ]
    for _ in range(2):
        stream = cautious.events(send(upstream), DONE)
        assert (await anext(stream)).data == b"{}"
        with pytest.raises(StreamBroken, match="larger than 100,000 bytes"):
            await anext(stream)
    upstream.behaviours = [Behaviour(raw_body=b" " * 200_001), Behaviour(raw_body=b" " * 200_000)]
    with pytest.raises(StreamBroken, match="larger than 200,000 bytes"):
        await cautious.post(send(upstream, WHOLE))
    assert len(await cautious.post(send(upstream, WHOLE))) == 200_000
    await cautious.close()


@pytest.mark.parametrize("url", ["", "no url", "http://{resource}.example/v1", "ftp://127.0.0.1/"])
async def test_an_address_that_is_none_is_unreachable(transport: Transport, url: str) -> None:
    with pytest.raises(UpstreamUnreachable):
        await transport.post(Send("house", url, WHOLE, {}))


@pytest.mark.parametrize(
    ("status", "error", "retryable"),
    [
        (400, RejectedUpstream, None),
        (404, RejectedUpstream, None),
        (413, RejectedUpstream, None),
        (422, RejectedUpstream, None),
        (401, UpstreamFailed, False),
        (403, UpstreamFailed, False),
        (302, UpstreamFailed, False),
        (408, UpstreamFailed, True),
        (429, UpstreamFailed, True),
        (500, UpstreamFailed, True),
        (503, UpstreamFailed, True),
    ],
)
async def test_failures_are_told_apart_by_status(
    upstream: FakeUpstream, transport: Transport, status: int, error: type[KyozonError], *, retryable: bool | None
) -> None:
    upstream.default = Behaviour(status=status, headers={"location": f"{upstream.url}/elsewhere"})
    said = "credential" if status in (401, 403) else "told to fail"  # what is said of the key may quote it
    with pytest.raises(error, match=said) as caught:
        await transport.post(send(upstream))
    assert getattr(caught.value, "retryable", None) is retryable
    assert len(upstream.received) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
async def test_retry_after(
    upstream: FakeUpstream, transport: Transport, headers: dict[str, str], seconds: float | None
) -> None:
    upstream.default = Behaviour(status=429, headers=headers)
    with pytest.raises(UpstreamFailed) as caught:
        await transport.post(send(upstream))
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"error":{"message":"too long","type":"x"}}', "too long"),
        (b'{"error":"too long","error_type":"validation"}', "too long"),
        (b'{"message":"too long","object":"error"}', "too long"),
        (b'[{"error":{"code":400,"message":"too long","status":"INVALID"}}]', "too long"),
        (b"<html>oops</html>", "<html>oops</html>"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"", "no message"),
        (b"x" * 100_000, "x" * 2000),
    ],
)
async def test_the_providers_own_words_are_found(
    upstream: FakeUpstream, transport: Transport, body: bytes, detail: str
) -> None:
    upstream.default = Behaviour(status=400, raw_body=body)
    with pytest.raises(RejectedUpstream) as caught:
        await transport.post(send(upstream))
    assert caught.value.detail.startswith(detail)
    assert len(caught.value.detail) <= 2000


async def test_closing_early_hangs_up_on_the_provider(upstream: FakeUpstream, transport: Transport) -> None:
    upstream.default = Behaviour(gap=0.05)
    async with aclosing(transport.events(send(upstream), DONE)) as events:
        await anext(events)
    for _ in range(100):
        if upstream.left:
            break
        await asyncio.sleep(0.01)
    assert upstream.left == 1


async def test_many_streams_at_once_do_not_wait_for_each_other(upstream: FakeUpstream, transport: Transport) -> None:
    upstream.default = Behaviour(gap=0.02)
    streams = await asyncio.gather(*(read(transport, send(upstream)) for _ in range(20)))
    assert [len(events) for events in streams] == [5] * 20
    assert upstream.connections == 20


async def test_a_connection_of_its_own_even_where_the_server_would_keep_it(transport: Transport) -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(WHOLE):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = "http://{}:{}/".format(*server.sockets[0].getsockname())
        for close, expected in ((True, 2), (False, 3)):
            for _ in range(2):
                assert await transport.post(Send("house", url, WHOLE, {}, close=close)) == b"ok"
            assert connections == expected
        await transport.close()
