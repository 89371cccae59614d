"""The real huggingface_hub client against a hub on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kyozon.domain.errors import InvalidRequest, WorldFailure
from kyozon.inference import hub_download
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import Progress
from tests.fakes.hub import COMMIT, FakeHub
from tests.fakes.local_model import silent
from tests.fakes.small_gguf import write_model

REPO = "acme/Tiny-1B-GGUF"
FILE = "Tiny-1B-Q4_K_M.gguf"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    content = write_model(tmp_path / "w.gguf").read_bytes() + b"\0" * 300_000
    with FakeHub(REPO, {FILE: content, "Tiny-1B-Q2_K.gguf": content, "README.md": b"hello"}) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.setattr(hub_download, "_FIRST_PAUSE", 0.005)
        yield fake


def test_the_best_file_comes_verified_at_one_commit(store: FileModelStore, hub: FakeHub) -> None:
    seen: list[Progress] = []
    model = store.pull(f"hf:{REPO}", None, seen.append)
    assert model.card.id == "tiny-1b"
    assert model.source == f"hf:{REPO}@{COMMIT}/{FILE}"
    assert model.sha256 == {FILE: hub.sha256(FILE)}
    assert (model.folder / FILE).read_bytes() == hub.files[FILE]
    downloads = [step for step in seen if step.step.startswith("download")]
    assert downloads[-1] == Progress(f"download {FILE}", len(hub.files[FILE]), len(hub.files[FILE]))


def test_the_users_token_is_sent_and_no_telemetry(store: FileModelStore, hub: FakeHub) -> None:
    store.pull(f"hf:{REPO}/{FILE}", None, silent)
    assert set(hub.tokens) == {"Bearer hf_secret"}
    assert all(agent.startswith("kyozon") and "telemetry" not in agent for agent in hub.agents)
    assert len(hub.agents) == 2


def test_a_download_that_is_cut_goes_on_where_it_stopped(store: FileModelStore, hub: FakeHub) -> None:
    hub.cuts = [100_000, 50_000]
    model = store.pull(f"hf:{REPO}", None, silent)
    assert hub.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert (model.folder / FILE).read_bytes() == hub.files[FILE]


def test_a_later_pull_goes_on_where_an_earlier_one_gave_up(store: FileModelStore, hub: FakeHub) -> None:
    hub.cuts = [100_000, *[0] * 20]
    with pytest.raises(WorldFailure, match="goes on where it stopped") as caught:
        store.pull(f"hf:{REPO}", None, silent)
    assert caught.value.retryable
    assert store.all() == []
    hub.cuts, hub.ranges = [], []
    model = store.pull(f"hf:{REPO}", None, silent)
    assert hub.ranges == ["bytes=100000-"]
    assert model.sha256 == {FILE: hub.sha256(FILE)}


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(store: FileModelStore, hub: FakeHub) -> None:
    hub.stated[FILE] = "0" * 64
    with pytest.raises(WorldFailure, match="checksum is not the one the hub states"):
        store.pull(f"hf:{REPO}", None, silent)
    assert store.all() == []
    del hub.stated[FILE]
    assert store.pull(f"hf:{REPO}", None, silent).card.id == "tiny-1b"


def test_what_was_begun_at_another_version_is_not_continued(store: FileModelStore, hub: FakeHub) -> None:
    hub.cuts = [100_000, *[0] * 20]
    with pytest.raises(WorldFailure):
        store.pull(f"hf:{REPO}", None, silent)
    hub.cuts, hub.ranges = [], []
    hub.files[FILE] += b"new version"
    store.pull(f"hf:{REPO}", None, silent)
    assert hub.ranges == [None]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_explained_at_once(store: FileModelStore, hub: FakeHub, status: int) -> None:
    hub.refuse = status
    with pytest.raises(InvalidRequest, match="HF_TOKEN"):
        store.pull(f"hf:{REPO}", None, silent)
    assert len(hub.agents) == 1


def test_a_hub_that_is_not_there_is_explained(store: FileModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WorldFailure, match="HF_ENDPOINT"):
        store.pull(f"hf:{REPO}", None, silent)


def test_pickles_are_refused(store: FileModelStore, hub: FakeHub) -> None:
    with pytest.raises(InvalidRequest, match="pickle"):
        store.pull(f"hf:{REPO}/pytorch_model.bin", None, silent)
    hub.files = {"pytorch_model.bin": b"\x80\x04"}
    with pytest.raises(InvalidRequest, match="pickle"):
        store.pull(f"hf:{REPO}", None, silent)
