import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.trainers.quality.fitting import fit
from kyozon.trainers.quality.recorded import Folder, facts_in, recorded
from kyozon.trainers.quality.release import ANCHORS, fitting_to
from tests.unit.trainers.quality.world import draw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    items = [
        {
            "item_id": str(each),
            "benchmark": "b",
            "category": f"c{each % 2}",
            "fold": each % 5,
            "prompt": f"Question {each}?",
        }
        for each in range(60)
    ]
    scores = [
        {"item_id": item["item_id"], "model": model, "score": float(draw(item, model) < 0.6), "output_tokens": 7.0}
        for item in items
        for model in ANCHORS
    ]
    judged = [
        {"item_id": "1", "model": "m", "score": 0.5, "output_tokens": None, "judge": judge} for judge in ("strict", "mild")
    ]
    alone = [{"item_id": "1", "benchmark": "j", "category": "", "fold": 0, "prompt": "質問"}]
    tables = {"world_items": items, "world_scores": scores, "shaberi_ja_items": alone, "shaberi_ja_scores": judged}
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    with (tmp_path / "prices.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["model", "input_usd_per_1m", "output_usd_per_1m", "kind", "source"])
        rows.writerow(["meta-llama__Llama-3.3-70B-Instruct", "0.88", "0.88", "list", "x"])
        rows.writerow(["o1-mini-2024-09-12", "3", "12", "list", "x"])
        rows.writerow(["PAPER gpt", "24.7", "24.7", "blended", "x"])
    return tmp_path


def test_a_folder_of_recorded_results_becomes_observations(folder: Path) -> None:
    found = {each.text: each for each in recorded(Folder(folder, judge="mild"), {"1": np.ones(384, dtype=np.float32)})}

    assert len(found) == 61
    assert found["Question 4?"].domain == "b:c0"
    assert found["Question 4?"].fold == 4
    assert found["質問"].domain == "j"
    assert dict(found["質問"].results) == {"m": (0.5, None)}
    assert found["質問"].vector is not None


def test_what_is_left_out_is_not_read(folder: Path) -> None:
    assert {each.domain for each in recorded(Folder(folder, judge="mild", without=("world",)))} == {"j"}


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no recorded results"):
        recorded(Folder(tmp_path))


def test_prices_become_facts(folder: Path) -> None:
    facts = facts_in(folder / "prices.csv")

    assert set(facts) == {"llama-3.3-70b-instruct", "o1-mini-2024-09-12"}
    assert facts["llama-3.3-70b-instruct"].open_weights
    assert facts["o1-mini-2024-09-12"].reasons
    assert facts["o1-mini-2024-09-12"].price == 12


def test_the_command_writes_a_file_that_reads(folder: Path, tmp_path: Path) -> None:
    out, vectors = tmp_path / "quality.msgpack", tmp_path / "vectors.npz"
    np.savez(vectors, ids=np.array(["1", "2"]), vectors=np.ones((2, 384), dtype=np.float32))
    arguments = ["--data", str(folder), "--vectors", str(vectors), "--out", str(out)]
    program = [sys.executable, "-m", "kyozon.trainers.quality", *arguments]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120).stdout
    model = QualityModel.read(out.read_bytes())

    assert f"version {model.version}" in said
    assert 0.2 < model.expected(model.look("Question 7?"), ANCHORS[0]).quality < 0.9


def test_results_of_ones_own_alone_are_enough(folder: Path) -> None:
    for name in ("prices.csv", "shaberi_ja_items.parquet", "shaberi_ja_scores.parquet"):
        (folder / name).unlink()
    items = pq.read_table(folder / "world_items.parquet").to_pylist()
    scores = [
        {"item_id": item["item_id"], "model": model, "score": float(draw(item, model) < 0.7), "output_tokens": 7.0}
        for item in items
        for model in ("ours-7b", "theirs")
    ]
    pq.write_table(pa.Table.from_pylist(scores), folder / "world_scores.parquet")
    observations = recorded(Folder(folder))
    options = fitting_to(observations, [folder])
    model = fit(observations, options)

    assert (options.anchors, options.facts) == ((), {})
    assert model.names == ("ours-7b", "theirs")
    assert fitting_to(observations * 5, [folder]).anchors == ("ours-7b", "theirs")
