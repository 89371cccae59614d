"""A model joins by results and by probes, and the router learns from what people say: by commands, on a running server."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from kyozon.evaluation.probes import PROBES
from kyozon.routing.estimating.quality_model import QualityModel
from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.upstream import Behaviour

MODEL = "rented-gpt"
JUDGED = 21


@pytest.fixture(scope="module")
def key(kyozon: RunningKyozon) -> str:
    return kyozon.key("taught", "--tenant", "taught", "--label", "internal", "--quality", "economy")


def told(kyozon: RunningKyozon, key: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{kyozon.address}/kyozon/v1/feedback",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        assert answer.status in (200, 201)


def test_a_model_joins_by_results_from_a_file(kyozon: RunningKyozon, tmp_path: Path) -> None:
    rows = [{"prompt": f"What is {n} plus {n}?", "score": 0, "output_tokens": 9} for n in range(30)]
    results, out = tmp_path / "results.jsonl", tmp_path / "joined.msgpack"
    results.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    found = kyozon.json("route", "join", "rented-claude", "--results", str(results), "--out", str(out))
    assert found["compared"]["results"] == 30
    before, after = found["compared"]["before"], found["compared"]["after"]
    assert after["quality"] < before["quality"]
    assert 0 < after["low"] < after["quality"] < after["high"] < before["high"]
    assert QualityModel.read(out.read_bytes()).version == found["version"] != found["from"]

    words = ("route", "join", "rented-claude", "--results", str(results), "--from", str(out), "--out")
    hint = kyozon.command("route", "explain", "What is 2 plus 2?", "--label", "internal").stdout
    assert "Known by their cards alone: " in hint
    refused = kyozon.command(*words, str(results), check=False)
    assert (refused.returncode, "exists already" in refused.stderr) == (2, True)
    assert len(results.read_text("utf-8").splitlines()) == len(rows)
    assert "段階的に適用" in kyozon.command(*words, str(out), "--force", KYOZON_LANG="ja").stdout


def test_a_model_joins_by_probes_through_the_server(kyozon: RunningKyozon, rented: Rented, tmp_path: Path) -> None:
    out = tmp_path / "probed.msgpack"
    refused = kyozon.command("route", "probe", MODEL, "--out", str(out), check=False)
    assert refused.returncode == 1
    assert "40 questions to openai/rented-gpt will cost about" in refused.stderr
    assert not rented.openai.received
    rented.openai.behaviours.extend(Behaviour(text=probe.answer) for probe in PROBES)
    found = kyozon.json("route", "probe", MODEL, "--yes", "--out", str(out))
    assert len(rented.openai.received) == len(PROBES)
    assert found["compared"] | {"results": 40, "score": 1.0} == found["compared"]
    assert found["compared"]["after"]["quality"] > found["compared"]["before"]["quality"]
    assert found["right"][0] == {"kind": "sums", "right": 12, "asked": 12}
    assert "metadata" not in rented.openai.received[0].json


def test_probing_asks_nothing_in_vain(kyozon: RunningKyozon, rented: Rented, tmp_path: Path) -> None:
    nowhere, out = tmp_path / "none" / "q.msgpack", tmp_path / "q.msgpack"
    for model, path, why in ((MODEL, nowhere, "there is no folder"), ("auto", out, "'auto' is no single chat model")):
        refused = kyozon.command("route", "probe", model, "--yes", "--out", str(path), check=False)
        assert (refused.returncode, why in refused.stderr) == (2, True)
    assert "auto" not in refused.stderr.partition("Known: ")[2]
    assert not rented.openai.received

    rented.openai.behaviours.extend([Behaviour(text="1"), Behaviour(status=400)])
    broken = kyozon.command("route", "probe", MODEL, "--yes", "--out", str(out), check=False)
    assert broken.returncode != 0
    assert (
        "question 2 of 40 was not answered, so nothing was written. The answers before it (1) are charged" in broken.stderr
    )
    assert (len(rented.openai.received), out.exists()) == (2, False)

    rented.openai.behaviours.extend(Behaviour(text="I do not know.") for _ in PROBES)
    shown = kyozon.command("route", "probe", MODEL, "--yes", "--out", str(out))
    assert "0 of 12 right" in shown.stdout
    assert "Only 0 of 40 are right" in shown.stderr
    assert "40/40" not in shown.stderr


@pytest.mark.usefixtures("rented")
def test_the_router_learns_from_what_people_say(kyozon: RunningKyozon, key: str, tmp_path: Path) -> None:
    client, out = kyozon.openai(key), tmp_path / "learnt.msgpack"
    early = kyozon.command("route", "learn", "--tenant", "taught", "--out", str(out), check=False)
    assert "no decision of tenant taught" in early.stderr, early.stderr
    assert (early.returncode, out.exists()) == (2, False)
    for number in range(JUDGED):
        said: Any = [{"role": "user", "content": f"Explain the number {number} to a child, please."}]
        raw = client.chat.completions.with_raw_response.create(model="auto", messages=said)
        told(kyozon, key, {"decision_id": raw.headers["x-kyozon-decision"], "score": 0})
    shown = kyozon.command("route", "learn", "--tenant", "taught", "--out", str(out)).stdout
    found = QualityModel.read(out.read_bytes())
    assert any(known.judged is not None for known in found.contents.models)
    assert f"Wrote version {found.version}" in shown
    assert "more strictly" in shown
