"""The embedded server: every way to start, share, lose and find it again."""

import asyncio
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from kyozon.domain.errors import MissingPiece, StorageUnavailable
from kyozon.ports.local import Progress
from kyozon.storage.cluster import Cluster
from kyozon.storage.embedded import EmbeddedPostgres

CHILD = Path(__file__).parent / "children" / "uses_server.py"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for a cluster; whatever still runs there afterwards is stopped."""
    base = Path(tempfile.mkdtemp(prefix="kz-"))
    yield base / "postgres"
    for made in base.rglob("cluster"):
        server = EmbeddedPostgres(made.parent)
        if server.running():
            server.start()
            server.stop()
        assert not server.running()
    shutil.rmtree(base)


def process(folder: Path) -> "subprocess.Popen[str]":
    child = subprocess.Popen([sys.executable, CHILD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().startswith("using postgresql://")
    return child


def leave(child: "subprocess.Popen[str]") -> None:
    assert child.communicate("stop\n", timeout=30)[0] == "left\n"


def kill(child: "subprocess.Popen[str]") -> None:
    child.kill()
    child.communicate(timeout=30)


def postmaster(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().splitlines()[0])


async def run(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def note(dsn: str) -> None:
    await run(dsn, "CREATE TABLE note AS SELECT 'kept' AS text")


async def test_the_first_start_says_what_it_does_and_the_second_makes_nothing(folder: Path) -> None:
    steps: list[Progress] = []
    server = EmbeddedPostgres(folder)
    dsn = server.start(steps.append)
    assert [each.step for each in steps] == ["create the database", "start the database", "database ready"]
    await note(dsn)
    server.stop()
    assert not server.running()

    steps.clear()
    again = EmbeddedPostgres(folder)
    dsn = again.start(steps.append)
    assert [each.step for each in steps] == ["start the database", "database ready"]
    assert await run(dsn, "SELECT text FROM note") == "kept"
    again.stop()


async def test_it_is_durable_private_and_local(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    dsn = server.start()
    settings = {"fsync": "on", "synchronous_commit": "on", "listen_addresses": "", "server_encoding": "UTF8"}
    assert {name: await run(dsn, f"SHOW {name}") for name in settings} == settings
    for path in (folder, folder / "cluster"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    server.stop()


async def test_settings_of_ones_own_are_read(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    (folder / "cluster" / "custom.conf").write_text("work_mem = '7MB'\n")
    assert await run(server.start(), "SHOW work_mem") == "7MB"
    server.stop()


@pytest.mark.parametrize(
    "name", ["with a space", "日本語 データ", 'it\'s "quoted", $HOME; `x` \\', "deep/" + "ずっと" * 20 + "/" + "x" * 120]
)
async def test_awkward_paths(folder: Path, name: str) -> None:
    server = EmbeddedPostgres(folder / name)
    assert await run(server.start(), "SELECT 1") == 1
    server.stop()


def test_sockets_of_a_deep_folder_stand_elsewhere_and_go_with_the_server(folder: Path) -> None:
    deep = folder / ("x" * 120)
    server = EmbeddedPostgres(deep)
    server.start()
    sockets = Path((deep / "cluster" / "postmaster.pid").read_text().splitlines()[4])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    server.stop()
    assert not sockets.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_whoever_was_connected_to_a_deep_folder_finds_the_next_server(folder: Path, how: signal.Signals) -> None:
    deep = folder / ("x" * 120)
    server = EmbeddedPostgres(deep)
    address = server.start()
    os.kill(postmaster(deep), how)
    while server.running():  # noqa: ASYNC110 - a process that ends tells nobody
        await asyncio.sleep(0.02)
    assert server.start() == address
    assert await run(address, "SELECT 1") == 1
    server.stop()


def test_a_folder_for_sockets_that_others_may_enter_is_not_taken(folder: Path) -> None:
    deep = folder / ("x" * 120)
    server = EmbeddedPostgres(deep)
    address = server.start()
    sockets = Path((deep / "cluster" / "postmaster.pid").read_text().splitlines()[4])
    os.kill(postmaster(deep), signal.SIGKILL)
    sockets.chmod(0o777)
    assert server.start() != address
    server.stop()
    shutil.rmtree(sockets)


async def test_after_a_kill_the_server_is_adopted_and_a_clean_stop_stops_it(folder: Path) -> None:
    owner = process(folder)
    kill(owner)
    orphan = postmaster(folder)
    server = EmbeddedPostgres(folder)
    assert server.running()
    await note(server.start())
    assert postmaster(folder) == orphan
    server.stop()
    assert not server.running()
    assert await run(server.start(), "SELECT text FROM note") == "kept"
    server.stop()


async def test_a_killed_server_is_recovered(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    await note(server.start())
    os.kill(postmaster(folder), signal.SIGKILL)
    assert await run(server.start(), "SELECT text FROM note") == "kept"
    server.stop()
    assert not server.running()


async def test_a_process_number_that_now_belongs_to_another_is_no_server(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    await note(server.start())
    pid_file = folder / "cluster" / "postmaster.pid"
    stale = pid_file.read_text()
    server.stop()
    pid_file.write_text(re.sub(r"^\d+", str(os.getppid()), stale))
    assert not server.running()
    assert await run(server.start(), "SELECT text FROM note") == "kept"
    server.stop()


@pytest.mark.parametrize("service_leaves_first", [False, True])
async def test_the_last_user_stops_the_server_no_other(folder: Path, *, service_leaves_first: bool) -> None:
    service = process(folder)
    command = EmbeddedPostgres(folder)
    dsn = command.attach()
    assert dsn is not None
    if service_leaves_first:
        leave(service)
        assert await run(dsn, "SELECT 1") == 1
        command.stop()
    else:
        command.stop()
        assert await run(dsn, "SELECT 1") == 1
        leave(service)
    assert not command.running()


def test_there_is_nothing_to_attach_to_before_the_first_start(folder: Path) -> None:
    assert EmbeddedPostgres(folder).attach() is None
    assert not folder.exists()


def test_starters_at_the_same_moment_share_one_server(folder: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        children = list(pool.map(process, [folder] * 3))
    assert len(list(folder.glob("new-*"))) == 0
    for child in children:
        leave(child)
    assert not EmbeddedPostgres(folder).running()


async def test_a_creation_that_was_killed_is_begun_again(folder: Path) -> None:
    half = folder / "new-half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder)
    assert await run(server.start(), "SELECT 1") == 1
    server.stop()
    assert not half.exists()


def test_another_versions_data_is_left_alone(folder: Path) -> None:
    (folder / "cluster").mkdir(parents=True)
    (folder / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(MissingPiece, match="PostgreSQL 16"):
        EmbeddedPostgres(folder).start()


def test_a_server_that_cannot_start_says_why_and_where_its_log_is(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    (folder / "cluster" / "custom.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(StorageUnavailable, match=r"custom\.conf.*postgres\.log"):
        server.start()


def test_a_path_through_a_file_is_refused(folder: Path) -> None:
    folder.parent.joinpath("file").write_text("")
    with pytest.raises(StorageUnavailable, match="--data-dir"):
        EmbeddedPostgres(folder.parent / "file" / "postgres").start()


@pytest.mark.parametrize(("options", "reason"), [("ro", "Read-only"), ("size=8m", "MB free, 200 MB needed")])
def test_a_read_only_or_full_disk_is_said_so(folder: Path, options: str, reason: str) -> None:
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True)  # noqa: S607 - wherever mount is
    if mounted.returncode != 0:
        pytest.skip("only root can mount a file system")
    try:
        with pytest.raises(StorageUnavailable, match=reason):
            EmbeddedPostgres(folder).start()
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S607 - as above


def test_commands_that_look_at_the_same_time_do_not_stand_in_each_others_way(folder: Path) -> None:
    clusters = [Cluster(folder) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            list(pool.map(Cluster.prepare, clusters))
