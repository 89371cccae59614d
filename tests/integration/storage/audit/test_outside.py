import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from kyozon.bootstrap.auditing import CheckpointWebhook
from kyozon.domain.errors import UpstreamFailed
from kyozon.providers.transport import Transport
from kyozon.storage.audit.outside import CheckpointFolder, Dispatch, read_notes
from kyozon.storage.audit.signing import Signer
from tests.integration.storage.audit.conftest import NOW

ROOT = b"\1" * 32


class Place:
    """Keeps what it is sent, as soon as it works."""

    name = "place"

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.kept: list[str] = []
        self.asked = 0

    async def send(self, note: str) -> None:
        self.asked += 1
        if not self.works:
            raise OSError("the share is not mounted")
        self.kept.append(note)


@asynccontextmanager
async def running(dispatch: Dispatch) -> AsyncIterator[None]:
    task = asyncio.create_task(dispatch.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_notes_are_appended_by_month_and_read_back(tmp_path: Path) -> None:
    signer, folder = Signer.of(tmp_path / "keys"), CheckpointFolder(tmp_path / "share", lambda: NOW)
    for size in (1, 2, 3):
        asyncio.run(folder.send(signer.sign(size, ROOT)))
    assert [path.name for path in (tmp_path / "share").iterdir()] == ["checkpoints-2026-11.txt"]
    assert [note.checkpoint.size for note in read_notes(tmp_path / "share")] == [1, 2, 3]
    assert [note.checkpoint.size for note in read_notes(tmp_path / "share" / "checkpoints-2026-11.txt")] == [1, 2, 3]


@pytest.mark.parametrize("written", [3, 20, 70, 82, 120])
def test_a_note_that_a_full_disk_cut_off_spoils_no_other(tmp_path: Path, written: int) -> None:
    signer, folder = Signer.of(tmp_path / "keys"), CheckpointFolder(tmp_path / "share", lambda: NOW)
    asyncio.run(folder.send(signer.sign(1, ROOT)))
    with (tmp_path / "share" / "checkpoints-2026-11.txt").open("ab") as file:
        file.write(signer.sign(2, ROOT).encode()[:written])
    asyncio.run(folder.send(signer.sign(3, ROOT)))
    assert [note.text for note in read_notes(tmp_path / "share")] == [signer.sign(size, ROOT) for size in (1, 3)]


async def test_the_newest_is_sent_and_those_between_are_passed_over() -> None:
    place = Place()
    dispatch = Dispatch([place], pause=0.05)
    async with running(dispatch):
        dispatch.announce("1")
        await turns()
        dispatch.announce("2")
        dispatch.announce("3")
        await turns()
        assert place.kept == ["1"]
        async with asyncio.timeout(30):
            while len(place.kept) < 2:  # noqa: ASYNC110 - a place tells nobody
                await asyncio.sleep(0.01)
    assert place.kept == ["1", "3"]


async def test_a_place_that_fails_holds_up_no_other_and_gets_the_last_at_the_end() -> None:
    gone, well = Place(works=False), Place()
    dispatch = Dispatch([gone, well], pause=0.0)
    async with running(dispatch):
        for note in ("1", "2"):
            dispatch.announce(note)
            await turns()
    assert well.kept == ["1", "2"]
    assert (gone.asked, gone.kept) == (1, [])
    gone.works = True
    await dispatch.flush()
    assert gone.kept == ["2"]


@pytest.mark.parametrize("status", [200, 500])
async def test_a_webhook_is_posted_the_note(status: int) -> None:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        received.extend([head, await reader.readexactly(length)])
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        transport = Transport()
        webhook = CheckpointWebhook(f"http://127.0.0.1:{port}/kept?token=secret", transport)
        if status == 200:
            await webhook.send("note — x")
        else:
            with pytest.raises(UpstreamFailed, match=r"webhook 127\.0\.0\.1 failed"):
                await webhook.send("note — x")
        await transport.close()
    assert received[1] == "note — x".encode()
    assert b"text/plain; charset=utf-8" in received[0]
    assert "secret" not in webhook.name
