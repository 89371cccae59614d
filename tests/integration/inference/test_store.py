import shutil
from pathlib import Path

import pytest

from kyozon.domain.errors import InvalidRequest, MissingPiece, NotFound
from kyozon.inference import files
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import Progress
from tests.fakes.local_model import silent
from tests.fakes.small_gguf import write_model


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_model(tmp_path / "Tiny-1B-Q8_0.gguf")


def test_a_file_becomes_a_model_with_a_card(store: FileModelStore, weights: Path) -> None:
    model = store.pull(f"file:{weights}", None, silent)
    assert model.card.id == "tiny-1b"
    assert (model.card.licence, model.card.context) == ("Apache-2.0", 4096)
    assert model.bytes == weights.stat().st_size
    assert model.sha256 == {weights.name: files.sha256_of(weights, silent)}
    assert store.all() == [model]
    assert store.get("tiny-1b") == model


def test_the_models_survive_a_new_store_on_the_same_folder(store: FileModelStore, weights: Path, tmp_path: Path) -> None:
    model = store.pull(f"file:{weights}", "mine", silent)
    assert FileModelStore(tmp_path / "models").get("mine") == model


def test_a_name_is_taken_once(store: FileModelStore, weights: Path) -> None:
    store.pull(f"file:{weights}", "mine", silent)
    with pytest.raises(InvalidRequest, match="kyozon models remove mine"):
        store.pull(f"file:{weights}", "mine", silent)


@pytest.mark.parametrize("name", ["../up", "A", ".hidden", "a/b", "", "x" * 101])
def test_a_name_that_is_no_name_is_refused(store: FileModelStore, weights: Path, name: str) -> None:
    assert store.get(name) is None
    assert not store.remove(name)
    if name:
        with pytest.raises(InvalidRequest, match="cannot name a model"):
            store.pull(f"file:{weights}", name, silent)


def test_removing_leaves_nothing_and_not_the_original(store: FileModelStore, weights: Path, tmp_path: Path) -> None:
    store.pull(f"file:{weights}", "mine", silent)
    assert store.remove("mine")
    assert not store.remove("mine")
    assert store.all() == []
    assert weights.exists()
    assert not (tmp_path / "models" / "mine").exists()


def test_a_half_pulled_model_is_not_listed(store: FileModelStore, weights: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt(progress.step)

    with pytest.raises(KeyboardInterrupt):
        store.pull(f"file:{weights}", "mine", stop)
    assert (tmp_path / "models" / ".partial" / "mine").is_dir()
    assert store.all() == []
    assert store.get("mine") is None
    assert store.pull(f"file:{weights}", "mine", silent).card.id == "mine"


def test_a_folder_that_lost_its_record_gives_way(store: FileModelStore, weights: Path, tmp_path: Path) -> None:
    store.pull(f"file:{weights}", "mine", silent)
    (tmp_path / "models" / "mine" / "model.json").write_text("{broken")
    assert store.all() == []
    assert store.pull(f"file:{weights}", "mine", silent).card.id == "mine"


def test_two_pulls_of_one_name_do_not_meet(store: FileModelStore, weights: Path, tmp_path: Path) -> None:
    (tmp_path / "models" / ".partial").mkdir(parents=True)
    with (
        files.exclusive(tmp_path / "models" / ".partial" / "mine.lock"),
        pytest.raises(InvalidRequest, match="another process"),
    ):
        store.pull(f"file:{weights}", "mine", silent)


def test_all_parts_of_a_split_model_come(store: FileModelStore, weights: Path) -> None:
    parts = [weights.with_name(f"big-0000{number}-of-00002.gguf") for number in (1, 2)]
    shutil.copy(weights, parts[0])
    with pytest.raises(InvalidRequest, match="00002-of-00002"):
        store.pull(f"file:{parts[0]}", None, silent)
    shutil.copy(weights, parts[1])
    model = store.pull(f"file:{parts[1]}", None, silent)
    assert model.files == tuple(part.name for part in parts)
    assert model.card.id == "big"


@pytest.mark.parametrize("name", ["model.bin", "model.pt", "model.safetensors", "nothing.gguf", "x-1-py3-none-any.whl"])
def test_other_files_are_refused_with_advice(store: FileModelStore, tmp_path: Path, name: str) -> None:
    if not name.startswith("nothing"):
        (tmp_path / name).write_bytes(b"\x80\x04 something else")
    with pytest.raises(InvalidRequest, match=r"GGUF|pypi:") as caught:
        store.pull(f"file:{tmp_path / name}", None, silent)
    assert caught.value.param == "source"
    assert caught.value.text.ja


def test_a_full_disk_is_noticed_before(tmp_path: Path) -> None:
    with pytest.raises(MissingPiece, match="not enough disk space"):
        files.require_space(tmp_path, 2**60)


def test_only_a_model_that_is_there_is_requantised(store: FileModelStore) -> None:
    with pytest.raises(NotFound):
        store.requantise("nothing", "Q8_0", silent)
