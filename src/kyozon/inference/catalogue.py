"""Recommended open models, as data (`catalogue.toml`), and which of them fit a machine."""

import os
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from kyozon.domain.language import Text
from kyozon.ports.local import CatalogueEntry

_WORKING_MEMORY = 700_000_000  # The engine itself, its buffers, and the cache of two conversations of a small model.
_OVERHEAD = 1.2
_SHARE_FOR_MODELS = 0.75  # The database, the gateway and the system want the rest.
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    source: str
    family: str
    parameters: str
    licence: str
    bytes: int
    context: int
    languages: tuple[str, ...]
    abilities: tuple[str, ...]
    note_en: str
    note_ja: str
    checked: Literal["run", "documented", "unchecked"]


class _Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    recommended: tuple[str, ...]
    model: tuple[_Row, ...]


def entries() -> tuple[CatalogueEntry, ...]:
    """Every recommended model, in the order of the file."""
    return tuple(_entry(row) for row in _read().model)


def find(name: str) -> CatalogueEntry | None:
    """The recommended model of that name."""
    return next((entry for entry in entries() if entry.name == name), None)


def fits(entry: CatalogueEntry, memory_bytes: int) -> bool:
    """Whether a machine with that much memory runs the model beside the rest of Kyozon."""
    return entry.memory_bytes <= memory_bytes * _SHARE_FOR_MODELS


def recommend(memory_bytes: int) -> CatalogueEntry:
    """The most capable Japanese and English default that fits; the smallest of them where none does."""
    wanted = {name: entry for name in _read().recommended if (entry := find(name)) is not None}
    return next((entry for entry in wanted.values() if fits(entry, memory_bytes)), list(wanted.values())[-1])


def machine_memory() -> int:
    """Bytes of memory this process may use: the machine's, or its container's where that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(_CGROUP_LIMIT.read_text("ascii")))
    except (OSError, ValueError):  # no such limit, or the word "max"
        return physical


@cache
def _read() -> _Catalogue:
    text = files("kyozon.inference").joinpath("catalogue.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Catalogue)


def _entry(row: _Row) -> CatalogueEntry:
    return CatalogueEntry(
        name=row.name,
        source=row.source,
        family=row.family,
        parameters=row.parameters,
        licence=row.licence,
        bytes=row.bytes,
        memory_bytes=int(row.bytes * _OVERHEAD) + _WORKING_MEMORY,
        context=row.context,
        languages=row.languages,
        abilities=row.abilities,
        note=Text(row.note_en, row.note_ja),
        checked=row.checked,
    )
