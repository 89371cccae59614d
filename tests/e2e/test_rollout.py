"""A better file of estimates goes live by itself, a worse one goes back by itself; two servers agree, whatever dies."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec import structs

from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.storage.embedded import EmbeddedPostgres
from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon

SHIPPED = Path("src/kyozon/routing/estimating/quality.msgpack")
SETTINGS = """
[local]
enabled = false

[routing]
trial_least = 6
trial_margin = 0.5
"""
BAD = "gemini"
PATIENCE = 20.0


class Servers:
    """Two, on one database, asked in turn; each answer is judged by the model that gave it."""

    def __init__(self, running: list[RunningKyozon]) -> None:
        self.running = running
        self.key = running[0].key("trial", "--label", "internal", "--quality", "max", "--admin")
        self._asked = 0

    def use(self, requests: int) -> list[str]:
        """So many conversations; the ids of their decisions."""
        decisions = []
        with httpx2.Client(headers={"authorization": f"Bearer {self.key}"}) as client:
            for _ in range(requests):
                self._asked += 1
                address = self.running[self._asked % len(self.running)].address
                said = {
                    "model": "auto",
                    "messages": [{"role": "user", "content": f"Why does {self._asked} matter to people?"}],
                }
                answered = client.post(f"{address}/v1/chat/completions", json=said)
                assert answered.status_code == 200, answered.text
                decisions.append(answered.headers["x-kyozon-decision"])
                score = 0.0 if BAD in answered.headers["x-kyozon-model"] else 1.0
                judged = client.post(f"{address}/kyozon/v1/feedback", json={"decision_id": decisions[-1], "score": score})
                assert judged.status_code == 200, judged.text
        return decisions

    def standing(self) -> list[tuple[str, str]]:
        """By which version each server decides, and the stage of the newest."""
        found = []
        for server in self.running:
            told = self._get(server, "router")
            found.append((told["estimator"], told["rollouts"][0]["stage"]))
        return found

    def follow(self, version: str, stage: str) -> None:
        """Wait until all of them follow a version."""
        until = time.monotonic() + PATIENCE
        while (found := self.standing()) != [(version, stage)] * len(self.running):
            assert time.monotonic() < until, found
            time.sleep(0.05)

    def trial(self, decision: str) -> dict[str, Any]:
        """What stands on record of the version that is tried."""
        return dict(self._get(self.running[0], f"decisions/{decision}")["trial"])

    def _get(self, server: RunningKyozon, what: str) -> dict[str, Any]:
        found = httpx2.get(f"{server.address}/kyozon/v1/{what}", headers={"authorization": f"Bearer {self.key}"})
        assert found.status_code == 200, found.text
        return dict(found.json())


@pytest.fixture
def servers(models: Path, rented: Rented, tmp_path: Path) -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="kz-"))
    postgres = EmbeddedPostgres(folder / "postgres")
    dsn = postgres.start()
    urls = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    running = [RunningKyozon(tmp_path / name, models, urls + SETTINGS) for name in ("one", "two")]
    with closing(running[0]), closing(running[1]):
        for server in running:
            server.environ["KYOZON_DATABASE_URL"] = dsn
            server.start()
        yield Servers(running)
    postgres.stop()
    shutil.rmtree(folder)


def _file(folder: Path, admired: str) -> Path:
    """The shipped estimates with one model taken for much better than all others."""
    model = QualityModel.read(SHIPPED.read_bytes())
    known = tuple(
        structs.replace(one, place=one.place + (12.0 if one.name.startswith(admired) else 0.0))
        for one in model.contents.models
    )
    file = folder / f"{admired}.msgpack"
    file.write_bytes(QualityModel(structs.replace(model.contents, models=known)).write())
    return file


@pytest.mark.timeout(240)
def test_a_better_version_goes_live_and_a_worse_one_goes_back(servers: Servers, tmp_path: Path) -> None:
    first, second = servers.running
    begun = first.json("route", "try", str(_file(tmp_path, "gpt-4o-mini")), "--share", "50", "--note", "from use")
    better, own = begun["version"], begun["instead"]
    servers.follow(own, "shadow")
    shadow = servers.trial(servers.use(6)[0])
    assert (shadow["version"], shadow["stage"], shadow["used"], shadow["differs"]) == (better, "shadow", False, True)
    assert "gpt-4o-mini" in shadow["choice"]
    assert first.json("route", "versions", "--check")["rollouts"][0]["stage"] == "share"
    second.kill()
    second.start()  # it comes back into the middle of a trial
    servers.follow(own, "share")
    decisions = servers.use(30)
    while (standing := first.json("route", "versions", "--check"))["rollouts"][0]["stage"] == "share":
        assert "answers must be judged" in standing["missing"][0]
        servers.use(10)
    assert standing["followed"] == better
    servers.follow(better, "whole")
    used = next(decision for decision in decisions if servers.trial(decision)["used"])
    assert "The same again" in first.command("explain", used, "--replay").stdout
    assert first.json("route", "explain", "Why?", "--quality", "max", "--label", "internal")["estimator"] == better

    worse = second.json("route", "try", str(_file(tmp_path, "gemini-2.5-flash")), "--share", "50")
    assert worse["instead"] == better
    second.command("route", "promote", "--reason", "to have it over with")
    servers.follow(better, "share")
    servers.use(30)
    while (standing := first.json("route", "versions", "--check"))["rollouts"][0]["stage"] == "share":
        servers.use(10)
    assert (standing["rollouts"][0]["stage"], standing["followed"]) == ("rolled_back", better)
    servers.follow(better, "rolled_back")
    assert first.json("route", "back")["version"] == better
    servers.follow(own, "rolled_back")


def test_people_read_it_in_their_language(kyozon: RunningKyozon, tmp_path: Path) -> None:
    assert "the settings' own" in kyozon.command("route", "versions").stdout
    wrong = tmp_path / "wrong.msgpack"
    wrong.write_bytes(b"nothing that a fit has written")
    refused = kyozon.command("route", "try", str(wrong), check=False, KYOZON_LANG="ja")
    assert (refused.returncode, "予測モデルのファイルではありません" in refused.stderr) == (2, True)
    assert "戻す対象がありません" in kyozon.command("route", "back", check=False, KYOZON_LANG="ja").stderr
