"""Records for regulators, of a running installation: from real requests to pages that can be made again."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import openai
import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour

HELLO: Any = [{"role": "user", "content": "Say hello."}]


def ask(kyozon: RunningKyozon, key: str, model: str, **headers: str) -> str:
    """The id of the decision, made with these headers."""
    client = kyozon.openai(key, **headers)
    raw = client.chat.completions.with_raw_response.create(model=model, messages=HELLO, reasoning_effort="low")
    return raw.headers["x-kyozon-decision"]


def test_a_report_is_made_kept_and_made_again(kyozon: RunningKyozon, key: str, rented: Rented, tmp_path: Path) -> None:
    rented.openai.behaviours.append(Behaviour(text="Hello.", reasoning="I greet."))
    decision = ask(kyozon, key, "rented-gpt", **{"x-kyozon-purpose": "reports-test"})
    files = kyozon.json("report", "governance", "--out", str(tmp_path))["files"]
    assert {Path(file).name for file in files} == {
        "governance.en.md",
        "governance.ja.md",
        "governance.json",
        "governance.schema.json",
    }
    report, schema = (json.loads((tmp_path / f"governance{end}").read_text("utf-8")) for end in (".json", ".schema.json"))
    jsonschema_rs.validator_for(schema).validate(report)
    (lane,) = [row for row in report["recorded"]["transfers"] if row["purpose"] == "reports-test"]
    assert (lane["provider"], lane["zone"], lane["label"], lane["deliveries"]) == ("openai", "external", "internal", 1)
    assert {row["model"] for row in report["recorded"]["models"]} >= {"rented-gpt"}
    assert {figure["name"]: figure["value"] for figure in report["present"]["figures"]}["audit_sound"] == "yes"
    assert kyozon.json("report", "check", str(tmp_path / "governance.json")) == {"same": True, "differing": []}
    report["recorded"]["transfers"] = []
    (tmp_path / "forged.json").write_text(json.dumps(report), "utf-8")
    forged = kyozon.command("report", "check", str(tmp_path / "forged.json"), "--json", check=False)
    assert (forged.returncode, json.loads(forged.stdout)["differing"]) == (1, ["transfers"])
    incident = kyozon.json("report", "incident", "--decision", decision)
    assert [(one["decision"], one["provider"]) for one in incident["exposures"]] == [(decision, "openai")]
    jsonschema_rs.validator_for(json.loads(kyozon.command("report", "schema", "incident").stdout)).validate(incident)


def test_a_decision_explains_what_would_have_changed_it(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    rented.openai.behaviours.append(Behaviour(text="Hello.", reasoning="I greet."))
    decision = ask(kyozon, key, "rented-gpt")
    found = kyozon.json("explain", decision)
    flips = {flip["text"]["en"]: flip["after"] for flip in found["reasons"]["counterfactuals"]}
    assert flips["label confidential instead of internal"] is None
    assert found["reasons"]["code_version"]
    redacted = kyozon.json("explain", decision, "--clearance", "public")
    assert redacted["redacted"] is True
    assert "label" not in redacted
    thought = kyozon.json("explain", decision, "--reasoning")
    assert (thought["text"], thought["label"]) == ("I greet.", "internal")
    assert "own account" in kyozon.command("explain", decision, "--reasoning").stdout
    assert kyozon.command("explain", decision, "--reasoning", "--clearance", "public", check=False).returncode == 2


def test_refusals_stand_under_their_rule(kyozon: RunningKyozon, key: str, rented: Rented, tmp_path: Path) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        ask(kyozon, key, "rented-gpt", **{"x-kyozon-label": "restricted+pii"})
    assert rented.openai.received == []
    kyozon.command("report", "governance", "--out", str(tmp_path), "--no-audit", "--lang", "ja")
    text = (tmp_path / "governance.ja.md").read_text("utf-8")
    assert "ルール clearance による拒否" in text
    assert "監査ログがコミット時のまま: 取得不可" in text
    assert not (tmp_path / "governance.en.md").exists()
