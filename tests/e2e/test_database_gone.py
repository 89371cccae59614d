"""The database server is killed under load: callers are told, nobody is called unknown, nothing acknowledged is lost."""

import os
import signal
import threading
import time
from pathlib import Path

import httpx2
import openai
import pytest

from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon

KILLS = 2


class _Client(threading.Thread):
    """Asks until told to stop; notes the decision of each whole answer and the status of each failure."""

    def __init__(self, address: str, key: str) -> None:
        super().__init__(daemon=True)
        self._client = openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)
        self.enough = threading.Event()
        self.acknowledged: list[str] = []
        self.failures: list[tuple[int, str, bool]] = []

    def run(self) -> None:
        with self._client:
            while not self.enough.is_set():
                try:
                    raw = self._client.chat.completions.with_raw_response.create(
                        model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}]
                    )
                except openai.APIStatusError as failure:
                    told = "retry-after" in failure.response.headers
                    self.failures.append((failure.status_code, str(failure.code), told))
                else:
                    self.acknowledged.append(raw.headers["x-kyozon-decision"])


def _postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "cluster" / "postmaster.pid").read_text("utf-8").splitlines()[0])


def _kill(folder: Path) -> None:
    """Kill it, and wait until another runs in its place."""
    before = _postmaster(folder)
    os.kill(before, signal.SIGKILL)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        time.sleep(0.1)
        try:
            if _postmaster(folder) != before:
                return
        except (FileNotFoundError, IndexError, ValueError):
            continue
    pytest.fail("the database server did not come back")


def test_it_comes_back_by_itself_and_everything_acknowledged_is_there(models: Path, rented: Rented, tmp_path: Path) -> None:
    config = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    with RunningKyozon(tmp_path / "k", models, f"{config}\n[local]\nenabled = false\n") as kyozon:
        limits = ("--requests-per-minute", "100000", "--tokens-per-minute", "9000000", "--money-per-month", "1000")
        key = kyozon.key("app", "--label", "internal", *limits)  # and none of them is taken for reached
        clients = [_Client(kyozon.address, key) for _ in range(3)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            time.sleep(1.0)
            _kill(kyozon.folder)
        after = sum(len(client.acknowledged) for client in clients)
        until = time.monotonic() + 120
        while sum(len(client.acknowledged) for client in clients) < after + 20 and time.monotonic() < until:
            time.sleep(0.1)
        for client in clients:
            client.enough.set()
            client.join(30)
        acknowledged = [decision for client in clients for decision in client.acknowledged]
        assert len(acknowledged) >= after + 20
        assert {failure for client in clients for failure in client.failures} <= {(503, "storage_unavailable", True)}
        with httpx2.Client(base_url=kyozon.address, headers={"authorization": f"Bearer {key}"}) as http:
            missing = [one for one in acknowledged if not http.get(f"/kyozon/v1/decisions/{one}").json()["outcome"]]
        assert missing == []
        found = {finding["name"]: finding for finding in kyozon.json("doctor")}
        assert "ledger sums to zero" in found["database"]["state"]
