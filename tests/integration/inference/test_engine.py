"""Real engines with the real small model: starting, dying, hanging, making room, ending."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from openai import AsyncOpenAI

from kyozon.domain.errors import ModelNotReady, NotFound
from kyozon.inference import loopback
from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import StoredModel
from tests.fakes.local_model import silent
from tests.fakes.small_gguf import write_aborting_model, write_model

_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def _pid(engines: LocalEngines, name: str) -> int:
    child = engines._seats[name].child
    assert child is not None
    return child.pid


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _until(true: Callable[[], bool], within: float = 20.0) -> bool:
    for _ in range(int(within / 0.05)):
        if true():
            return True
        await asyncio.sleep(0.05)
    return False


def _processor_time(pid: int) -> int:
    """User and system time of the process in hundredths of a second."""
    return sum(int(field) for field in Path(f"/proc/{pid}/stat").read_text("ascii").split()[13:15])


def _environment(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


async def test_callers_at_the_same_time_start_one_child(engines: LocalEngines) -> None:
    addresses = await asyncio.gather(*(engines.address("a") for _ in range(5)))
    assert len(set(addresses)) == 1
    assert addresses[0].startswith("http://127.0.0.1:")
    assert addresses[0].endswith("/v1")
    assert await engines.address("a") == addresses[0]


async def test_a_caller_that_leaves_does_not_stop_the_start(engines: LocalEngines) -> None:
    first = asyncio.create_task(engines.address("a"))
    await asyncio.sleep(0.1)
    starting = engines._seats["a"].starting
    first.cancel()
    assert await engines.address("a")
    assert starting is not None
    assert starting.done()
    assert not starting.cancelled()


@_LINUX
async def test_threads_wait_instead_of_spinning_and_one_core_is_left(engines: LocalEngines, options: EngineOptions) -> None:
    await engines.address("a")
    environment = _environment(_pid(engines, "a"))
    assert b"OMP_WAIT_POLICY=PASSIVE" in environment
    assert b"GOMP_SPINCOUNT=0" in environment
    log = (options.logs / "engine-a.log").read_text()
    assert f"n_threads = {max(len(os.sched_getaffinity(0)) - 1, 1)}" in log


@_LINUX
async def test_an_idle_engine_uses_no_processor(engines: LocalEngines) -> None:
    await engines.address("a")
    pid = _pid(engines, "a")
    await asyncio.sleep(0.3)
    before = _processor_time(pid)
    await asyncio.sleep(1.0)
    assert _processor_time(pid) - before <= 10  # spinning threads would use a hundred each


async def test_a_killed_child_is_replaced(engines: LocalEngines) -> None:
    first = await engines.address("a")
    pid = _pid(engines, "a")
    os.kill(pid, signal.SIGKILL)
    assert await _until(lambda: not _runs(pid))
    await asyncio.sleep(0.05)
    assert await loopback.get(first, "/health", 0.5) is None
    second = await engines.address("a")
    assert await loopback.get(second, "/health", 2.0) is not None


async def test_a_hung_child_is_killed_and_replaced(engines: LocalEngines) -> None:
    await engines.address("a")
    pid = _pid(engines, "a")
    os.kill(pid, signal.SIGSTOP)
    child = engines._seats["a"].child
    assert child is not None
    assert await _until(lambda: not child.alive)
    await engines.address("a")
    assert _pid(engines, "a") != pid


@pytest.mark.parametrize("content", ["aborting", "truncated", "weightless", "unknown"])
async def test_a_bad_file_ends_only_the_child(
    store: FileModelStore, prepared: StoredModel, options: EngineOptions, tmp_path: Path, content: str
) -> None:
    path = tmp_path / f"{content}.gguf"
    if content == "aborting":
        write_aborting_model(path)
    elif content == "truncated":
        path.write_bytes((prepared.folder / prepared.files[0]).read_bytes()[:-1000])
    else:
        write_model(path, architecture="llama" if content == "weightless" else "nosucharch")
    store.pull(f"file:{path}", "bad", silent)
    engines = LocalEngines(store, options)
    with pytest.raises(ModelNotReady, match=r"engine-bad\.log") as caught:
        await engines.address("bad")
    assert "kyozon models remove bad" in caught.value.text.ja
    assert (options.logs / "engine-bad.log").stat().st_size > 100
    await engines.stop()


async def test_after_several_failures_it_gives_up_at_once(
    store: FileModelStore, options: EngineOptions, tmp_path: Path
) -> None:
    store.pull(f"file:{write_aborting_model(tmp_path / 'x.gguf')}", "bad", silent)
    engines = LocalEngines(store, options)
    for _ in range(options.patience.failures):
        with pytest.raises(ModelNotReady, match=r"status -6|Failed to init"):
            await engines.address("bad")
    with pytest.raises(ModelNotReady, match="failed 3 times"):
        await engines.address("bad")
    await engines.stop()


async def test_a_model_that_is_not_there(engines: LocalEngines) -> None:
    with pytest.raises(NotFound, match="kyozon models pull nothing"):
        await engines.address("nothing")


async def test_the_engine_idle_longest_makes_room(filled: FileModelStore, options: EngineOptions) -> None:
    engines = LocalEngines(filled, msgspec.structs.replace(options, max_loaded=2))
    await engines.address("a")
    await engines.address("b")
    oldest, newest = _pid(engines, "a"), _pid(engines, "b")
    await engines.address("c")
    assert await _until(lambda: not _runs(oldest))
    assert _runs(newest)
    await engines.stop()


async def test_a_busy_engine_is_not_evicted(filled: FileModelStore, options: EngineOptions) -> None:
    engines = LocalEngines(filled, msgspec.structs.replace(options, max_loaded=1))
    client = AsyncOpenAI(base_url=await engines.address("a"), api_key="none", max_retries=0)
    stream = await client.chat.completions.create(
        model="a",
        stream=True,
        max_tokens=900,
        messages=[{"role": "user", "content": "Tell me a very long story."}],
        extra_body={"ignore_eos": True},
    )
    with pytest.raises(ModelNotReady, match="max_loaded"):
        await engines.address("b")
    await stream.close()
    await client.close()
    await asyncio.sleep(0.5)
    assert await engines.address("b")
    await engines.stop()


async def test_stop_ends_everything_even_a_start_under_way(filled: FileModelStore, options: EngineOptions) -> None:
    engines = LocalEngines(filled, options)
    await engines.address("a")
    pid = _pid(engines, "a")
    waiting = asyncio.create_task(engines.address("b"))
    await asyncio.sleep(0.2)
    await engines.stop()
    assert not _runs(pid)
    with pytest.raises(asyncio.CancelledError):
        await waiting


_PARENT = """
import asyncio, sys
from pathlib import Path
from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions
from kyozon.inference.store import FileModelStore

async def main():
    engines = LocalEngines(FileModelStore(Path(sys.argv[1])), EngineOptions(Path(sys.argv[2]), context=512, slots=1))
    await engines.address("a")
    print(engines._seats["a"].child.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_parent_killed_with_9_takes_its_child_along(filled: FileModelStore, tmp_path: Path) -> None:
    assert filled.get("a")
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "models"), str(tmp_path / "logs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: ASYNC220 - its pipe is read once
        assert parent.stdout is not None
        child = int(await asyncio.to_thread(parent.stdout.readline))
        assert _runs(child)
        parent.kill()
    assert await _until(lambda: not _runs(child))


async def test_an_engine_answers_only_who_knows_its_secret(filled: FileModelStore, options: EngineOptions) -> None:
    engines = LocalEngines(filled, msgspec.structs.replace(options, secret="only-mine"))
    try:
        address = (await engines.address("a")).removesuffix("/v1")
        assert await loopback.get(address, "/props", 5) is None
        assert await loopback.get(address, "/props", 5, "another") is None
        assert await loopback.get(address, "/props", 5, "only-mine") is not None
    finally:
        await engines.stop()
