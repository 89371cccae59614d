"""A restart without a failed request, and a stop that finishes what it has begun."""

import http.client
import json
import signal
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import openai
import pytest

from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour

CLIENTS = 6


def _config(rented: Rented, server: str = "") -> str:
    urls = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    return f"{urls}\n[local]\nenabled = false\n[server]\n{server}\n"


class _Client(threading.Thread):
    """Asks again and again on kept-alive connections until told to stop; notes decisions and failures."""

    def __init__(self, address: str, key: str, *, stream: bool) -> None:
        super().__init__(daemon=True)
        self._client = openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)
        self._stream = stream
        self.enough = threading.Event()
        self.decisions: list[str] = []
        self.failures: list[BaseException] = []

    def run(self) -> None:
        with self._client:
            while not self.enough.is_set():
                try:
                    raw = self._client.chat.completions.with_raw_response.create(
                        model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}], stream=self._stream
                    )
                    parsed = raw.parse()
                    if isinstance(parsed, openai.Stream):
                        assert [chunk.choices[0].finish_reason for chunk in parsed if chunk.choices][-1] == "stop"
                except (openai.APIError, httpx2.TransportError, AssertionError) as failure:
                    self.failures.append(failure)
                else:
                    self.decisions.append(raw.headers["x-kyozon-decision"])


@pytest.mark.timeout(120)
def test_a_successor_takes_over_without_a_failed_request(models: Path, rented: Rented, tmp_path: Path) -> None:
    rented.openai.default = Behaviour(text="Hello, world.", gap=0.02)
    first = RunningKyozon(tmp_path / "k", models, _config(rented)).start()
    second = RunningKyozon(tmp_path / "k", models, _config(rented))
    key = first.key("app", "--label", "internal")
    clients = [_Client(first.address, key, stream=number % 2 == 0) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        second.start("--replace")
        assert second.address == first.address
        assert first.process is not None
        assert first.process.wait(60) == 0
        before = sum(len(client.decisions) for client in clients)
        time.sleep(1.0)
    finally:
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join(30)
        first.stop()
        rented.openai.default = Behaviour()
    with closing(second):
        decisions = [decision for client in clients for decision in client.decisions]
        assert [failure for client in clients for failure in client.failures] == []
        assert len(decisions) > before > CLIENTS
        found = {finding["name"]: finding for finding in second.json("doctor")}
        assert "ledger sums to zero" in found["database"]["state"]
        outcomes = {second.json("explain", decision)["outcome"]["status"] for decision in decisions[:2] + decisions[-2:]}
        assert outcomes == {"answered"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_is_finished_and_nothing_new_is_taken(
    models: Path, rented: Rented, tmp_path: Path, how: signal.Signals
) -> None:
    kyozon = RunningKyozon(tmp_path / "k", models, _config(rented)).start()
    rented.openai.behaviours.append(Behaviour(text="Hello, world. " * 3, gap=0.3))
    answer = kyozon.openai(kyozon.key("app", "--label", "internal")).chat.completions.create(
        model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}], stream=True
    )
    next(iter(answer))
    with httpx2.Client(base_url=kyozon.address) as kept_alive:
        assert kept_alive.get("/health/ready").status_code == 200
        assert kyozon.process is not None
        kyozon.process.send_signal(how)
        until = time.monotonic() + 30
        while "connection" not in (told := kept_alive.get("/health/ready")).headers and time.monotonic() < until:
            time.sleep(0.02)
        assert (told.status_code, told.json()["parts"]["serving"]) == (503, False)
        assert told.headers["connection"] == "close"
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{kyozon.address}/health/live")
    assert [chunk.choices[0].finish_reason for chunk in answer if chunk.choices][-1] == "stop"
    assert kyozon.stop() == 0
    answer.close()


def test_a_connection_whose_answer_had_begun_carries_one_more_request(models: Path, rented: Rented, tmp_path: Path) -> None:
    with closing(RunningKyozon(tmp_path / "k", models, _config(rented)).start()) as kyozon:
        key = kyozon.key("app", "--label", "internal")
        rented.openai.behaviours.append(Behaviour(text="Hello, world. " * 3, gap=0.5))
        asked = {"model": "rented-gpt", "stream": True, "messages": [{"role": "user", "content": "Hello?"}]}
        place = urlsplit(kyozon.address)
        with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)) as connection:
            connection.request("POST", "/v1/chat/completions", json.dumps(asked), {"authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            answer.readline()
            assert kyozon.process is not None
            kyozon.process.send_signal(signal.SIGTERM)
            assert answer.read().endswith(b"data: [DONE]\n\n")
            sent_on = connection.sock
            connection.request("GET", "/health/live")
            told = connection.getresponse()
            assert connection.sock is None or connection.sock is sent_on  # http.client would open another one by itself
            assert (told.status, told.headers["connection"]) == (200, "close")
        assert kyozon.stop() == 0


def test_what_outlasts_the_drain_is_cut_and_settled(models: Path, rented: Rented, tmp_path: Path) -> None:
    kyozon = RunningKyozon(tmp_path / "k", models, _config(rented, "drain_seconds = 1")).start()
    rented.openai.behaviours.append(Behaviour(text="Hello, " * 50, gap=5.0))
    answer = kyozon.openai(kyozon.key("app", "--label", "internal")).chat.completions.create(
        model="rented-gpt", messages=[{"role": "user", "content": "Hello?"}], stream=True
    )
    assert any(chunk.choices[0].delta.content for chunk in answer)
    began = time.monotonic()
    assert kyozon.stop() == 0
    assert time.monotonic() - began < 20
    answer.close()
    found = kyozon.json("explain", answer.response.headers["x-kyozon-decision"])["outcome"]
    assert found["status"] in ("left", "broken")
    assert found["usage"]["output"] > 0
