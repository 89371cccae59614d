"""`kyozon ingest`: a folder again and again; and kill -9 in the middle of it: each file whole or absent, none twice."""

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon

PDF = Path(__file__).parents[1] / "samples" / "documents" / "vertical.pdf"
FILES = 16
KILLS = 2
EMBEDDER = """
[models.rented-embedder]
provider = "openai"
upstream = "text-embedding-3-small"
kind = "embedding"
dimensions = 8

[local]
enabled = false
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """Where an installation of a test's own lives: a short path, since sockets need one."""
    made = Path(tempfile.mkdtemp(prefix="kz-ing-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Words that a test changes; beside them what nobody wants taken in."""
    made = tmp_path / "規程"
    (made / "sub").mkdir(parents=True)
    for number in range(3):
        (made / f"rule-{number}.md").write_text(f"# Rule {number}\n\nThere are {number + 10} days of leave.\n", "utf-8")
    (made / "sub" / "trains.txt").write_text("Trains run every ten minutes.", "utf-8")
    for name in (".hidden.txt", "~$open.docx", "half.txt.part"):
        (made / name).write_text("not this", "utf-8")
    return made


def made(house: RunningKyozon, key: str, name: str, **more: str) -> str:
    client = house.openai(key, **{"x-kyozon-label": "internal"})
    return client.vector_stores.create(name=name, extra_body=more).id


def ingest(house: RunningKyozon, key: str, *words: str, **environ: str) -> dict[str, Any]:
    done = house.command("ingest", *words, "--json", check=False, KYOZON_API_KEY=key, **environ)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if found["failed"] else 0)
    return found


def decided(house: RunningKyozon, key: str) -> int:
    """How many requests the key has on record."""
    return len(house.openai(key).get(f"{house.address}/kyozon/v1/decisions?limit=100", cast_to=dict)["data"])


def test_a_folder_again_and_again(kyozon: RunningKyozon, folder: Path) -> None:
    key = kyozon.key("folder", "--label", "internal")
    store = made(kyozon, key, "folder")
    first = ingest(kyozon, key, str(folder), "-c", "folder")
    assert first["added"] == ["規程/rule-0.md", "規程/rule-1.md", "規程/rule-2.md", "規程/sub/trains.txt"]
    spent = decided(kyozon, key)
    assert ingest(kyozon, key, str(folder), "-c", store)["unchanged"] == first["added"]
    assert decided(kyozon, key) == spent
    (folder / "rule-1.md").write_text("# Rule 1\n\nThere are 40 days of leave.\n", "utf-8")
    (folder / "rule-2.md").unlink()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n%nothing follows")
    again = ingest(kyozon, key, str(folder), "-c", store, "--delete", KYOZON_LANG="ja")
    assert (again["changed"], again["removed"], again["added"]) == (["規程/rule-1.md"], ["規程/rule-2.md"], [])
    assert list(again["failed"]) == ["規程/broken.pdf"]
    as_owner: dict[str, Any] = {"KYOZON_API_KEY": key, "KYOZON_LANG": "ja"}
    shown = kyozon.command("collections", "show", store, **as_owner).stdout
    assert "埋め込みモデル" in shown
    assert f"失敗の理由：kyozon collections files {store} --failed" in shown
    told = kyozon.command("collections", "files", store, "--failed", **as_owner).stdout
    assert "規程/broken.pdf" in told
    assert "もう一度取り込んでください" in told.replace("\n", "").replace(" ", "")
    assert "trains.txt" not in told
    every = json.loads(kyozon.command("collections", "files", store, "--json", **as_owner).stdout)["data"]
    assert sorted(one["status"] for one in every) == ["completed", "completed", "completed", "failed"]
    found = kyozon.openai(key).vector_stores.search(store, query="days of leave").data
    assert sorted(part.text for one in found for part in one.content if "leave" in part.text) == [
        "# Rule 0\n\nThere are 10 days of leave.",
        "# Rule 1\n\nThere are 40 days of leave.",
    ]
    assert len(kyozon.openai(key).files.list().data) == 4  # nothing is left of what was replaced


def test_only_the_files_that_are_asked_for(kyozon: RunningKyozon, folder: Path) -> None:
    key = kyozon.key("some", "--label", "internal")
    made(kyozon, key, "some")
    found = ingest(kyozon, key, str(folder), "-c", "some", "--include", "*.md", "--exclude", "rule-2*")
    assert found["added"] == ["規程/rule-0.md", "規程/rule-1.md"]


def test_what_is_left_out_this_time_is_not_gone(kyozon: RunningKyozon, folder: Path) -> None:
    key = kyozon.key("kept", "--label", "internal")
    store = made(kyozon, key, "kept")
    assert len(ingest(kyozon, key, str(folder), "-c", "kept")["added"]) == 4
    (folder / "rule-2.md").unlink()
    found = ingest(kyozon, key, str(folder), "-c", "kept", "--include", "rule-0*", "--delete")
    assert (found["unchanged"], found["removed"]) == (["規程/rule-0.md"], ["規程/rule-2.md"])
    assert len(kyozon.openai(key).vector_stores.files.list(store).data) == 3


def test_a_file_that_was_broken_for_a_while_is_there_once(kyozon: RunningKyozon, tmp_path: Path) -> None:
    key = kyozon.key("broken", "--label", "internal", "--user", "broken")
    store = made(kyozon, key, "broken")
    file, other = tmp_path / "rule.pdf", tmp_path / "never.pdf"
    file.write_bytes(PDF.read_bytes())
    ingest(kyozon, key, str(tmp_path), "-c", store)
    for broken in (file, other):
        broken.write_bytes(b"%PDF-1.7\n%nothing follows " + broken.name.encode())
    assert len(ingest(kyozon, key, str(tmp_path), "-c", store)["failed"]) == 2
    assert len(kyozon.openai(key).vector_stores.files.list(store).data) == 3  # what was whole is found until then
    file.write_bytes(PDF.read_bytes() + b"\n%mended\n")
    other.unlink()
    found = ingest(kyozon, key, str(tmp_path), "-c", store, "--delete")
    assert (len(found["changed"]), found["removed"], found["failed"]) == (1, [], {})
    assert [one.status for one in kyozon.openai(key).vector_stores.files.list(store)] == ["completed"]
    assert len(kyozon.openai(key).files.list().data) == 1


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("-c", "", "--create"), 2, "--collection"),
        (("-c", "none", "--create", "--label", "secretish"), 2, "--label"),
        (("-c", "none", "--create", "--readers", "aiko"), 2, "--readers"),
        (("-c", "none", "--create", "--include", "*.xyz"), 1, "--include"),
    ],
)
def test_what_is_wrong_with_the_call_is_told_before_anything_is_sent(
    kyozon: RunningKyozon, folder: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    key = kyozon.key("wrong", "--label", "internal", "--user", "wrong")
    done = kyozon.command("ingest", str(folder), *words, check=False, KYOZON_API_KEY=key)
    assert done.returncode == status
    assert done.stderr.count(told) == 1
    assert not kyozon.openai(key).files.list().data
    assert not kyozon.openai(key).vector_stores.list().data


def test_watching_tells_of_a_failure_once_and_ends_well(kyozon: RunningKyozon, folder: Path) -> None:
    key = kyozon.key("watched", "--label", "internal")
    store = made(kyozon, key, "watched")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n%nothing follows, ever")
    watching = subprocess.Popen(
        [sys.executable, "-m", "kyozon", "ingest", str(folder), "-c", store, "--watch"],
        env={**kyozon.environ, "KYOZON_API_KEY": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    lines = list(iter(watching.stdout.readline, "watched: 4 added, 0 changed, 0 unchanged, 0 removed, 1 failed\n"))
    assert lines[0] == "✗ 規程/broken.pdf\n"
    tried = [one.created_at for one in kyozon.openai(key).vector_stores.files.list(store, filter="failed")]
    (folder / "rule-3.md").write_text("# Rule 3\n\nThere are 13 days of leave.\n", "utf-8")
    assert watching.stdout.readline() == "watched: 1 added, 0 changed, 4 unchanged, 0 removed, 1 failed\n"
    assert [one.created_at for one in kyozon.openai(key).vector_stores.files.list(store, filter="failed")] == tried
    watching.send_signal(signal.SIGINT)
    said, told = watching.communicate(timeout=30)
    assert (watching.returncode, said) == (0, "")
    assert told.endswith("Stopped watching.\n")


def test_a_collection_is_made_where_that_is_asked_for(kyozon: RunningKyozon, folder: Path) -> None:
    key = kyozon.key("maker", "--label", "internal")
    refused = kyozon.command("ingest", str(folder), "-c", "new", check=False, KYOZON_API_KEY=key, KYOZON_LANG="ja")
    assert refused.returncode == 2
    assert "--create" in refused.stderr


@pytest.mark.timeout(240)
def test_kill_minus_nine_leaves_each_file_whole_or_absent(
    models: Path, rented: Rented, tmp_path: Path, place: Path
) -> None:
    chance = random.Random(6)  # noqa: S311 - a test's mixture
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FILES):
        parts = (f"Paragraph {part} of file {number} says {chance.random()}." for part in range(40))
        (folder / f"{number:03}.txt").write_text("\n\n".join(parts), "utf-8")
    config = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    with RunningKyozon(place, models, config + EMBEDDER) as house:
        key = house.key("many", "--label", "internal")
        store = made(house, key, "many", embedder="rented-embedder")
        for _ in range(KILLS):
            sending = subprocess.Popen(
                [sys.executable, "-m", "kyozon", "ingest", str(folder), "-c", store, "--json"],
                env={**house.environ, "KYOZON_API_KEY": key},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(chance.uniform(1.0, 2.5))
            house.kill()
            sending.kill()
            sending.wait()
            house.start()
        ingest(house, key, str(folder), "-c", store)
        listed = list(house.openai(key).vector_stores.files.list(store, limit=100))
        assert Counter(one.status for one in listed) == {"completed": FILES}
        paths = Counter((one.attributes or {})["kyozon:path"] for one in listed)
        assert set(paths.values()) == {1}
        for one in listed:
            path = (one.attributes or {})["kyozon:path"]
            words = "".join(
                part.text or "" for part in house.openai(key).vector_stores.files.content(one.id, vector_store_id=store)
            )
            assert (folder / str(path).rpartition("/")[2]).read_text("utf-8").split()[-1] in words
