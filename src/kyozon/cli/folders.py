"""Files of folders that are taken in: which ones, and what each is called."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct

_PASSING = ("~*", "*~", "*.tmp", "*.temp", "*.part", "*.crdownload", "*.swp", "thumbs.db", "desktop.ini")
"""What editors, downloads and file managers leave for a while, besides what begins with a dot."""

_LONGEST = 512
_PIECE = 1 << 20


class Wanted(Struct, frozen=True):
    """Which files: those that one of `include` fits, or all, without those that one of `exclude` fits."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def fits(self, path: str) -> bool:
        """Whether a file is wanted; a pattern may fit its whole path or its last part."""
        return (not self.include or _any(path, self.include)) and not _any(path, self.exclude)


class Found(Struct, frozen=True):
    """A file on this machine. `path` is what it is called in the collection: the folder's name and the way from there."""

    path: str
    file: Path
    bytes: int
    changed: int


def found(roots: Sequence[Path], wanted: Wanted) -> Iterator[Found]:
    """The files at `roots`, folder by folder, in one order; links to folders are not followed. Raises `OSError`."""
    for root in roots:
        whole = root.resolve()
        files = _below(whole) if whole.is_dir() else iter((whole,))
        for file in files:
            path = os.fsencode(file.relative_to(whole.parent).as_posix()).decode("utf-8", "replace")
            if whole.is_dir() and not wanted.fits(path):
                continue
            about = file.stat()
            yield Found(path, file, about.st_size, about.st_mtime_ns)


def roots_of(paths: Sequence[Path]) -> tuple[str, ...]:
    """What the files of each path are called up to: nothing else is theirs to remove."""
    return tuple(path.resolve().name for path in paths)


def is_below(path: str, roots: Sequence[str]) -> bool:
    """Whether something of that name is one of the roots, or stands in one."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def sha256_of(file: Path) -> str:
    """Hash of a file, read piece by piece; raises `OSError`."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def as_attribute(path: str) -> str:
    """A path as the value of an attribute: its end, and a hash of the whole, where it is longer than a value may be."""
    if len(path) <= _LONGEST:
        return path
    digest = hashlib.sha256(path.encode()).hexdigest()
    return f"{digest}…{path[-(_LONGEST - len(digest) - 1) :]}"


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(here) / name
            if not name.startswith(".") and not _any(name.lower(), _PASSING) and file.is_file():
                yield file


def _any(path: str, patterns: Sequence[str]) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatch(path, pattern) or fnmatch(name, pattern) for pattern in patterns)
