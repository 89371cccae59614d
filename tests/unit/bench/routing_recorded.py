"""A small folder of recorded results, in the form that `bench.routing` reads, with vectors that say what a prompt is."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.routing.pools import Task
from bench.routing.recordings import Recordings
from bench.routing.vectors import DIMENSIONS, Vectors, digest

WEAK, STRONG = "weak", "strong"
NUMBER = 200
PAIR = Task("pair", "weak, strong", "made", ("sums", "poems"), (WEAK, STRONG), "pair")
MANY = Task("many", "many", "made", ("sums", "poems"), (WEAK, "middle", STRONG), "many")
CASCADE = Task("cascade", "weak, then strong", "made", ("sums", "poems"), (WEAK, STRONG), "cascade")
UNSEEN = Task("unseen", "unseen", "made", ("sums", "poems"), (WEAK, STRONG), "pair", "unseen")
TRANSFER = Task("transfer", "transfer", "made", ("mmlu",), (WEAK, STRONG), "pair", "transfer")
SAMPLE = Task("sample", "sample", "made", ("sums", "poems"), (WEAK, STRONG), "pair", "sample", labels=20)


def hard(place: int) -> bool:
    return place % 4 == 0


def prompt(place: int) -> str:
    return f"{'prove' if hard(place) else 'add'} number {place}"


def write(folder: Path, *, offset: int = 0, benchmarks: tuple[str, ...] = ("sums", "poems", "mmlu")) -> Path:
    """The strong model is always right, the weak one where the prompt is easy, the middle one nearly always."""
    folder.mkdir(parents=True, exist_ok=True)
    places = range(offset, offset + NUMBER)
    ids = [f"made/{place}" for place in places]
    items = {
        "item_id": ids,
        "benchmark": [benchmarks[place % len(benchmarks)] for place in places],
        "category": ["hard" if hard(place) else "easy" for place in places],
        "fold": [hashlib.sha256(prompt(place).encode()).digest()[0] % 3 for place in places],
        "prompt": [prompt(place) for place in places],
        "input_tokens": [10] * NUMBER,
        "contaminated": [place % 50 == 0 for place in places],
    }
    marks = {
        WEAK: [float(not hard(place)) for place in places],
        "middle": [float(place % 20 != 0) for place in places],
        STRONG: [1.0] * NUMBER,
    }
    scores = {
        "item_id": ids * 3,
        "model": [model for model in marks for _ in ids],
        "score": [mark for column in marks.values() for mark in column],
        "output_tokens": [100] * (2 * NUMBER) + [None] + [200] * (NUMBER - 1),
    }
    said = [f"so the answer is #### {place}" if not hard(place) else "no idea" for place in places]
    outputs = {"item_id": ids, "model": [WEAK] * NUMBER, "output": said}
    for name, columns in (("items", items), ("scores", scores), ("outputs", outputs)):
        pq.write_table(pa.table(columns), folder / f"made_{name}.parquet")
    head = "model,input_usd_per_1m,output_usd_per_1m\n"
    (folder / "prices.csv").write_text(f"{head}{WEAK},1,1\nmiddle,2,2\n{STRONG},10,10\n", "utf-8")
    return folder


def vectors(*recordings: Recordings) -> Vectors:
    known = {}
    for one in recordings:
        for item in one.tables[0].items:
            rng = np.random.default_rng(int.from_bytes(digest(item.prompt)[:4]))
            vector = rng.normal(0, 0.01, DIMENSIONS)
            vector[0] = 1.0 if item.prompt.startswith("prove") else -1.0
            known[digest(item.prompt)] = vector.astype(np.float32)
    return Vectors(known, 50.0)
