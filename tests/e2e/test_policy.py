"""A policy read, compared, forecast and put in place while Kyozon runs; grants and held answers, as people meet them."""

import json
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon

CONFIG = """\
[local]
enabled = false

[providers.openai]
base_url = "{openai}/v1"
models = []

[models.rented-gpt]
provider = "openai"
upstream = "gpt-4o-mini"
prices = [{{ valid_from = 2025-01-01, input = "0.15", output = "0.60", source = "test" }}]
"""
WIDER = '\n[zones.external]\nclearance = "confidential"\n'
SECRET: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Is clause seven of the draft sound?"}]


@pytest.fixture(scope="module")
def own(models: Path, _rented: Rented) -> Iterator[RunningKyozon]:
    """An installation whose settings these tests change, in the order in which they stand here."""
    folder = Path(tempfile.mkdtemp(prefix="kz-pol-"))
    with RunningKyozon(folder, models, CONFIG.format(openai=_rented.openai.url)) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def ann(own: RunningKyozon) -> str:
    return own.key("ann", "--user", "ann", "--label", "confidential")


@pytest.fixture(scope="module")
def ben(own: RunningKyozon) -> str:
    return own.key("ben", "--user", "ben", "--role", "declassify:level:confidential", "--role", "review")


def write(own: RunningKyozon, rented: Rented, more: str) -> Path:
    own.config.write_text(CONFIG.format(openai=rented.openai.url) + more, "utf-8")
    return own.config


def as_json(own: RunningKyozon, key: str, *words: str) -> Any:
    return json.loads(own.command(*words, "--json", KYOZON_API_KEY=key).stdout)


def test_a_refused_request_is_released_once_by_somebody_else(
    own: RunningKyozon, rented: Rented, ann: str, ben: str
) -> None:
    client = own.openai(ann, **{"x-kyozon-review": "request", "x-kyozon-purpose": "contract-check"})
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.chat.completions.create(model="rented-gpt", messages=SECRET)
    review = refused.value.body["review"]  # type: ignore[index] # the SDK types it as an object
    assert rented.openai.received == []

    assert as_json(own, ann, "review", "show", review)["state"] == "waiting"
    denied = own.command("review", "approve", review, check=False, KYOZON_API_KEY=ann)
    assert denied.returncode == 2
    shown = as_json(own, ben, "review", "show", review)
    assert "clause seven" in shown["content"]
    grant = as_json(own, ben, "review", "approve", review)["grant_id"]

    allowed = own.openai(ann, **{"x-kyozon-grant": grant, "x-kyozon-purpose": "contract-check"})
    raw = allowed.chat.completions.with_raw_response.create(model="rented-gpt", messages=SECRET)
    assert raw.parse().choices[0].message.content
    assert len(rented.openai.received) == 1
    with pytest.raises(openai.PermissionDeniedError):
        allowed.chat.completions.create(model="rented-gpt", messages=SECRET)
    assert len(rented.openai.received) == 1
    assert own.command("explain", raw.headers["x-kyozon-decision"], "--replay").returncode == 0


def test_anthropics_sdk_can_ask_too(own: RunningKyozon, ann: str) -> None:
    client = own.anthropic(ann, **{"x-kyozon-review": "request", "x-kyozon-purpose": "contract-check"})
    with pytest.raises(anthropic.PermissionDeniedError) as refused:
        client.messages.create(model="rented-gpt", max_tokens=10, messages=[{"role": "user", "content": "clause seven"}])
    assert refused.value.body["error"]["review"].startswith("rev_")  # type: ignore[index] # the SDK types it as an object


def test_without_a_purpose_nothing_is_asked_for(own: RunningKyozon, ann: str) -> None:
    with pytest.raises(openai.BadRequestError, match="x-kyozon-purpose"):
        own.openai(ann, **{"x-kyozon-review": "request"}).chat.completions.create(model="rented-gpt", messages=SECRET)


def test_another_policy_is_compared_forecast_and_put_in_place(own: RunningKyozon, rented: Rented, ann: str) -> None:
    new = own.folder / "new.toml"
    new.write_text(CONFIG.format(openai=rented.openai.url) + WIDER, "utf-8")
    found = own.json("policy", "diff", str(own.config), str(new))
    assert found["widens"]
    assert [(flow["change"], flow["model"], flow["rules"]) for flow in found["flows"]] == [
        ("allowed", "rented-gpt", ["clearance"])
    ]
    assert "confidential" in found["flows"][0]["labels"]
    forecast = own.json("policy", "simulate", str(new))
    assert forecast["allowed"] == len(forecast["examples"]["allowed"]) > 0
    assert forecast["refused"] == 0

    write(own, rented, WIDER)
    reloaded = own.json("policy", "reload")
    assert (reloaded["old"], reloaded["new"], reloaded["waiting"]) == (found["old"], found["new"], [])
    own.openai(ann).chat.completions.create(model="rented-gpt", messages=SECRET)
    assert len(rented.openai.received) == 1


def test_a_mistake_is_told_with_its_line_and_nothing_changes(own: RunningKyozon, rented: Rented, ann: str) -> None:
    before = own.json("policy", "check")["policy_version"]
    write(own, rented, WIDER.replace('"confidential"', '"sekret"'))
    checked = own.command("policy", "check", check=False)
    assert (checked.returncode, "line" in checked.stderr) == (2, True)
    write(own, rented, WIDER + "\n[providers.gpu]\nvendor = 'vllm'\nbase_url = 'http://127.0.0.1:9/v1'\nmodels = ['m']\n")
    refused = own.command("policy", "reload", check=False)
    assert (refused.returncode, "restart" in refused.stderr) == (2, True)
    write(own, rented, WIDER)
    assert own.json("policy", "reload")["new"] == before
    own.openai(ann).chat.completions.create(model="rented-gpt", messages=SECRET)


def test_an_answer_is_held_until_somebody_else_has_looked_at_it(
    own: RunningKyozon, rented: Rented, ann: str, ben: str
) -> None:
    write(own, rented, WIDER + '\n[review]\nkeys = ["ann"]\n')
    assert own.process is not None
    own.process.send_signal(signal.SIGHUP)
    log = own.folder / "logs" / "kyozon.log"
    until = time.monotonic() + 20
    while log.read_text("utf-8").count("policy:reloaded") < 1 and time.monotonic() < until:
        time.sleep(0.1)
    with pytest.raises(openai.PermissionDeniedError) as held:
        own.openai(ann).chat.completions.create(model="rented-gpt", messages=SECRET)
    assert held.value.code == "held_for_review"
    review = held.value.body["review"]  # type: ignore[index] # the SDK types it as an object
    waiting = as_json(own, ben, "review", "list", "--state", "waiting")["data"]
    assert [item["id"] for item in waiting if item["kind"] == "answer"] == [review]
    as_json(own, ben, "review", "approve", review)
    answer = as_json(own, ann, "review", "answer", review)
    assert answer["choices"][0]["message"]["content"]
    assert as_json(own, ann, "review", "answer", review) == answer
    told = [event["user"] for event in own.json("audit", "events")["data"] if event["action"] == "review:delivered"]
    assert told == ["ann", "ann"]


def test_a_label_goes_down_when_another_person_approves(own: RunningKyozon, ben: str) -> None:
    asker = own.key("carl", "--user", "carl", "--admin")
    raw = own.openai(asker, **{"x-kyozon-label": "confidential"}).chat.completions.with_raw_response.create(
        model="rented-gpt", messages=SECRET
    )
    decision = raw.headers["x-kyozon-decision"]
    wish = ("exposure", decision, "--lower", "public")
    unsaid = own.command(*wish, check=False, KYOZON_API_KEY=asker)
    assert (unsaid.returncode, "purpose" in unsaid.stderr) == (2, True)
    alone = own.command("exposure", decision, "--purpose", "published", check=False, KYOZON_API_KEY=asker)
    assert (alone.returncode, "goes with --lower" in alone.stderr) == (2, True)
    asked = own.command(*wish, "--purpose", "published", KYOZON_API_KEY=asker).stdout
    review = asked.split()[-1]
    assert own.command("review", "approve", review, check=False, KYOZON_API_KEY=asker).returncode == 2
    shown = own.command("review", "show", review, KYOZON_API_KEY=ben, KYOZON_LANG="ja").stdout
    assert all(word in shown for word in ("新しいラベル", "public", "confidential", "published", decision))
    assert as_json(own, asker, "exposure", decision)["label"]["level"] == "confidential"
    assert "public" in own.command("review", "approve", review, KYOZON_API_KEY=ben).stdout
    assert as_json(own, asker, "exposure", decision)["label"]["level"] == "public"
    assert own.command("audit", "verify").returncode == 0


def test_everything_that_was_decided_comes_out_the_same_again(own: RunningKyozon) -> None:
    proof = own.json("policy", "simulate")
    assert proof["different"] == []
    assert proof["same"] == proof["decisions"] > 5
    words = own.command("policy", "show", KYOZON_LANG="ja").stdout
    assert "ゾーン external" in words
