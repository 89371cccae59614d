from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.labels import parse_label
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.governance.partition import partition_of, question_sha256, question_text, why_not_cached, worth_keeping
from tests.fakes.record_samples import a_decision

DECISION = a_decision(user="ann")
ASKED = {"role": "user", "content": "What is the capital of France?"}


def request(dialect: Dialect = "openai", **fields: Any) -> ChatRequest:
    body = {"model": "gpt", "messages": [ASKED], **fields}
    return ChatRequest(dialect, body, body)


def place(asked: ChatRequest) -> tuple[str, str]:
    return partition_of(DECISION, asked, "gpt").sha256, question_sha256(asked)


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"request": "1234"}},
        {"prompt_cache_key": "abc"},
        {"temperature": None},
        {"model": "auto"},
    ],
)
def test_what_does_not_shape_the_answer_makes_no_other_place(fields: dict[str, Any]) -> None:
    """A cache that took the whole request for its place found nothing any more."""
    assert place(request(**fields)) == place(request())


@pytest.mark.parametrize(
    "fields",
    [
        {"user": "guest-7"},
        {"safety_identifier": "guest-7"},
        {"metadata": {"user_id": "guest-7"}},
        {"max_tokens": 5},
        {"seed": 1},
        {"stream": True},
        {"system": "Answer as a pirate."},
        {"response_format": {"type": "json_object"}},
        {"brand_new": 1},
        {"messages": [{"role": "system", "content": "Be brief."}, ASKED]},
        {"messages": [ASKED, {"role": "assistant", "content": "Paris."}, ASKED]},
    ],
)
def test_what_shapes_it_does(fields: dict[str, Any]) -> None:
    assert partition_of(DECISION, request(**fields), "gpt") != partition_of(DECISION, request(), "gpt")
    assert question_sha256(request(**fields)) == question_sha256(request())


def test_who_asks_under_which_label_and_policy_does_too() -> None:
    others = [
        structs.replace(DECISION, tenant="other"),
        structs.replace(DECISION, user="bob"),
        structs.replace(DECISION, key_id="key_other"),
        structs.replace(DECISION, label=parse_label("restricted+pii")),
        structs.replace(DECISION, policy_version="another"),
    ]
    found = {partition_of(decision, request(), "gpt").sha256 for decision in [DECISION, *others]}
    found |= {
        partition_of(DECISION, request(), "another").sha256,
        partition_of(DECISION, request("anthropic"), "gpt").sha256,
    }
    assert len(found) == 8


def test_the_order_of_keys_makes_no_other_place() -> None:
    turned = dict(reversed(list(request(seed=1, top_p=0.5).body.items())))
    assert place(ChatRequest("openai", turned, turned)) == place(request(seed=1, top_p=0.5))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"web_search_options": {}}, "tools"),
        ({"tools": []}, None),
        ({"messages": [{"role": "tool", "content": "22 °C"}, ASKED]}, "tools"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}, ASKED]}, "tools"),
        ({"temperature": 0.2}, "temperature"),
        ({"temperature": 0}, None),
        ({"n": 2}, "choices"),
        ({"n": 1}, None),
        ({"modalities": ["text", "audio"]}, "audio"),
        ({}, None),
    ],
)
def test_which_requests_pass_the_cache_by(fields: dict[str, Any], reason: str | None) -> None:
    assert why_not_cached(request(**fields)) == reason


@pytest.mark.parametrize(
    ("finish", "payload", "kept"),
    [
        ("stop", {"choices": [{"message": {"content": "Paris.", "refusal": None}}]}, True),
        ("end_turn", {"content": [{"type": "text", "text": "Paris."}]}, True),
        ("stop", {"choices": [{"message": {"content": None, "refusal": "I cannot."}}]}, False),
        ("stop", {"choices": [{"delta": {"refusal": "I "}}]}, False),
        ("length", {"choices": []}, False),
        ("content_filter", {"choices": []}, False),
        ("refusal", {}, False),
        ("tool_calls", {}, False),
        (None, {}, False),
        ("stop", [], False),
    ],
)
def test_which_answers_are_worth_keeping(finish: str | None, payload: object, kept: bool) -> None:  # noqa: FBT001 - pytest
    assert worth_keeping(finish, [b"{}", msgspec.json.encode(payload)]) is kept


def test_the_words_of_a_question() -> None:
    parts = [{"type": "text", "text": "What is"}, {"type": "text", "text": "this?"}]
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    assert question_text(request()) == "What is the capital of France?"
    assert question_text(request(messages=[{"role": "user", "content": parts}])) == "What is\nthis?"
    assert question_text(request(messages=[{"role": "user", "content": [*parts, picture]}])) is None
    assert question_text(request(messages=[ASKED, {"role": "assistant", "content": "It is"}])) is None
