"""Recorded results of many models on many items, read from a folder of parquet files and one of prices.

`SOURCE_items.parquet` (item_id, benchmark, category, fold, prompt, input_tokens …), `SOURCE_scores.parquet` (item_id,
model, score from 0 to 1, output_tokens, and where recorded `answer` and `judge`), `SOURCE_outputs.parquet` where whole
answers were recorded, and `prices.csv` (USD for a million tokens).
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from msgspec import Struct, structs
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

_KANA = range(0x3041, 0x30FF)


class Item(Struct, frozen=True):
    """One question. `fold` is by a hash of its text: equal questions share one across sources."""

    id: str
    benchmark: str
    category: str
    prompt: str
    fold: int
    input_tokens: float
    origin: str = ""
    contaminated: bool = False

    @property
    def language(self) -> str:
        """`ja` where there is any kana."""
        return "ja" if any(ord(letter) in _KANA for letter in self.prompt) else "en"


class Table(Struct, frozen=True, eq=False):
    """Items by models. `scores` and `tokens` (of output) are n by m, NaN where none was recorded.

    `answers` are what was taken out of the models' outputs (a letter, a number), `outputs` their whole words; both by
    model, in the order of the items, and only for models of which they were recorded.
    """

    source: str
    items: tuple[Item, ...]
    models: tuple[str, ...]
    scores: Floats
    tokens: Floats
    answers: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]

    def rows(self, wanted: Bools | Ints) -> "Table":
        """Some of the items."""
        places = np.flatnonzero(wanted) if wanted.dtype == bool else wanted
        pick = places.tolist()
        return structs.replace(
            self,
            items=tuple(self.items[place] for place in pick),
            scores=self.scores[places],
            tokens=self.tokens[places],
            answers={model: tuple(all_[place] for place in pick) for model, all_ in self.answers.items()},
            outputs={model: tuple(all_[place] for place in pick) for model, all_ in self.outputs.items()},
        )

    def where(self, wanted: Callable[[Item], bool]) -> "Table":
        """The items that are wanted."""
        return self.rows(np.fromiter((wanted(item) for item in self.items), bool, len(self.items)))

    def among(self, models: Sequence[str]) -> "Table":
        """The columns of these models, and the items on which each of them has a score."""
        columns = [self.models.index(model) for model in models]
        chosen = structs.replace(
            self,
            models=tuple(models),
            scores=self.scores[:, columns],
            tokens=self.tokens[:, columns],
            answers={model: self.answers[model] for model in models if model in self.answers},
            outputs={model: self.outputs[model] for model in models if model in self.outputs},
        )
        return chosen.rows(np.asarray(np.isfinite(chosen.scores).all(axis=1)))

    @property
    def folds(self) -> Ints:
        """The fold of each item."""
        return np.fromiter((item.fold for item in self.items), np.intp, len(self.items))

    @property
    def input_tokens(self) -> Floats:
        """The tokens of each prompt."""
        return np.fromiter((item.input_tokens for item in self.items), float, len(self.items))

    def column(self, of: Callable[[Item], str]) -> NDArray[np.str_]:
        """One word for each item."""
        return np.array([of(item) for item in self.items], dtype=np.str_)


class Price(Struct, frozen=True):
    """USD for a million tokens."""

    input: float
    output: float


class Recordings(Struct, frozen=True):
    """All tables of a folder; `prices` by model."""

    tables: tuple[Table, ...]
    prices: Mapping[str, Price]

    def table(self, source: str) -> Table | None:
        """The table of a source (`shaberi_ja/JUDGE` for one judge's scores)."""
        return next((table for table in self.tables if table.source == source), None)


def read(folder: Path, prices: Mapping[str, Price] | None = None) -> Recordings:
    """Read a folder; a file of prices in it adds to those given.

    Raises:
        FileNotFoundError: the folder holds no items.
    """
    sources = sorted(path.name.removesuffix("_items.parquet") for path in folder.glob("*_items.parquet"))
    if not sources:
        raise FileNotFoundError(f"{folder} has no file *_items.parquet")
    known = dict(prices or {})
    listed = folder / "prices.csv"
    if listed.exists():
        known |= _prices(listed)
    return Recordings(tuple(table for source in sources for table in _tables(folder, source)), known)


def costs(table: Table, prices: Mapping[str, Price]) -> Floats:
    """USD of each call, n by m: (input tokens x input price + output tokens x output price) / 1,000,000.

    An output whose length was not recorded counts as long as the model's mean on that benchmark, or over all.
    """
    tokens = table.tokens.copy()
    benchmarks = table.column(lambda item: item.benchmark)
    for column in range(len(table.models)):
        for benchmark in np.unique(benchmarks):
            fill(tokens[:, column], benchmarks == benchmark)
        fill(tokens[:, column], np.ones(len(tokens), bool))
    into = np.array([prices[model].input for model in table.models])
    out = np.array([prices[model].output for model in table.models])
    return np.asarray((table.input_tokens[:, None] * into + np.nan_to_num(tokens) * out) / 1e6)


def fill(values: Floats, rows: Bools) -> None:
    """Put the mean of these rows where one of them has none."""
    missing = rows & np.isnan(values)
    if missing.any() and not np.isnan(values[rows]).all():
        values[missing] = np.nanmean(values[rows])


def _prices(path: Path) -> dict[str, Price]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["model"]: Price(float(row["input_usd_per_1m"]), float(row["output_usd_per_1m"]))
            for row in csv.DictReader(file)
        }


def _tables(folder: Path, source: str) -> Iterable[Table]:
    items = tuple(_item(row) for row in pq.read_table(folder / f"{source}_items.parquet").to_pylist())
    scores = pq.read_table(folder / f"{source}_scores.parquet").to_pydict()
    outputs = folder / f"{source}_outputs.parquet"
    written = pq.read_table(outputs).to_pydict() if outputs.exists() else {"item_id": [], "model": [], "output": []}
    judges = [judge if judge and judge != "None" else "" for judge in scores.get("judge") or [""] * len(scores["item_id"])]
    for judge in sorted(set(judges)):
        rows = [place for place, name in enumerate(judges) if name == judge]
        chosen = {name: [column[place] for place in rows] for name, column in scores.items()}
        yield _table(f"{source}/{judge}" if judge else source, items, chosen, written)


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        id=row["item_id"],
        benchmark=row["benchmark"],
        category=row.get("category") or row["benchmark"],
        prompt=row["prompt"],
        fold=int(row["fold"]),
        input_tokens=float(row["input_tokens"]),
        origin=row.get("src") or "",
        contaminated=bool(row.get("contaminated")),
    )


def _table(name: str, items: tuple[Item, ...], scores: Mapping[str, list[Any]], written: Mapping[str, list[Any]]) -> Table:
    scored = set(scores["item_id"])
    items = tuple(item for item in items if item.id in scored)
    models = tuple(dict.fromkeys(scores["model"]))
    row = {item.id: place for place, item in enumerate(items)}
    column = {model: place for place, model in enumerate(models)}
    shape = (len(items), len(models))
    marks, tokens = np.full(shape, np.nan), np.full(shape, np.nan)
    at = (np.array([row[id_] for id_ in scores["item_id"]]), np.array([column[model] for model in scores["model"]]))
    marks[at] = [np.nan if value is None else value for value in scores["score"]]
    tokens[at] = [np.nan if value is None else value for value in scores["output_tokens"]]
    short = scores.get("answer") or []
    answers = _texts(row, scores["item_id"], scores["model"], short)
    return Table(name, items, models, marks, tokens, answers, _texts(row, *(written[key] for key in _WRITTEN)))


_WRITTEN = ("item_id", "model", "output")


def _texts(
    row: Mapping[str, int], ids: Sequence[str], models: Sequence[str], texts: Sequence[str | None]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for id_, model, text in zip(ids, models, texts, strict=False):
        if id_ in row and text is not None:
            found.setdefault(model, [""] * len(row))[row[id_]] = str(text)
    return {model: tuple(words) for model, words in found.items()}
