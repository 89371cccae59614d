"""The audit log of a running installation: sealed by itself, proved to a stranger, and sound after a person is erased."""

import copy
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.installation import RunningKyozon

WORDS = "canary words of somebody"


def sealed(kyozon: RunningKyozon, least: int) -> dict[str, Any]:
    """The report, as soon as so many records are sealed."""
    for _ in range(100):
        report: dict[str, Any] = kyozon.json("audit", "verify")
        if report["leaves"] >= least and not report["waiting"]:
            return report
        time.sleep(0.1)
    raise AssertionError(report)


def asked(kyozon: RunningKyozon, key: str) -> str:
    """The decision of a chat whose answer is kept, for a repetition and in the cache."""
    client = kyozon.openai(key, **{"idempotency-key": "once", "x-kyozon-cache": "exact"})
    raw = client.chat.completions.with_raw_response.create(
        model="rented-gpt", messages=[{"role": "user", "content": WORDS}], temperature=0
    )
    return str(raw.headers["x-kyozon-decision"])


def test_what_the_server_does_is_sealed_and_sent_out(kyozon: RunningKyozon, key: str) -> None:
    before = sealed(kyozon, 1)["leaves"]
    asked(kyozon, key)
    report = sealed(kyozon, before + 2)
    assert (report["sound"], report["findings"]) == (True, [])
    assert report["outside"] >= 1
    assert list((kyozon.folder / "audit").glob("checkpoints-*.txt"))
    actions = {event["action"] for event in kyozon.json("audit", "events", "--limit", "1000")["data"]}
    assert {"policy:loaded", "key:issued"} <= actions
    assert "すべて署名時のとおりです" in kyozon.command("audit", "verify", KYOZON_LANG="ja").stdout


def test_a_stranger_checks_a_proof(kyozon: RunningKyozon, key: str, tmp_path: Path) -> None:
    decision = asked(kyozon, key)
    old = kyozon.json("audit", "checkpoint")
    for name, words in {
        "verify.py": ("audit", "verifier"),
        "decision.json": ("audit", "prove", decision),
        "outcome.json": ("audit", "prove", decision, "--outcome"),
    }.items():
        (tmp_path / name).write_text(kyozon.command(*words).stdout, "utf-8")
    new = kyozon.json("audit", "checkpoint")
    (tmp_path / "old.txt").write_text(old["note"], "utf-8")
    (tmp_path / "grown.json").write_text(
        kyozon.command("audit", "consistency", str(tmp_path / "old.txt"), str(new["size"])).stdout, "utf-8"
    )
    for name in ("decision.json", "outcome.json", "grown.json"):
        command = [sys.executable, "verify.py", name, kyozon.json("audit", "key")["key"]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout[:3]) == (0, "OK:"), done.stdout + done.stderr
    proof = json.loads((tmp_path / "decision.json").read_text("utf-8"))
    assert WORDS not in str(proof)
    assert proof["record"]["user"].startswith("sub_")


def test_who_is_erased_is_out_and_the_log_is_sound(kyozon: RunningKyozon) -> None:
    secret = kyozon.key("canary-key", "--user", "canary-person", "--label", "internal")
    decision = asked(kyozon, secret)
    assert kyozon.json("explain", decision)["user"] == "canary-person"
    hold = kyozon.json("audit", "hold", "--reason", "case 12")["id"]
    assert kyozon.command("audit", "erase", "--user", "canary-person", "--yes", check=False).returncode == 2
    assert hold in [held["id"] for held in kyozon.json("audit", "holds")["data"] if held["lifted_at"] is None]
    kyozon.json("audit", "lift", hold)
    erased = kyozon.json("audit", "erase", "--user", "canary-person", "--yes")
    assert (erased["keys"], erased["deleted"]) == (1, 2)
    assert erased["records"] == 2  # the decision, and that the key was issued
    with pytest.raises(openai.AuthenticationError):
        asked(kyozon, secret)
    assert kyozon.json("explain", decision)["user"] == erased["subjects"][0]
    told = [kyozon.command("keys", "list", "--json").stdout, kyozon.command("audit", "events", "--json").stdout]
    assert not [text for text in told if "canary-person" in text or "canary-key" in text]
    assert sealed(kyozon, 1)["sound"]
    assert kyozon.command("audit", "prune", "--before", "2999-01-01", check=False).returncode == 2


def test_a_server_whose_key_does_not_count_says_that_nothing_is_sealed(kyozon: RunningKyozon, tmp_path: Path) -> None:
    assert kyozon.started["unsealed"] is None
    assert sealed(kyozon, 1)["sound"]
    config = tmp_path / "kyozon.toml"
    config.write_text(f'[local]\nenabled = false\n[audit]\nkeys = "{tmp_path / "other"}"\n', "utf-8")
    other = copy.copy(kyozon)
    other.clients, other.environ = [], {**kyozon.environ, "KYOZON_CONFIG": str(config)}
    with own_run_file(kyozon), other:
        assert "another key" in other.started["unsealed"]
        assert "Nothing is sealed" in other.command("doctor", check=False).stdout


@contextmanager
def own_run_file(kyozon: RunningKyozon) -> Iterator[None]:
    """Another server of the same folder says there that it runs, and takes that back: commands find the first one after."""
    place = Path(kyozon.environ["KYOZON_DATA_DIR"]) / "run.json"
    before = place.read_bytes()
    yield
    place.write_bytes(before)
