"""The process that reads a file: what it tells, what ends it, and what it cannot do."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pypdfium2
import pytest

from kyozon.domain.errors import InvalidFile, UnsupportedFile
from kyozon.parsing.isolated import IsolatedParser
from kyozon.parsing.messages import Task, framed
from kyozon.ports.knowledge_parsing import DocumentParser
from tests.samples.printed import lines, pdf_file


def children() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1:2] if command else []
        except OSError:
            continue
        if b"kyozon.parsing.child" in command and parent == [str(os.getpid())]:
            found.add(int(entry.name))
    return found


async def test_it_tells_how_far_it_is(tmp_path: Path) -> None:
    path = pdf_file(tmp_path / "a.pdf", [lines(["文章"])] * 5)
    told: list[tuple[int, int]] = []
    parser: DocumentParser = IsolatedParser(60, 2048)

    parsed = await parser.parse(path, "休暇.pdf", lambda done, total: told.append((done, total)))

    assert told == [(done, 5) for done in range(1, 6)]
    assert (parsed.text.split(), parsed.title) == (["文章"] * 5, "休暇")
    assert children() == set()


async def test_a_refusal_comes_back_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"\x7fELF\0\0\0\0" * 9)

    with pytest.raises(UnsupportedFile, match="is not read") as refused:
        await IsolatedParser(60, 2048).parse(path, "a.bin")
    assert "読み取れません" in refused.value.message("ja")


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A thousand pages; as many more as one likes are made of the same few bytes."""
    page = pypdfium2.PdfDocument(pdf_file(tmp_path / "one.pdf", [lines(["同じ文が続く。" * 6] * 40)]))
    whole = pypdfium2.PdfDocument.new()
    for _ in range(1000):
        whole.import_pages(page)
    whole.save(tmp_path / "long.pdf")
    return tmp_path / "long.pdf"


async def test_it_is_ended_when_its_time_is_over_or_nobody_waits(long: Path) -> None:
    with pytest.raises(InvalidFile, match=r"within 0\.5 seconds"):
        await IsolatedParser(0.5, 2048).parse(long, "long.pdf")
    assert children() == set()

    begun = asyncio.Event()
    reading = asyncio.create_task(IsolatedParser(60, 2048).parse(long, "long.pdf", lambda *_: begun.set()))
    await begun.wait()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert children() == set()


async def test_one_that_is_killed_is_told_of(long: Path) -> None:
    def kill(*_: int) -> None:
        for one in children():
            os.kill(one, signal.SIGKILL)

    with pytest.raises(InvalidFile, match="damaged, or cannot be read within 2048 MiB"):
        await IsolatedParser(60, 2048).parse(long, "long.pdf", kill)


async def test_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"word " * 40_000_000)

    with pytest.raises(InvalidFile, match="within 256 MiB"):
        await IsolatedParser(60, 256).parse(path, "large.txt")


PROBE = """
import ctypes, os, socket, sys
from kyozon.parsing.confinement import confine
confine(60, 2048)
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
def write():
    with open(sys.argv[1], "w") as file:
        file.write("x")
print(tried(lambda: socket.create_connection(("127.0.0.1", 9))), tried(lambda: os.system("true")), tried(write))
native = ctypes.CDLL(None, use_errno=True)
print(native.socket(socket.AF_INET, socket.SOCK_STREAM, 0), ctypes.get_errno(), flush=True)
native.execl(b"/bin/true", b"true", None)
print(ctypes.get_errno(), flush=True)
"""


async def test_it_reaches_no_network_starts_nothing_and_writes_nothing(tmp_path: Path) -> None:
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROBE, str(tmp_path / "written")), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await probe.communicate()

    assert told.split()[:3] == [b"PermissionError", b"PermissionError", b"OSError"]
    if sys.platform == "linux":
        assert told.split()[3:] == [b"-1", b"1", b"1"]  # The kernel says no to native code, too.
    assert (tmp_path / "written").read_bytes() == b""


async def test_it_leaves_when_the_server_is_gone(long: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kyozon.parsing.child"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(framed(Task(str(long), "long.pdf", 60, 2048)))
    await process.stdout.readexactly(1)
    process.stdin.close()

    assert await process.wait() == 1
    assert len(await process.stdout.read()) < 100_000


async def test_it_gets_none_of_the_servers_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    path = pdf_file(tmp_path / "a.pdf", [lines(["文章"])] * 200)
    seen: list[bytes] = []

    def look(*_: int) -> None:
        if not seen:
            seen.extend(Path(f"/proc/{one}/environ").read_bytes() for one in children())

    await IsolatedParser(60, 2048).parse(path, "a.pdf", look)
    assert len(seen) == 1
    assert b"sk-secret" not in seen[0]
