"""What a request needs is read from its body, whatever else stands there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.governance.needs import chat_needs
from tests.fakes.strategies import json_values

MESSAGES = [{"role": "user", "content": "hello"}]


def _abilities(**fields: Any) -> frozenset[str]:
    return chat_needs({"messages": MESSAGES, **fields}, 0, 100).abilities


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, set()),
        ({"tools": [{"type": "function"}]}, {"tools"}),
        ({"tools": [{"type": "function"}], "tool_choice": "none"}, set()),
        ({"tools": []}, set()),
        ({"response_format": {"type": "json_schema"}}, {"schema"}),
        ({"response_format": {"type": "json_object"}}, {"schema"}),
        ({"response_format": {"type": "text"}}, set()),
        ({"logprobs": True}, {"logprobs"}),
        ({"n": 1}, set()),
        ({"n": 3}, {"n"}),
    ],
)
def test_abilities(fields: dict[str, Any], expected: set[str]) -> None:
    assert _abilities(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 100),
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 9, "max_tokens": 7}, 9),
        ({"max_tokens": 7, "n": 3}, 21),
        ({"n": 3}, 300),
    ],
)
def test_output_is_for_all_choices_together(fields: dict[str, Any], expected: int) -> None:
    assert chat_needs({"messages": MESSAGES, **fields}, 0, 100).output_tokens == expected


def test_modalities_of_the_parts() -> None:
    parts = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:"}},
        {"type": "input_audio"},
    ]
    assert chat_needs({"messages": [{"content": parts}]}, 0, 1).modalities == {"text", "image", "audio"}


JSON = json_values("type", "content", "image_url")


@given(st.lists(st.fixed_dictionaries({"content": JSON}) | JSON, max_size=3), JSON, JSON)
def test_any_json_is_survived(messages: list[Any], form: Any, tools: Any) -> None:
    needs = chat_needs({"messages": messages, "response_format": form, "tools": tools}, 5, 100)
    assert needs.input_tokens == 5
