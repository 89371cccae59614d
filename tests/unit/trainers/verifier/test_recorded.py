"""Recorded answers are read from a folder and shown as they looked when fewer of the others were there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kyozon.routing.verifying.features import NAMES
from kyozon.trainers.verifier.recorded import cases, sources

_SCORES = {"strong": 1.0, "middle": 0.5, "weak": 0.0}


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    items = [{"item_id": str(place), "fold": place % 2, "prompt": f"What is {place} + 1?"} for place in range(6)]
    scores = [{"item_id": str(place), "model": model, "score": _SCORES[model]} for place in range(6) for model in _SCORES]
    outputs = [
        {"item_id": str(place), "model": model, "output": f"#### {place + 1 if model == 'middle' else 0}"}
        for place in range(5)
        for model in ("middle", "weak")
    ]
    _write(tmp_path / "sums_items.parquet", items)
    _write(tmp_path / "sums_scores.parquet", scores)
    _write(tmp_path / "sums_outputs.parquet", outputs)
    return tmp_path


def test_each_answer_comes_alone_and_beside_the_others(folder: Path) -> None:
    (source,) = sources(folder)
    found = list(cases(source))
    assert len(found) == 5 * 2 * 2
    assert {case.about for case in found} == {f"{place} {model}" for place in range(5) for model in ("middle", "weak")}
    assert {(case.about.split()[1], case.good, case.stronger) for case in found} == {
        ("middle", 0.5, 1.0),
        ("weak", 0.0, 1.0),
    }
    counts = [case.features[NAMES.index("others")] for case in found]
    assert counts == [float(case.others) for case in found]


def test_expectations_of_the_prompt_come_from_the_other_folds(folder: Path) -> None:
    (source,) = sources(folder)
    expected = {case.about.split()[1]: case.features[NAMES.index("expected of the prompt")] for case in cases(source)}
    assert expected["weak"] < expected["middle"]
    assert np.isfinite(list(expected.values())).all()


def test_a_folder_without_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no recorded answers"):
        list(sources(tmp_path))
