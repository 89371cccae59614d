"""Limits hold for all servers of one installation together: hammered, killed, restarted."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import openai
import pytest

from kyozon.storage.embedded import EmbeddedPostgres
from tests.e2e.conftest import CONFIG, Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour
from tests.fakes.upstream import USAGE

ASK: dict[str, Any] = {
    "model": "rented-gpt",
    "messages": [{"role": "user", "content": "Hello?"}],
    "max_completion_tokens": 20,
}
LIMIT = 60


class _Client(threading.Thread):
    """Asks until told to stop, and notes when it was answered and how it was refused."""

    def __init__(self, kyozon: RunningKyozon, key: str) -> None:
        super().__init__(daemon=True)
        self._client = openai.OpenAI(base_url=f"{kyozon.address}/v1", api_key=key, max_retries=0)
        self.enough = threading.Event()
        self.answered: list[float] = []
        self.refused: list[str] = []

    def run(self) -> None:
        with self._client:
            while not self.enough.is_set():
                try:
                    self._client.chat.completions.create(**ASK)
                except openai.RateLimitError as refusal:
                    self.refused.append(str(refusal.code))
                    time.sleep(0.02)
                except (openai.APIConnectionError, httpx2.TransportError):  # its server was killed
                    return
                else:
                    self.answered.append(time.monotonic())


def _hammer(servers: list[RunningKyozon], key: str, seconds: float) -> list[_Client]:
    clients = [_Client(server, key) for server in servers for _ in range(2)]
    for client in clients:
        client.start()
    time.sleep(seconds)
    for client in clients:
        client.enough.set()
    for client in clients:
        client.join(30)
    return clients


def _answers(clients: list[_Client]) -> list[float]:
    return sorted(moment for client in clients for moment in client.answered)


@pytest.fixture
def postgres() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="kz-"))
    server = EmbeddedPostgres(folder / "postgres")
    yield server.start()
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def servers(postgres: str, models: Path, rented: Rented, tmp_path: Path) -> Iterator[list[RunningKyozon]]:
    """Two, on one database."""
    urls = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    found = [RunningKyozon(tmp_path / name, models, f"{urls}\n[local]\nenabled = false\n") for name in ("one", "two")]
    with closing(found[0]), closing(found[1]):
        for server in found:
            server.environ["KYOZON_DATABASE_URL"] = postgres
            server.start()
        yield found


def _answer(server: RunningKyozon, key: str) -> Any:
    return server.openai(key).chat.completions.with_raw_response.create(**ASK)


async def _left(dsn: str) -> list[int]:
    """How many servers and leases the database knows of."""
    connection = await asyncpg.connect(dsn)
    found = [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ("running_server", "limit_lease")]  # noqa: S608 - constants
    await connection.close()
    return found


def _cost(server: RunningKyozon, key: str) -> Decimal:
    """What one answer costs: of a key of its own, from the ledger."""
    decision = _answer(server, key).headers["x-kyozon-decision"]
    return Decimal(server.json("explain", decision)["outcome"]["charge"]["amount"])


@pytest.mark.timeout(240)
def test_two_servers_grant_what_one_would(servers: list[RunningKyozon], postgres: str) -> None:
    first, second = servers
    label = ("--label", "internal")
    requests = first.key("requests", *label, "--requests-per-minute", str(LIMIT))
    _answer(first, requests)  # this server holds the whole limit now, and must part with it
    began = time.monotonic()
    assert int(_answer(second, requests).headers["x-ratelimit-limit-requests"]) == LIMIT
    found = _hammer(servers, requests, 6.0)
    lasted = time.monotonic() - began
    assert LIMIT - 2 <= len(_answers(found)) <= LIMIT + lasted * LIMIT / 60 - 2
    assert all(code == "rate_limit_exceeded" for client in found for code in client.refused)
    assert all(client.answered for client in found)

    tokens, began = first.key("tokens", *label, "--tokens-per-minute", "900"), time.monotonic()
    used = USAGE["total_tokens"] * len(_answers(_hammer(servers, tokens, 4.0)))
    assert 700 <= used <= 900 + (time.monotonic() - began) * 900 / 60

    cost = _cost(first, first.key("price", *label))
    budget = cost * 40
    money = first.key("money", *label, "--money-per-month", str(budget))
    found = _hammer(servers, money, 5.0)
    (spent,) = [Decimal(row["amount"]) for row in first.json("usage", "--by", "key")["data"] if row["group"] == "money"]
    assert spent == cost * len(_answers(found))
    assert budget * 3 / 4 < spent <= budget
    assert {code for client in found for code in client.refused} == {"insufficient_quota"}
    assert [server.stop() for server in servers] == [0, 0]
    assert asyncio.run(_left(postgres)) == [0, 0]


@pytest.mark.timeout(240)
def test_a_killed_server_takes_its_share_along_and_its_requests_are_closed(
    servers: list[RunningKyozon], rented: Rented
) -> None:
    first, second = servers
    key = first.key("shared", "--label", "internal", "--requests-per-minute", str(LIMIT), "--money-per-month", "1")
    began = time.monotonic()
    for _ in range(20):
        _answer(second, key)
        _answer(first, key)
    rented.openai.behaviours.append(Behaviour(text="Hello, " * 50, gap=5.0))
    stream = first.openai(key).chat.completions.create(**ASK, stream=True)
    next(iter(stream))
    lost = stream.response.headers["x-kyozon-decision"]
    first.kill()
    stream.close()
    clients = [_Client(second, key) for _ in range(2)]
    for client in clients:
        client.start()
    until = time.monotonic() + 40
    while second.json("explain", lost)["outcome"] is None and time.monotonic() < until:
        time.sleep(0.5)
    assert second.json("explain", lost)["outcome"]["status"] == "lost"
    time.sleep(3.0)
    for client in clients:
        client.enough.set()
        client.join(30)
    answered = _answers(clients)
    assert 41 + len(answered) <= LIMIT + (answered[-1] - began) * LIMIT / 60
    recent = [moment for moment in answered if moment > time.monotonic() - 3.0]
    assert recent, "what the dead server held has not come back"
    assert int(_answer(second, second.key("other", "--label", "internal")).http_response.status_code) == 200


@pytest.mark.timeout(240)
@pytest.mark.parametrize("how", ["replace", "kill"])
def test_a_restart_refills_nothing(models: Path, rented: Rented, tmp_path: Path, how: str) -> None:
    urls = CONFIG.format(openai=rented.openai.url, anthropic=rented.anthropic.url, gemini=rented.gemini.url)
    config = f"{urls}\n[local]\nenabled = false\n"
    first, second = (RunningKyozon(tmp_path / "k", models, config) for _ in range(2))
    with closing(first), closing(second):
        first.start()
        key = first.key("app", "--label", "internal", "--requests-per-minute", str(LIMIT))
        began = time.monotonic()
        for _ in range(40):
            _answer(first, key)
        if how == "kill":
            first.kill()
            second.start()
        else:
            second.start("--replace")
            assert first.process is not None
            assert first.process.wait(60) == 0
        again = _answers(_hammer([second], key, 3.0))
        granted = 40 + len(again)
        lasted = time.monotonic() - began
        assert granted <= LIMIT + lasted * LIMIT / 60
        assert granted >= LIMIT or how == "kill"
        assert again or how == "kill"
