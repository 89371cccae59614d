"""Where models come from. A source is one file, `source_*.py`, that states its prefix and fetches."""

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from msgspec import Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.ports.local import Report

_QUANTISATION = r"i?q\d(?:_[a-z0-9]+)*|bf16|f16|fp16|f32|mxfp4(?:_moe)?"
_SUFFIX = re.compile(rf"(?:[-._](?:ud[-_])?(?:{_QUANTISATION}))?(?:-\d{{5}}-of-\d{{5}})?\.gguf$", re.IGNORECASE)


class Fetched(Struct, frozen=True):
    """What a source brought into the folder: the first of `files` is the one to load.

    `source` names exactly what was fetched. `sha256` holds the sums the source has verified already; `licence` and
    `languages` are what the source states, for weights whose own header is silent.
    """

    files: tuple[str, ...]
    source: str
    sha256: dict[str, str] = {}
    licence: str | None = None
    languages: frozenset[str] = frozenset()


class Source(Protocol):
    """What each `source_*.py` offers as module-level names. Failures are `InvalidRequest` or a `WorldFailure`."""

    PREFIX: str

    def default_name(self, where: str) -> str:
        """A name for the model, from what follows the prefix."""
        ...

    def fetch(self, where: str, folder: Path, report: Report) -> Fetched:
        """Bring the files into `folder`; goes on where an interrupted call for the same `where` left off."""
        ...


@cache
def all_sources() -> dict[str, Source]:
    """Every source of this package, by prefix."""
    package = importlib.import_module("kyozon.inference")
    names = [found.name for found in pkgutil.iter_modules(package.__path__) if found.name.startswith("source_")]
    modules = [cast("Source", importlib.import_module(f"{package.__name__}.{name}")) for name in names]
    return {module.PREFIX: module for module in modules}


def split(source: str) -> tuple[Source, str]:
    """The source of `PREFIX:WHERE`, and WHERE. Raises `InvalidRequest` for any other text."""
    prefix, colon, where = source.partition(":")
    found = all_sources().get(prefix)
    if not colon or not where or found is None:
        known = ", ".join(f"{name}:…" for name in sorted(all_sources()))
        raise InvalidRequest(
            Text(
                f"{source!r} is neither a model of the catalogue nor a source ({known}). "
                "See the catalogue with `kyozon models list`.",
                f"{source!r} はカタログのモデル名でも取得元 ({known}) でもありません。"
                "カタログは `kyozon models list` で確認できます。",
            ),
            "source",
        )
    return found, where


def name_from_file(file: str) -> str:
    """`SmolLM2-135M-Instruct.Q4_1.gguf` → `smollm2-135m-instruct`: without folder, quantisation, part and suffix."""
    return tidy(_SUFFIX.sub("", Path(file).name))


def tidy(text: str) -> str:
    """A name that can stand in a path and a URL: lower case letters, digits, dots, hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "model"


def parts_of(file: str) -> tuple[str, ...]:
    """The names of all parts of a split GGUF file, whichever part is named; the name alone for a file that is whole."""
    match = re.fullmatch(r"(.*-)\d{5}(-of-(\d{5})\.gguf)", file)
    if match is None:
        return (file,)
    return tuple(f"{match[1]}{part:05d}{match[2]}" for part in range(1, int(match[3]) + 1)) or (file,)
