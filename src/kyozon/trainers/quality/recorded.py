"""Reads recorded results of many models from a folder: `SOURCE_items.parquet`, `SOURCE_scores.parquet`, `prices.csv`.

Items have item_id, benchmark, category, fold and prompt, scores have item_id, model, score and output_tokens, and where an
answer was judged, judge. Prices have model, output_usd_per_1m and kind.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.facts import Facts, plain_name
from kyozon.trainers.quality.observations import Observation

_CATEGORISED = 20
"""A category of a benchmark is a domain of its own where it has this many items."""
_CLOSED = ("gpt-3", "gpt-4", "gpt-5", "chatgpt", "o1-", "o3", "o4", "claude", "gemini", "command-", "reka", "yi-large")
_REASONING = ("o1-", "o3", "o4", "gpt-5", "deepseek-r1", "gemini-2.5-pro")


class Folder(Struct, frozen=True):
    """What to read: the folder, the one judge whose scores count where several judged, and the sources to leave out."""

    path: Path
    judge: str = "gpt-4.1-2025-04-14"
    without: tuple[str, ...] = ()


def recorded(folder: Folder, vectors: Mapping[str, NDArray[Any]] | None = None) -> list[Observation]:
    """One observation per item with results; raises `ValueError` where the folder holds none."""
    found: list[Observation] = []
    for path in sorted(folder.path.glob("*_items.parquet")):
        source = path.name.removesuffix("_items.parquet")
        if source not in folder.without:
            found += _source(folder, source, vectors or {})
    if not found:
        raise ValueError(f"{folder.path} holds no recorded results (SOURCE_items.parquet and SOURCE_scores.parquet)")
    return found


def facts_in(path: Path) -> dict[str, Facts]:
    """What prices.csv says of models, by plain name."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["kind"] != "blended"]
    return {plain_name(row["model"]): _facts(row["model"], float(row["output_usd_per_1m"])) for row in rows}


def _facts(model: str, price: float) -> Facts:
    name = plain_name(model)
    return Facts(name, price, not name.startswith(_CLOSED), name.startswith(_REASONING))


def _source(folder: Folder, source: str, vectors: Mapping[str, NDArray[Any]]) -> list[Observation]:
    import pyarrow.parquet  # noqa: PLC0415 - only this reader needs it: results of one's own traffic come from the database

    items = pyarrow.parquet.read_table(folder.path / f"{source}_items.parquet").to_pylist()
    scores = pyarrow.parquet.read_table(folder.path / f"{source}_scores.parquet").to_pylist()
    results: dict[str, dict[str, tuple[float, int | None]]] = {}
    for row in scores:
        if row.get("judge") in (None, folder.judge) or source != "shaberi_ja":
            tokens = row["output_tokens"]
            known = tokens is not None and math.isfinite(tokens)
            results.setdefault(row["item_id"], {})[row["model"]] = (float(row["score"]), int(tokens) if known else None)
    names = _domains(items)
    return [
        Observation(row["prompt"], name, results[row["item_id"]], vectors.get(row["item_id"]), int(row["fold"]))
        for row, name in zip(items, names, strict=True)
        if row["item_id"] in results
    ]


def _domains(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """`benchmark:category` where the category is large, else the benchmark."""
    full = [f"{row['benchmark']}:{row.get('category') or ''}" for row in items]
    count: dict[str, int] = {}
    for name in full:
        count[name] = count.get(name, 0) + 1
    several = {
        row["benchmark"] for row in items if count[f"{row['benchmark']}:{row.get('category') or ''}"] >= _CATEGORISED
    }
    alone = {name for name in several if len({full[i] for i, row in enumerate(items) if row["benchmark"] == name}) == 1}
    return [
        name if row["benchmark"] not in alone and count[name] >= _CATEGORISED and row.get("category") else row["benchmark"]
        for name, row in zip(full, items, strict=True)
    ]
