"""The command line of a running installation, as a person and as a program use it."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.installation import RunningKyozon


def test_a_revoked_key_is_out_at_once(kyozon: RunningKyozon) -> None:
    secret = kyozon.key("short-lived")
    kyozon.openai(secret).models.list()
    kyozon.command("keys", "revoke", "short-lived")
    with pytest.raises(openai.AuthenticationError):
        kyozon.openai(secret).models.list()
    assert secret not in kyozon.command("keys", "list", "--json").stdout


def test_ask_explain_and_usage(kyozon: RunningKyozon) -> None:
    answer = kyozon.json("ask", "Say", "hello", "--model", "smollm2-135m-instruct", "--max-tokens", "20")
    assert answer["answer"].strip()
    shown = kyozon.command("explain", answer["decision"]).stdout
    assert "smollm2-135m-instruct" in shown
    assert "confidential" in shown
    assert "smollm2-135m-instruct" in kyozon.command("usage", "--by", "model").stdout
    assert "モデル" in kyozon.command("usage", "--by", "model", KYOZON_LANG="ja").stdout


def test_without_an_identifier_the_newest_decisions_are_listed(kyozon: RunningKyozon) -> None:
    secret = kyozon.key("listing", "--tenant", "listers", "--label", "internal")
    assert "no decisions" in kyozon.command("decisions", "list", "--tenant", "listers").stdout
    raw = kyozon.openai(secret).embeddings.with_raw_response.create(model="multilingual-e5-small", input="x")
    with pytest.raises(openai.PermissionDeniedError) as refused:
        kyozon.openai(secret, **{"x-kyozon-label": "restricted"}).chat.completions.create(
            model="rented-gpt", messages=[{"role": "user", "content": "?"}]
        )
    answered, denied = (told.headers["x-kyozon-decision"] for told in (raw, refused.value.response))
    listed = kyozon.json("decisions", "list", "--tenant", "listers")["data"]
    assert [(row["id"], row["outcome"]["status"]) for row in listed] == [(denied, "refused"), (answered, "answered")]
    assert [row["id"] for row in kyozon.json("decisions", "list", "--tenant", "listers", "--limit", "1")["data"]] == [
        denied
    ]
    shown = kyozon.command("decisions", "list", "--tenant", "listers").stdout
    assert shown.index(denied) < shown.index(answered)
    assert "refused (not_permitted)" in shown
    assert "listers" not in kyozon.command("decisions", "list").stdout
    assert "決定" in kyozon.command("decisions", "list", "--tenant", "listers", KYOZON_LANG="ja").stdout


def test_a_model_passed_over_because_it_fails_is_told_with_the_reason(kyozon: RunningKyozon, key: str) -> None:
    client = kyozon.openai(key)
    said: Any = [{"role": "user", "content": "Hello"}]
    for _ in range(10):
        with pytest.raises(openai.InternalServerError) as failed:
            client.chat.completions.create(model="gone-model", messages=said)
        if failed.value.code == "circuit_open":
            break
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=said, max_completion_tokens=4)
    shown = kyozon.command("explain", raw.headers["x-kyozon-decision"]).stdout
    (line,) = [line for line in shown.splitlines() if "gone-model" in line]
    assert "health: rests, kept failing" in line


def test_models_doctor_and_database(kyozon: RunningKyozon) -> None:
    listed = kyozon.json("models", "list")
    assert {card["id"] for card in listed["models"]} >= {"smollm2-135m-instruct", "multilingual-e5-small"}
    assert len(listed["catalogue"]) >= 15
    assert "Apache-2.0" in kyozon.command("models", "show", "smollm2-135m-instruct").stdout
    assert kyozon.json("db", "upgrade") == {"applied": []}
    assert all(finding["well"] for finding in kyozon.json("doctor"))


def test_a_wrong_file_is_reported_whole(kyozon: RunningKyozon) -> None:
    wrong = kyozon.folder / "wrong.toml"
    wrong.write_text('[server]\nprot = 1\n\n[providers.x]\nvendor = "nobody"\n', "utf-8")
    said = kyozon.command("models", "list", "--config", str(wrong), check=False)
    assert said.returncode == 2
    assert "line 2" in said.stderr
    assert "line 5" in said.stderr
    japanese = kyozon.command("models", "list", "--config", str(wrong), check=False, KYOZON_LANG="ja")
    assert "2 行目" in japanese.stderr


def test_unknown_things_say_what_to_do(kyozon: RunningKyozon) -> None:
    said = kyozon.command("explain", "dec_nothing", "--json", check=False)
    assert said.returncode == 2
    assert json.loads(said.stdout)["error"]["code"] == "not_found"


def test_the_embedded_files_are_for_their_owner_alone(kyozon: RunningKyozon) -> None:
    assert (kyozon.folder / "cli.key").stat().st_mode & 0o077 == 0
    assert (kyozon.folder / "postgres").stat().st_mode & 0o077 == 0
    assert (kyozon.folder / "logs").stat().st_mode & 0o077 == 0
    logs = list((kyozon.folder / "logs").iterdir())
    assert {path.name for path in logs} >= {"kyozon.log", "access.log"}
    assert [path.name for path in logs if path.stat().st_mode & 0o077] == []


def test_whichever_command_makes_the_folder_makes_it_for_its_owner(kyozon: RunningKyozon, tmp_path: Path) -> None:
    for folder, words in {"with-keys": ("keys", "list"), "with-model": ("models", "pull", "file:nothing.gguf")}.items():
        kyozon.command(*words, "--data-dir", str(tmp_path / folder), check=False)
        assert (tmp_path / folder).stat().st_mode & 0o066 == 0  # root lets the database's own account walk through
