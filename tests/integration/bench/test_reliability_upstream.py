import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from bench.reliability.asking import body
from bench.reliability.journals import Journal, Served, read
from bench.reliability.plan import Asked, Behaviour, asked, behaviour
from bench.reliability.upstream import Connection, Plays

SEED = 7
Fits = Callable[[Asked, Behaviour], bool]


@asynccontextmanager
async def upstream(journal: Path) -> AsyncIterator[str]:
    with closing(Journal(journal)) as written:
        plays = Plays(SEED, written)
        server = await asyncio.get_running_loop().create_server(lambda: Connection(plays), "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/east/v1/"


async def asked_of(address: str, request: Asked) -> tuple[int, bytes]:
    """Status and body; raises what aiohttp makes of trouble."""
    path = "messages" if request.dialect == "anthropic" else "chat/completions"
    patience = aiohttp.ClientTimeout(total=1.0)
    async with aiohttp.request("POST", address + path, data=body(request), timeout=patience) as found:
        return found.status, await found.read()


def planned(fits: Fits) -> tuple[Asked, Behaviour]:
    plan = ((one, behaviour(SEED, one, "east", 0)) for one in (asked(SEED, number) for number in range(5_000)))
    return next((one, treated) for one, treated in plan if not one.mistake and fits(one, treated))


async def noted(journal: Path) -> Served:
    """The line of the only call, once it has ended."""
    async with asyncio.timeout(30):
        while not journal.read_bytes():  # noqa: ASYNC110, ASYNC240 - a file has no event, and this one is short
            await asyncio.sleep(0.01)
    (served,) = read(journal, Served)
    return served


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("kind", ["answer", "trickle"])
async def test_a_whole_answer_is_noted_with_its_words_and_its_usage(
    tmp_path: Path, kind: str, dialect: str, *, stream: bool
) -> None:
    request, _ = planned(
        lambda one, treated: (one.stream, one.dialect, treated.kind, treated.report) == (stream, dialect, kind, "honest")
    )
    async with upstream(tmp_path / "served") as address:
        status, content = await asked_of(address, request)
        served = await noted(tmp_path / "served")

    assert (status, served.how, served.words, served.stream) == (200, "whole", request.words, stream)
    assert served.told is not None
    assert served.id.encode() in content


async def test_a_failure_is_noted_with_what_it_said_of_waiting(tmp_path: Path) -> None:
    request, treated = planned(lambda _, treated: treated.retry_after is not None)
    async with upstream(tmp_path / "served") as address:
        status, content = await asked_of(address, request)
        served = await noted(tmp_path / "served")

    assert status == served.status == treated.status
    assert (served.how, served.retry_after, served.began_answer) == ("status", treated.retry_after, False)
    assert json.loads(content)["error"]["code"] == status


@pytest.mark.parametrize(
    ("kind", "stream", "error"),
    [
        ("reset", False, aiohttp.ClientError),
        ("reset", True, aiohttp.ClientError),
        ("cut", False, aiohttp.ClientPayloadError),
        ("hang", True, TimeoutError),
    ],
)
async def test_trouble_is_made_as_planned_and_noted(
    tmp_path: Path, kind: str, error: type[Exception], *, stream: bool
) -> None:
    request, treated = planned(lambda one, treated: (treated.kind, one.stream) == (kind, stream) and treated.words > 0)
    async with upstream(tmp_path / "served") as address:
        with pytest.raises(error):
            await asked_of(address, request)
        served = await noted(tmp_path / "served")

    assert served.how == ("hung" if kind == "hang" else kind)
    assert served.began_answer
    assert served.words == (treated.words if stream else 0)


@pytest.mark.parametrize("kind", ["cut", "garbage"])
async def test_a_stream_may_end_in_good_order_and_yet_too_early(tmp_path: Path, kind: str) -> None:
    request, treated = planned(lambda one, treated: (treated.kind, one.stream) == (kind, True) and treated.words > 0)
    async with upstream(tmp_path / "served") as address:
        _, content = await asked_of(address, request)
        served = await noted(tmp_path / "served")

    assert (served.how, served.words) == (kind, treated.words)
    assert b"[DONE]" not in content
    assert b"message_stop" not in content
