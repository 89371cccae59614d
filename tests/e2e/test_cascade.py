"""A cheap model begins, its answer is judged, and a stronger one is asked: with real processes, clients and accounts."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour
from tests.samples.sums import BAD, GOOD, QUESTION

CONFIG = """\
[routing]
quality = "balanced"

[providers.mine]
format = "openai"
base_url = "{url}/v1"
zone = "host"

[models.mine-small]
provider = "mine"
upstream = "gpt-4o-mini"
context = 8000
prices = [{{ valid_from = 2025-01-01, input = "0.15", output = "0.60", source = "test" }}]

[models.mine-large]
provider = "mine"
upstream = "gpt-4o"
context = 8000
prices = [{{ valid_from = 2025-01-01, input = "2.50", output = "10.00", source = "test" }}]
"""
SMALL, LARGE = Decimal("0.00000585"), Decimal("0.0000975")
"""What 11 tokens in and 7 out cost: what the fake reports of each answer."""
_PATIENCE_SECONDS = 20
SAID: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def own(models: Path, _rented: Rented) -> Iterator[RunningKyozon]:
    folder = Path(tempfile.mkdtemp(prefix="kz-cascade-"))
    with RunningKyozon(folder, models, CONFIG.format(url=_rented.openai.url)) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def client(own: RunningKyozon) -> openai.OpenAI:
    return own.openai(own.key("sums", "--label", "internal"))


def asked(client: openai.OpenAI, **fields: Any) -> tuple[str, str]:
    """What was answered, and the id of its decision."""
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=SAID, max_tokens=300, **fields)
    return str(raw.parse().choices[0].message.content), raw.headers["x-kyozon-decision"]


def spent(own: RunningKyozon) -> Decimal:
    return sum((Decimal(row["amount"]) for row in own.json("usage")["data"]), Decimal(0))


def test_a_bad_answer_is_given_up_and_every_call_stands_in_the_books(
    own: RunningKyozon, client: openai.OpenAI, rented: Rented
) -> None:
    told = own.json("route", "explain", QUESTION, "--label", "internal")
    assert (told["chosen"], told["cascade"]["strong"]) == ("mine-small", "mine-large")
    rented.openai.behaviours += [Behaviour(text=GOOD), Behaviour(text=BAD), Behaviour(text=GOOD + " Sure.")]
    assert asked(client)[0] == GOOD
    text, decision = asked(client)
    assert text == GOOD + " Sure."
    assert [received.json["model"] for received in rented.openai.received] == ["gpt-4o-mini", "gpt-4o-mini", "gpt-4o"]
    record = own.json("explain", decision)
    tried = [(one["model"], one["judged"] and one["judged"]["act"]) for one in record["outcome"]["attempts"]]
    assert tried == [("mine-small", "escalate"), ("mine-large", None)]
    assert record["outcome"]["verifier"]
    assert "apples" not in str(record)
    assert spent(own) == SMALL + SMALL + LARGE
    assert "The same again" in own.command("explain", decision, "--replay").stdout
    english = " ".join(own.command("explain", decision).stdout.split())
    japanese = " ".join(own.command("explain", decision, KYOZON_LANG="ja").stdout.split())
    assert "mine-small → mine-large" in english
    assert "good, escalated" in english
    assert f"(with what was set aside: {SMALL + LARGE} USD)" in english
    assert "カスケード" in japanese
    assert "上位モデルへ" in japanese


@pytest.mark.parametrize(("first", "asked_of"), [(GOOD, ["gpt-4o-mini"]), (BAD, ["gpt-4o-mini", "gpt-4o"])])
def test_a_short_stream_is_judged_too(client: openai.OpenAI, rented: Rented, first: str, asked_of: list[str]) -> None:
    rented.openai.behaviours += [Behaviour(text=first), Behaviour(text=GOOD)]
    stream = client.chat.completions.create(model="auto", messages=SAID, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == GOOD
    assert [received.json["model"] for received in rented.openai.received] == asked_of


def test_the_strong_model_is_gone_and_the_answer_is_delivered(
    own: RunningKyozon, client: openai.OpenAI, rented: Rented
) -> None:
    rented.openai.behaviours += [Behaviour(text=BAD), Behaviour(status=404)]
    text, decision = asked(client)
    assert text == BAD
    outcome = own.json("explain", decision)["outcome"]
    assert (outcome["status"], outcome["model"], outcome["attempts"][0]["model"]) == (
        "answered",
        "mine-small",
        "mine-large",
    )


def test_the_best_is_asked_for_at_once(client: openai.OpenAI, rented: Rented) -> None:
    rented.openai.behaviours.append(Behaviour(text=BAD))
    client.chat.completions.create(model="auto:max", messages=SAID)
    assert [received.json["model"] for received in rented.openai.received] == ["gpt-4o"]


def test_killed_while_the_strong_model_is_asked_both_calls_stand_in_the_books(
    own: RunningKyozon, client: openai.OpenAI, rented: Rented
) -> None:
    """The last one here: afterwards it listens elsewhere."""
    before = spent(own)
    rented.openai.behaviours += [Behaviour(text=BAD), Behaviour(hang=True)]
    asking = threading.Thread(target=_ask_in_vain, args=(client,))
    asking.start()
    until = time.monotonic() + _PATIENCE_SECONDS
    while len(rented.openai.received) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    own.kill()
    asking.join()
    assert [received.json["model"] for received in rented.openai.received] == ["gpt-4o-mini", "gpt-4o"]
    own.start()
    found = client.get(f"{own.address}/kyozon/v1/decisions", cast_to=dict, options={"params": {"limit": 1}})
    (record,) = found["data"]
    outcome = record["outcome"]
    assert (outcome["status"], outcome["model"]) == ("lost", "mine-large")
    tried = [(one["model"], one["judged"]["act"], Decimal(one["charge"]["amount"])) for one in outcome["attempts"]]
    assert tried == [("mine-small", "escalate", SMALL)]
    strong = Decimal(outcome["charge"]["amount"])
    assert strong == record["input_tokens_estimated"] * Decimal("2.50") / 1_000_000
    assert spent(own) == before + SMALL + strong


def _ask_in_vain(client: openai.OpenAI) -> None:
    with suppress(openai.APIError, httpx2.TransportError):
        asked(client)
