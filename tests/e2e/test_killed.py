"""kill -9 at random moments: nothing acknowledged is missing afterwards, and the ledger sums to zero."""

import random
import threading
import time
from pathlib import Path

import httpx2
import openai
import pytest

from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon

REQUESTS = 200
KILLS = 4


class _Load(threading.Thread):
    """One client that asks again and again and notes the decision of every whole answer it was given."""

    def __init__(self, kyozon: RunningKyozon, key: str, count: int) -> None:
        super().__init__()
        self._kyozon = kyozon
        self._key = key
        self._count = count
        self.acknowledged: list[str] = []

    def run(self) -> None:
        chance = random.Random(id(self))  # noqa: S311 - a test's mixture
        done = 0
        while done < self._count:
            try:
                raw = self._kyozon.openai(self._key).chat.completions.with_raw_response.create(
                    model="rented-gpt",
                    messages=[{"role": "user", "content": str(chance.random())}],
                    stream=chance.random() < 0.5,
                )
                parsed = raw.parse()
                if isinstance(parsed, openai.Stream):
                    list(parsed)
            except (openai.APIError, httpx2.TransportError):  # the SDK lets the latter through in mid-stream
                time.sleep(0.05)
                continue
            self.acknowledged.append(raw.headers["x-kyozon-decision"])
            done += 1


@pytest.mark.timeout(240)
def test_kill_minus_nine_loses_nothing_acknowledged(models: Path, rented: Rented, tmp_path: Path) -> None:
    config = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    kyozon = RunningKyozon(tmp_path / "k", models, f"{config}\n[local]\nenabled = false\n")
    with kyozon:
        acknowledged, key = _under_fire(kyozon)
        assert len(acknowledged) == REQUESTS
        assert set(acknowledged) <= _settled(kyozon, key)
        assert kyozon.stop() == 0
    findings = {finding["name"]: finding for finding in kyozon.json("doctor")}
    assert "ledger sums to zero" in findings["database"]["state"]


def _under_fire(kyozon: RunningKyozon) -> tuple[list[str], str]:
    key = kyozon.key("load", "--label", "internal")
    loads = [_Load(kyozon, key, REQUESTS // 4) for _ in range(4)]
    for load in loads:
        load.start()
    chance = random.Random(1)  # noqa: S311 - a test's mixture
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.6))
        kyozon.kill()
        kyozon.start()
    for load in loads:
        load.join()
    return [decision for load in loads for decision in load.acknowledged], key


def _settled(kyozon: RunningKyozon, key: str) -> set[str]:
    """Every decision of the key that has a whole answer on record; none may be open."""
    found: set[str] = set()
    after: str | None = None
    while True:
        options = {"limit": 100, **({"after": after} if after else {})}
        page = kyozon.openai(key).get(f"{kyozon.address}/kyozon/v1/decisions", cast_to=dict, options={"params": options})
        for record in page["data"]:
            assert record["outcome"] is not None, record["id"]
            if record["outcome"]["status"] == "answered":
                found.add(record["id"])
        if not page["has_more"]:
            return found
        after = page["data"][-1]["id"]
