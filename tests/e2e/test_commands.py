"""The command line of a running installation, as a person and as a program use it."""

import json

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
    answer = kyozon.json("ask", "Say", "hello", "--model", "smollm2-135m-instruct")
    assert answer["answer"].strip()
    shown = kyozon.command("explain", answer["decision"]).stdout
    assert "smollm2-135m-instruct" in shown
    assert "confidential" in shown
    assert "smollm2-135m-instruct" in kyozon.command("usage", "--by", "model").stdout
    assert "モデル" in kyozon.command("usage", "--by", "model", KYOZON_LANG="ja").stdout


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
