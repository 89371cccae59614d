"""Which model a request goes to, told beforehand, done, told afterwards, and forecast with another quality."""

from decimal import Decimal
from typing import Any

import openai
import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour

QUESTION = "What is the sum of the first hundred whole numbers? Explain how you know."


@pytest.fixture(scope="module")
def client(kyozon: RunningKyozon) -> openai.OpenAI:
    return kyozon.openai(kyozon.key("routed", "--tenant", "routed", "--label", "internal", "--quality", "economy"))


@pytest.mark.usefixtures("rented")
def test_what_is_told_beforehand_is_done_and_stands_on_record(kyozon: RunningKyozon, client: openai.OpenAI) -> None:
    told = kyozon.json("route", "explain", QUESTION, "--label", "internal", "--quality", "economy")
    said: Any = [{"role": "user", "content": QUESTION}]
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=said)
    record = kyozon.json("explain", raw.headers["x-kyozon-decision"])
    assert record["chosen"] == told["chosen"]
    assert record["quality"] == told["quality"] == {"share": 0.8, "name": "economy"}
    assert record["estimator"] == told["estimator"] != ""
    expected = {one["model"]: one["estimate"]["quality"] for one in record["candidates"]}
    assert expected == {one["model"]: one["estimate"]["quality"] for one in told["candidates"]}
    assert all(0 < quality < 1 for quality in expected.values())
    assert QUESTION not in str(record)
    again = kyozon.command("explain", record["id"], "--replay")
    assert "The same again" in again.stdout


def test_people_read_it_in_their_language(kyozon: RunningKyozon) -> None:
    words = ("route", "explain", QUESTION, "--label", "internal")
    english, japanese = kyozon.command(*words).stdout, kyozon.command(*words, KYOZON_LANG="ja").stdout
    assert "high: surely 95 % of the surest" in english
    assert "90 % between" in english
    assert "品質目標" in japanese
    assert "難易度" in japanese
    wrong = kyozon.command(*words, "--quality", "best", check=False)
    assert (wrong.returncode, "use max, high" in wrong.stderr) == (2, True)


@pytest.mark.usefixtures("rented")
def test_a_forecast_says_what_another_quality_would_have_cost(kyozon: RunningKyozon, client: openai.OpenAI) -> None:
    said: Any = [{"role": "user", "content": QUESTION}]
    client.chat.completions.create(model="auto:max", messages=said)
    found = kyozon.json("route", "simulate", "--quality", "max", "--tenant", "routed")
    assert found["compared"] == found["decisions"] > 0
    assert Decimal(found["cost_after"]) >= Decimal(found["cost_before"]) > 0
    assert not any("→" in move["after"] for move in found["moves"])  # `max` asks the surest at once
    shown = kyozon.command("route", "simulate", "--quality", "economy", "--tenant", "routed").stdout
    assert "expected quality" in shown
    nothing = kyozon.command("route", "simulate", "--quality", "economy", "--tenant", "nobody").stdout
    assert nothing.startswith("None of 0 decisions can be compared")


def test_a_goal_for_time_is_held_against_what_was_measured(kyozon: RunningKyozon, rented: Rented) -> None:
    hasty = kyozon.openai(kyozon.key("hasty", "--label", "internal", "--within", "0.001"))
    said: Any = [{"role": "user", "content": QUESTION}]
    found = []
    for _ in range(2):
        rented.openai.behaviours.append(Behaviour(delay=0.05))
        raw = hasty.chat.completions.with_raw_response.create(model="rented-gpt", messages=said, stream=True)
        assert list(raw.parse())
        found.append(raw.headers["x-kyozon-decision"])
    record = kyozon.json("explain", found[-1])
    (candidate,) = record["candidates"]
    assert (record["within"], candidate["timing"]["late"]) == (0.001, True)
    assert candidate["timing"]["seconds"] > 0.005
    shown = kyozon.command("explain", found[-1]).stdout
    assert "first words within" in shown
    assert "later than asked" in shown
    assert "The same again" in kyozon.command("explain", found[-1], "--replay").stdout
