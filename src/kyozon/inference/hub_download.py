"""One file of the Hugging Face hub, downloaded so that an interrupted download goes on where it stopped, and verified.

Connection, token, proxies and certificates are those of the hub's own client library. The bytes are read here because that
library deletes what an interrupted download has brought, and a model of many gigabytes must not begin again.
"""

import time
from pathlib import Path

from msgspec import Struct

from kyozon.domain.errors import WorldFailure
from kyozon.domain.language import Text
from kyozon.inference import files
from kyozon.ports.local import Progress, Report

_PARTIAL_CONTENT = 206
_FRUITLESS_TRIES = 6
_FIRST_PAUSE = 0.5
_SILENCE = 60.0


class RemoteFile(Struct, frozen=True):
    """A file of the repository. Small files outside the hub's large file storage have no SHA-256."""

    name: str
    size: int
    sha256: str | None


class Download(Struct, frozen=True):
    """One file on its way: from where, and to which path."""

    url: str
    file: RemoteFile
    target: Path

    @property
    def part(self) -> Path:
        """The incomplete file; its name changes with the content, so that two versions are never joined."""
        return self.target.with_name(f"{self.target.name}.{(self.file.sha256 or 'unknown')[:12]}.part")

    @property
    def missing(self) -> int:
        """Bytes still to come."""
        return 0 if self.target.exists() else max(self.file.size - files.size_of(self.part), 0)


def download(one: Download, report: Report) -> str:
    """Bring the file to its target; its verified SHA-256.

    Raises:
        WorldFailure: what arrived is not what the hub said it would be.
        HTTPError, OSError: the client's own, when several tries in a row brought nothing.
    """
    fruitless = 0
    while not one.target.exists():
        before, failure = files.size_of(one.part), None
        if before < one.file.size:
            failure = _try(one, report)
        if files.size_of(one.part) >= one.file.size:
            one.part.replace(one.target)
        elif files.size_of(one.part) > before:
            fruitless = 0  # A long download is cut many times on a poor line; only silence counts.
        elif fruitless + 1 < _FRUITLESS_TRIES:
            fruitless += 1
            time.sleep(_FIRST_PAUSE * 2**fruitless)
        else:
            raise failure or OSError(f"{one.url} sent nothing")
    return _verified(one, report)


def _try(one: Download, report: Report) -> Exception | None:
    """Receive what comes; the failure that another try may mend. One that it cannot mend is raised."""
    try:
        _receive(one, report)
    except client_errors() as error:
        status = getattr(getattr(error, "response", None), "status_code", 0)
        if 400 <= status < 500 and status != 429:  # noqa: PLR2004 - HTTP's own numbers
            raise
        return error
    return None


def client_errors() -> type[Exception]:
    """The root of what the client library raises for a failed request: httpx's or httpx2's, by version."""
    from huggingface_hub import errors  # noqa: PLC0415 - imported late: it takes its time

    root: type[Exception] = errors.HfHubHTTPError.__mro__[1]
    return root


def _receive(one: Download, report: Report) -> None:
    from huggingface_hub import get_session, utils  # noqa: PLC0415 - imported late: it takes its time

    done = files.size_of(one.part)
    headers = {**utils.build_hf_headers(library_name="kyozon"), "Accept-Encoding": "identity"}  # type: ignore[attr-defined]
    if done:
        headers["Range"] = f"bytes={done}-"
    with get_session().stream("GET", one.url, headers=headers, timeout=_SILENCE, follow_redirects=True) as response:
        utils.hf_raise_for_status(response)  # type: ignore[attr-defined]
        if response.status_code != _PARTIAL_CONTENT:
            done = 0
        with one.part.open("ab" if done else "wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
                done += len(chunk)
                report(Progress(f"download {one.target.name}", done, one.file.size))
            files.sync(file)


def _verified(one: Download, report: Report) -> str:
    found = files.sha256_of(one.target, report)
    if one.file.sha256 in (None, found):
        return found
    one.target.unlink()
    raise WorldFailure(
        Text(
            f"{one.target.name} is damaged: its checksum is not the one the hub states. It was deleted; pull it again.",
            f"{one.target.name} が壊れています：チェックサムがハブの値と一致しません。"
            "削除しましたので、もう一度取得してください。",
        )
    )
