from pathlib import Path

import msgspec
import pytest

from bench.pii.__main__ import main
from bench.pii.texts import read
from tests.samples.personal import samples


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """The tests' own samples in the benchmark's form."""
    lines = []
    for number, sample in enumerate(samples()):
        row = {
            "id": f"s{number}",
            "lang": "en" if sample.text.isascii() else "ja",
            "kind": "pii" if sample.spans else "hard_negative",
            "template": f"t{number}",
            "text": sample.text,
            "spans": [{"start": start, "end": end, "type": kind, "value": "-"} for start, end, kind in sample.spans],
        }
        lines.append(msgspec.json.encode(row))
    path = tmp_path / "texts.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_a_quick_run_prints_its_tables_and_writes_flat_figures(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(texts), "--quick", "--json", str(tmp_path / "figures.json")]) == 0

    found = msgspec.json.decode((tmp_path / "figures.json").read_bytes(), type=dict[str, float])
    assert found["precision"] > 0.97 < found["recall"]
    assert {"f1", "f1_ja", "f1_en", "recall.PERSON", "leaked_spans", "hard_negative_rate", "cpu_ms_per_kb"} <= found.keys()
    assert found["cpu_ms_per_kb"] > 0
    printed = capsys.readouterr().out
    assert "By type" in printed
    assert "report half" in printed


def test_a_file_without_texts_is_no_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    with pytest.raises(ValueError, match="no texts"):
        read(empty)
