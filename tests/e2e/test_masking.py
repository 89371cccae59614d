"""`[masking]` of a whole installation: outside models read tokens, callers read values, the record reads neither."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour, FakeServer, ToolCall

CONFIG = """\
[masking]
enabled = true

[local]
enabled = false

[providers.openai]
base_url = "{openai}/v1"
models = []

[providers.anthropic]
base_url = "{anthropic}/v1"
models = []

[models.gpt]
provider = "openai"
abilities = ["tools", "schema", "reasoning"]

[models.claude]
provider = "anthropic"
abilities = ["tools", "schema", "reasoning"]

[models.vectors]
provider = "openai"
kind = "embedding"
"""
NAME, PHONE, SECRET = "御手洗 健太郎", "090-1234-5678", "sk-proj-abcdEFGH1234ijklMNOP"
WORDS = f"氏名：{NAME}\n電話：{PHONE}\nAPIキー：{SECRET}"
ANSWER, PLAIN = "[PERSON_1] [PHONE_1] [SECRET_1].", f"{NAME} {PHONE} {SECRET}."
ARGUMENTS = '{"name": "[PERSON_1]", "tel": "[PHONE_1]"}'
TOOL: Any = {"name": "save", "parameters": {"type": "object", "properties": {"name": {"type": "string"}}}}
MODELS = ["gpt", "claude"]


@pytest.fixture(scope="module")
def masking(tmp_path_factory: pytest.TempPathFactory, models: Path, _rented: Rented) -> Iterator[RunningKyozon]:
    folder = tmp_path_factory.mktemp("masking") / "kyozon"
    config = CONFIG.format(openai=_rented.openai.url, anthropic=_rented.anthropic.url)
    with RunningKyozon(folder, models, config) as running:
        yield running


@pytest.fixture(scope="module")
def desk(masking: RunningKyozon) -> str:
    return masking.key("desk", "--label", "internal")


def upstream(rented: Rented, model: str) -> FakeServer:
    return rented.openai if model == "gpt" else rented.anthropic


def assert_nothing_left(rented: Rented) -> None:
    sent = [received.raw.decode() for fake in rented.all() for received in fake.received]
    assert sent
    plain = [json.dumps(json.loads(body), ensure_ascii=False) for body in sent]
    assert not any(value in body for value in (NAME, "健太郎", PHONE, SECRET) for body in (*sent, *plain))
    assert all("[PERSON_1]" in body for body in plain)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_openais_client_reads_values(
    masking: RunningKyozon, desk: str, rented: Rented, model: str, *, stream: bool
) -> None:
    upstream(rented, model).behaviours.append(Behaviour(text=ANSWER, reasoning="Who is [PERSON_1]?"))
    asked: Any = {"model": model, "messages": [{"role": "user", "content": WORDS}], "reasoning_effort": "low"}
    client = masking.openai(desk)
    if stream:
        deltas = [c.choices[0].delta for c in client.chat.completions.create(**asked, stream=True) if c.choices]
        text = "".join(delta.content or "" for delta in deltas)
        reasoning = "".join((delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas)
    else:
        message = client.chat.completions.create(**asked).choices[0].message
        text, reasoning = message.content or "", str((message.model_extra or {}).get("reasoning_content"))
    assert (text, reasoning) == (PLAIN, f"Who is {NAME}?")
    assert_nothing_left(rented)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_client_reads_values(
    masking: RunningKyozon, desk: str, rented: Rented, model: str, *, stream: bool
) -> None:
    upstream(rented, model).behaviours.append(Behaviour(text=ANSWER))
    asked: Any = {
        "model": model,
        "max_tokens": 500,
        "messages": [{"role": "user", "content": WORDS}],
        "system": "For 御手洗 健太郎.",
    }
    client = masking.anthropic(desk)
    if stream:
        with client.messages.stream(**asked) as events:
            message = events.get_final_message()
    else:
        message = client.messages.create(**asked)
    assert [block.model_dump()["text"] for block in message.content] == [PLAIN]
    assert_nothing_left(rented)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_with_values(
    masking: RunningKyozon, desk: str, rented: Rented, model: str, *, stream: bool
) -> None:
    upstream(rented, model).behaviours.append(Behaviour(text="", tool_calls=(ToolCall("save", ARGUMENTS, "call_a"),)))
    client = masking.openai(desk).chat.completions
    asked: Any = {
        "model": model,
        "messages": [{"role": "user", "content": WORDS}],
        "tools": [{"type": "function", "function": TOOL}],
    }
    if stream:
        with client.stream(**asked) as events:
            call: Any = events.get_final_completion().choices[0].message.tool_calls
    else:
        call = client.create(**asked).choices[0].message.tool_calls
    arguments = call[0].function.arguments
    assert json.loads(arguments) == {"name": NAME, "tel": PHONE}
    turns: Any = [
        *asked["messages"],
        {
            "role": "assistant",
            "tool_calls": [{"id": "call_a", "type": "function", "function": {"name": "save", "arguments": arguments}}],
        },
        {"role": "tool", "tool_call_id": "call_a", "content": f"saved {NAME}"},
    ]
    rented.reset()
    client.create(**{**asked, "messages": turns})
    assert_nothing_left(rented)


def test_texts_to_embed_and_to_count_are_masked(masking: RunningKyozon, desk: str, rented: Rented) -> None:
    masking.openai(desk).embeddings.create(model="vectors", input=[WORDS, "nothing"])
    masking.anthropic(desk).messages.count_tokens(model="claude", messages=[{"role": "user", "content": WORDS}])
    assert len(rented.openai.received) == len(rented.anthropic.received) == 1
    assert_nothing_left(rented)


def test_the_record_says_what_was_masked(masking: RunningKyozon, desk: str, rented: Rented) -> None:
    raw = masking.openai(desk).chat.completions.with_raw_response.create(
        model="gpt", messages=[{"role": "user", "content": WORDS}]
    )
    record = masking.json("explain", raw.headers["x-kyozon-decision"])

    assert set(record["label"]["compartments"]) == {"pii", "secret"}
    assert {(one["type"], one["count"]) for one in record["masked"]} == {("PERSON", 1), ("PHONE", 1), ("SECRET", 1)}
    assert all(one["verified_by"] == ["residue", "privacy-masker", "key-literals"] for one in record["masked"])
    said = masking.command("explain", raw.headers["x-kyozon-decision"], COLUMNS="200").stdout
    assert "PERSON × 1" in said
    assert not any(value in said + json.dumps(record, ensure_ascii=False) for value in (NAME, PHONE, SECRET))
    assert rented.openai.received


def test_what_was_declared_is_not_masked_away(masking: RunningKyozon, desk: str, rented: Rented) -> None:
    client = masking.openai(desk, **{"x-kyozon-label": "internal+pii"})
    with pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": WORDS}])
    assert rented.openai.received == []


def test_no_trace_of_a_value_stays_behind(masking: RunningKyozon, desk: str, rented: Rented) -> None:
    masking.openai(desk).chat.completions.create(model="gpt", messages=[{"role": "user", "content": WORDS}])
    logs = [path.read_text("utf-8") for path in (masking.folder / "logs").iterdir() if path.is_file()]
    assert logs
    assert not any(value in log for log in logs for value in (NAME, PHONE, SECRET))
    assert rented.openai.received
