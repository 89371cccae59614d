"""Big files, safely: hashed, placed and written so that a crash leaves either the old state or the new one."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kyozon.domain.errors import InvalidRequest, MissingPiece
from kyozon.domain.language import Text
from kyozon.ports.local import Progress, Report

CHUNK = 1 << 20
_SPARE = 256 << 20  # A disk filled to the last byte stops the database beside the models.
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill")


def sha256_of(path: Path, report: Report) -> str:
    """The file's SHA-256, in hexadecimal."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            report(Progress(f"verify {path.name}", done, total))
    return digest.hexdigest()


def copy_stream(source: IO[bytes], target: Path, progress: Progress, report: Report) -> str:
    """Write a stream to `target`, which appears only when whole; the SHA-256 of what was written."""
    digest, done = hashlib.sha256(), 0
    part = target.with_name(target.name + ".part")
    with part.open("wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            report(Progress(progress.step, done, progress.total))
        sync(file)
    part.replace(target)
    return digest.hexdigest()


def place(source: Path, target: Path, report: Report) -> None:
    """Bring a local file to `target`: a hard link where the file system allows it, else a copy."""
    source = source.resolve()
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        size = source.stat().st_size
        require_space(target.parent, size)
        with source.open("rb") as file:
            copy_stream(file, target, Progress(f"copy {source.name}", 0, size), report)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a small file so that a reader finds the old content or the new, never a mixture."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        sync(file)
    part.replace(path)


def sync(file: IO[bytes]) -> None:
    """Bring what was written to the disk."""
    file.flush()
    os.fsync(file.fileno())


def require_space(folder: Path, size: int) -> None:
    """Raises `MissingPiece` unless the disk under `folder` has room for `size` bytes more."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        need, have = gigabytes(size + _SPARE), gigabytes(free)
        raise MissingPiece(
            Text(
                f"not enough disk space: {need} needed, {have} free. Free some space, or set another data directory.",
                f"ディスクの空き容量が足りません：必要 {need}、空き {have}。"
                "容量を空けるか、別のデータディレクトリを指定してください。",
            )
        )


def refuse_pickle(name: str) -> None:
    """Raises `InvalidRequest` for a file type that can run code when it is loaded."""
    if Path(name).suffix.lower() in _PICKLES:
        raise InvalidRequest(
            Text(
                f"{name} can hold a Python pickle, which runs code when it is loaded: Kyozon never loads one. "
                "Choose a GGUF file of the same model.",
                f"{name} は読み込み時にコードを実行できる pickle 形式の可能性があるため、Kyozon では読み込みません。"
                "同じモデルの GGUF ファイルを選んでください。",
            ),
            "source",
        )


def gigabytes(size: int) -> str:
    """A size for people, as in `1.3 GB`."""
    return f"{size / 1e9:.1f} GB"


def size_of(path: Path) -> int:
    """Bytes of a file that another program may take away at this moment; 0 where it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def bytes_under(folder: Path) -> int:
    """Bytes of the files in a folder that another program works in: a folder, too, may go while it is looked at."""
    return sum(size_of(Path(place, name)) for place, _, names in os.walk(folder) for name in names)


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold `lock` against other processes for the length of the block; raises `BlockingIOError` where it is held."""
    import fcntl  # noqa: PLC0415 - POSIX only, as is the embedded database

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
