"""Reads recorded answers from a folder: `SOURCE_items.parquet`, `SOURCE_scores.parquet` and `SOURCE_outputs.parquet`.

Items have item_id, fold and prompt, scores have item_id, model and score, and where an answer was judged, judge; outputs
have item_id, model and output. The stronger model of an item is the one of those recorded that is best on the whole source.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from kyozon.routing.verifying.answered import Answered
from kyozon.routing.verifying.features import row
from kyozon.trainers.verifier.cases import Case, Numbers
from kyozon.trainers.verifier.expecting import expecting

OTHERS = 2
_MOST_SCORED = 0.95
_MOST = 5000
"""Of so many answers of a source on, more of them teach less than another source would."""

Rows = Sequence[Mapping[str, Any]]


class Source(Struct, frozen=True, eq=False):
    """One source: its items, the words of `models` by item and model, and the scores (n by models, NaN if unknown)."""

    name: str
    items: Rows
    models: tuple[str, ...]
    outputs: Mapping[tuple[str, str], str]
    scores: Numbers
    stronger: Numbers


def sources(folder: Path, judge: str = "gpt-4.1-2025-04-14") -> Iterator[Source]:
    """Each source with whole answers; of several judges only one is believed. Raises `ValueError` where there is none."""
    paths = sorted(folder.glob("*_outputs.parquet"))
    if not paths:
        raise ValueError(f"{folder} holds no recorded answers (SOURCE_outputs.parquet)")
    for path in paths:
        yield _source(folder, path.name.removesuffix("_outputs.parquet"), judge)


def cases(source: Source) -> Iterator[Case]:
    """Every answer, as it looks with no, one, … `OTHERS` answers of the other models, the better ones first."""
    fold = np.array([int(item["fold"]) for item in source.items])
    prompts = [str(item["prompt"]) for item in source.items]
    share = min(1.0, _MOST / max(1, len(source.outputs)))
    order = np.argsort(-np.nan_to_num(np.nanmean(source.scores, axis=0)), kind="stable").tolist()
    _, hopes = expecting(prompts, np.column_stack([source.scores, source.stronger]), fold)
    for place in order:
        targets = np.column_stack([source.scores[:, place], source.stronger])
        expected = hopes[:, [place, -1]]
        rest = [source.models[other] for other in order if other != place]
        for at, item in enumerate(source.items):
            about = f"{item['item_id']} {source.models[place]}"
            own = source.outputs.get((item["item_id"], source.models[place]))
            if own is None or np.isnan(source.scores[at, place]) or not _picked(about, share):
                continue
            beside = [
                source.outputs[item["item_id"], model] for model in rest if (item["item_id"], model) in source.outputs
            ]
            for others in range(1 + min(OTHERS, len(beside))):
                shown = Answered(prompts[at], own, tuple(beside[:others]), *expected[at].tolist())
                yield Case(row(shown), *_scores(targets[at]), about, others, int(fold[at]), source.name)


def _picked(about: str, share: float) -> bool:
    """Whether an answer is among the share that is looked at; always the same ones."""
    drawn = int.from_bytes(hashlib.blake2b(about.encode(), digest_size=4).digest(), "big")
    return drawn < share * 2**32


def _scores(targets: Numbers) -> tuple[float, float | None]:
    return float(targets[0]), None if np.isnan(targets[1]) else float(targets[1])


def _source(folder: Path, name: str, judge: str) -> Source:
    items = [item for item in _rows(folder, name, "items") if not item.get("contaminated")]
    outputs = {(one["item_id"], one["model"]): str(one["output"]) for one in _rows(folder, name, "outputs")}
    answered = {item for item, _ in outputs}
    items = [item for item in items if item["item_id"] in answered]
    results = {
        (one["item_id"], one["model"]): float(one["score"])
        for one in _rows(folder, name, "scores")
        if one["item_id"] in answered and one.get("judge") in (None, judge)
    }
    models = tuple(sorted({model for _, model in results}))
    scores = np.array([[results.get((item["item_id"], model), np.nan) for model in models] for item in items])
    whole = (~np.isnan(scores)).mean(axis=0) >= _MOST_SCORED
    best = int(np.argmax(np.where(whole, np.nan_to_num(np.nanmean(scores, axis=0)), -1.0)))
    heard = {model for _, model in outputs}
    cheap = [place for place, model in enumerate(models) if place != best and model in heard]
    return Source(name, items, tuple(models[place] for place in cheap), outputs, scores[:, cheap], scores[:, best])


def _rows(folder: Path, name: str, part: str) -> list[dict[str, Any]]:
    import pyarrow.parquet  # noqa: PLC0415 - only this reader needs it: one's own traffic comes from the database

    found: list[dict[str, Any]] = pyarrow.parquet.read_table(folder / f"{name}_{part}.parquet").to_pylist()
    return found
