"""Canaries of an installation: made by its first start and by the command; an alarm reaches the log and the audit log."""

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from kyozon.bootstrap import canaries
from kyozon.cli import main
from kyozon.services.lasting import Lasting
from kyozon.settings import Settings, load
from tests.fakes.installation import api_key
from tests.fakes.provenance import MemoryTrail
from tests.fakes.vendor_rows import VENDORS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "kyozon.toml"
    file.write_text(f'[server]\ndata_dir = "{tmp_path / "kept"}"\n', "utf-8")
    return load(file, {}, VENDORS)


def run(tmp_path: Path, *words: str) -> str:
    arguments = ["canary", *words, "--config", str(tmp_path / "kyozon.toml")]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    return done.output if done.exit_code == 0 else f"exit {done.exit_code}"


async def test_an_alarm_is_logged_and_audited_without_the_token(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    trail, lasting = MemoryTrail(), Lasting()
    lookout = canaries.watch(settings, trail, lasting)
    (first,) = canaries.kept(settings).all()
    with caplog.at_level(logging.ERROR, "kyozon.canary"):
        lookout.answers(api_key(), "dec_1").hear(f"It is {first.token}.")
    await lasting.drain()

    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["event"], line["canary"], line["place"], line["decision"]) == ("canary", "deployment", "answer", "dec_1")
    assert first.token not in str(line)
    (event,) = trail.events
    assert (event.action, event.object, event.user, event.detail["canary"]) == ("canary:seen", "dec_1", "ann", "deployment")


def test_the_command_makes_and_lists_them(settings: Settings, tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "list", "--json")) == {"data": []}
    made = json.loads(run(tmp_path, "new", "prompt", "--label", "confidential+pii", "--owner", "research", "--json"))
    (found,) = json.loads(run(tmp_path, "list", "--json"))["data"]

    assert made == found
    assert (found["name"], found["label"], found["owner"]) == ("prompt", "confidential+pii", "research")
    assert canaries.kept(settings).all()[0].token == made["token"]
    assert made["token"] in run(tmp_path, "list")
    assert run(tmp_path, "new", "prompt") == run(tmp_path, "new", "x", "--label", "secret") == "exit 2"
