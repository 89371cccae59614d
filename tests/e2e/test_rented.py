"""Rented models through each wire format, and the label that decides which may see a request."""

from decimal import Decimal
from typing import Any

import openai
import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour, ToolCall

MODELS = ["rented-gpt", "rented-claude", "rented-gemini"]
TOOL: Any = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}},
}


def _said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def _told(rented: Rented, model: str, behaviour: Behaviour) -> None:
    dict(zip(MODELS, rented.all(), strict=True))[model].behaviours.append(behaviour)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_words_and_reasoning_come_apart(
    kyozon: RunningKyozon, key: str, rented: Rented, model: str, *, stream: bool
) -> None:
    _told(rented, model, Behaviour(text="Forty-two.", reasoning="Let me think."))
    request: Any = {"model": model, "messages": _said("?"), "reasoning_effort": "low"}
    client = kyozon.openai(key)
    if stream:
        deltas = [c.choices[0].delta for c in client.chat.completions.create(**request, stream=True) if c.choices]
        text = "".join(delta.content or "" for delta in deltas)
        reasoning = "".join((delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas)
    else:
        message = client.chat.completions.create(**request).choices[0].message
        text, reasoning = message.content or "", str((message.model_extra or {}).get("reasoning_content"))
    assert text == "Forty-two."
    assert reasoning == "Let me think."


@pytest.mark.parametrize("model", MODELS)
def test_parallel_tool_calls(kyozon: RunningKyozon, key: str, rented: Rented, model: str) -> None:
    calls = (ToolCall("look", '{"at":"left"}', "call_a"), ToolCall("look", '{"at":"right"}', "call_b"))
    _told(rented, model, Behaviour(text="", tool_calls=calls))
    with kyozon.openai(key).chat.completions.stream(model=model, messages=_said("Look around"), tools=[TOOL]) as events:
        found: Any = events.get_final_completion().choices[0].message.tool_calls
    assert [call.function.arguments.replace(" ", "") for call in found] == ['{"at":"left"}', '{"at":"right"}']


@pytest.mark.parametrize("model", MODELS)
def test_messages_of_the_anthropic_sdk(kyozon: RunningKyozon, key: str, rented: Rented, model: str) -> None:
    _told(rented, model, Behaviour(text="Forty-two.", reasoning="Let me think."))
    with kyozon.anthropic(key).messages.stream(
        model=model,
        max_tokens=2000,
        messages=_said("?"),
        thinking={"type": "enabled", "budget_tokens": 1024},
    ) as stream:
        message = stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[-1].text == "Forty-two."  # type: ignore[union-attr]
    assert message.usage.output_tokens > 0


def test_local_messages_of_the_anthropic_sdk(kyozon: RunningKyozon, key: str) -> None:
    client = kyozon.anthropic(key)
    with client.messages.stream(model="smollm2-135m-instruct", max_tokens=16, messages=_said("Hello")) as stream:
        assert "".join(stream.text_stream).strip()
    counted = client.messages.count_tokens(model="smollm2-135m-instruct", messages=_said("Hello"))
    assert counted.input_tokens > 1
    assert next(iter(client.models.list(limit=2))).id == "auto"


@pytest.mark.parametrize("model", MODELS)
def test_confidential_words_never_reach_a_rented_model(kyozon: RunningKyozon, key: str, rented: Rented, model: str) -> None:
    client = kyozon.openai(key, **{"x-kyozon-label": "confidential"})
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.chat.completions.create(model=model, messages=_said("CANARY-4711"))
    body: Any = refused.value.body
    assert body["code"] == "not_permitted"
    assert body["objections"][0]["rule"] == "clearance"
    record = kyozon.json("explain", body["decision"])
    assert record["outcome"]["status"] == "refused"
    client.chat.completions.create(model="auto", messages=_said("CANARY-4711"), max_completion_tokens=4)
    assert [fake.received for fake in rented.all()] == [[], [], []]


def test_a_reranking_is_recorded_charged_and_explained(kyozon: RunningKyozon, key: str) -> None:
    client = kyozon.openai(key, **{"x-kyozon-label": "internal"})
    body = {"model": "rented-reranker", "query": "red apples", "documents": ["the sea", "red apples and pears"], "top_n": 1}
    found: Any = client.post("/rerank", body=body, cast_to=object)
    assert found["results"] == [{"index": 1, "relevance_score": 1.0}]
    anybody: Any = client.post("/rerank", body=body | {"model": "auto"}, cast_to=object)
    assert (anybody["model"], anybody["results"]) == ("rented-reranker", found["results"])
    record = kyozon.json("explain", found["id"])
    assert (record["kind"], record["chosen"]) == ("reranking", "rented-reranker")
    assert Decimal(record["outcome"]["charge"]["amount"]) == Decimal("0.002")
    assert record["outcome"]["usage"]["searches"] == 1
    told = kyozon.command("explain", found["id"]).stdout
    assert "reranking" in told
    assert "searches: 1" in told
    assert kyozon.command("explain", found["id"], "--replay").returncode == 0
    with pytest.raises(openai.PermissionDeniedError):
        kyozon.openai(key, **{"x-kyozon-label": "confidential"}).post("/rerank", body=body, cast_to=object)


def test_a_refusal_speaks_japanese(kyozon: RunningKyozon, key: str) -> None:
    client = kyozon.openai(key, **{"x-kyozon-label": "restricted", "accept-language": "ja"})
    with pytest.raises(openai.PermissionDeniedError, match="ラベル"):
        client.chat.completions.create(model="rented-gpt", messages=_said("?"))


def test_the_label_may_stand_in_the_metadata(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    request: Any = {"model": "rented-gpt", "messages": _said("?")}
    client = kyozon.openai(key)
    with pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(**request, metadata={"kyozon.label": "confidential"})
    client.chat.completions.create(**request, metadata={"kyozon.label": "public", "mine": "stays"})
    assert rented.openai.received[-1].json["metadata"] == {"mine": "stays"}


def test_a_dead_upstream_is_reported_and_costs_nothing(kyozon: RunningKyozon, key: str) -> None:
    with pytest.raises(openai.APIStatusError) as failed:
        kyozon.openai(key).chat.completions.create(model="dead-model", messages=_said("?"))
    assert failed.value.status_code == 502
    assert failed.value.body["code"] == "provider_unreachable"  # type: ignore[index]
    assert failed.value.body["decision"] == failed.value.response.headers["x-kyozon-decision"]  # type: ignore[index]
    assert "127.0.0.1" not in failed.value.message  # the operator finds it in the log
    assert "127.0.0.1" in (kyozon.folder / "logs" / "kyozon.log").read_text("utf-8")


def test_a_cut_stream_is_reported_and_settled(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    rented.openai.behaviours.append(Behaviour(text="one two three four five six", reset_after=3))
    raw = kyozon.openai(key).chat.completions.with_raw_response.create(model="rented-gpt", messages=_said("?"), stream=True)
    with pytest.raises(openai.APIError, match="cut off"):
        list(raw.parse())
    record = kyozon.json("explain", raw.headers["x-kyozon-decision"])
    assert record["outcome"]["status"] == "broken"
    assert record["outcome"]["usage"]["estimated"]
    assert float(record["outcome"]["charge"]["amount"]) > 0


def test_a_silent_retry_is_not_billed_again(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    client = kyozon.openai(key)
    request: Any = {"model": "rented-gpt", "messages": _said("once")}
    first = client.chat.completions.with_raw_response.create(**request)
    again = client.chat.completions.with_raw_response.create(**request, extra_headers={"x-stainless-retry-count": "1"})
    assert again.headers["x-kyozon-replayed"] == "true"
    assert again.text == first.text
    assert len(rented.openai.received) == 1
    client.chat.completions.create(**request)
    assert len(rented.openai.received) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_an_idempotency_key_buys_one_answer(kyozon: RunningKyozon, key: str, rented: Rented, *, stream: bool) -> None:
    client = kyozon.openai(key, **{"idempotency-key": f"order-{stream}"})
    request: Any = {"model": "rented-gpt", "messages": _said("once"), "stream": stream}
    texts = []
    for _ in range(2):
        raw = client.chat.completions.with_raw_response.create(**request)
        texts.append([c.model_dump_json() for c in raw.parse()] if stream else raw.text)
    assert texts[0] == texts[1]
    assert len(rented.openai.received) == 1
    with pytest.raises(openai.ConflictError):
        client.chat.completions.create(model="rented-gpt", messages=_said("another"))


def test_cached_tokens_are_billed_once(kyozon: RunningKyozon, key: str, rented: Rented) -> None:
    usage = {
        "prompt_tokens": 1_000_000,
        "completion_tokens": 0,
        "total_tokens": 1_000_000,
        "prompt_tokens_details": {"cached_tokens": 400_000},
    }
    rented.openai.behaviours.append(Behaviour(usage=usage))
    raw = kyozon.openai(key).chat.completions.with_raw_response.create(model="rented-gpt", messages=_said("?"))
    record = kyozon.json("explain", raw.headers["x-kyozon-decision"])
    assert Decimal(record["outcome"]["charge"]["amount"]) == Decimal("0.12")  # 0.6 × 0.15 + 0.4 × 0.075


def test_limits_of_a_key(kyozon: RunningKyozon, rented: Rented) -> None:
    narrow = kyozon.openai(kyozon.key("narrow", "--label", "internal", "--requests-per-minute", "2"))
    for left in ("1", "0"):
        raw = narrow.chat.completions.with_raw_response.create(model="rented-gpt", messages=_said("?"))
        assert raw.headers["x-ratelimit-remaining-requests"] == left
    with pytest.raises(openai.RateLimitError) as limited:
        narrow.chat.completions.create(model="rented-gpt", messages=_said("?"))
    assert int(limited.value.response.headers["retry-after"]) <= 60
    poor = kyozon.openai(kyozon.key("poor", "--label", "internal", "--money-per-month", "0.000001"))
    with pytest.raises(openai.RateLimitError) as broke:
        poor.chat.completions.create(model="rented-gpt", messages=_said("?"))
    assert broke.value.code == "insufficient_quota"
    assert broke.value.response.headers["x-should-retry"] == "false"
    assert len(rented.openai.received) == 2
