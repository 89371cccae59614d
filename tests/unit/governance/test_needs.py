"""What a request needs is read from its body, whatever else stands there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.governance.needs import MOST_TOOLS, chat_needs, hash_of_tool, tools_offered
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


@pytest.mark.parametrize(
    ("fields", "judged"),
    [
        ({}, True),
        ({"stream": True, "temperature": 0, "response_format": {"type": "json_object"}}, True),
        ({"messages": [*MESSAGES, {"role": "assistant", "content": "hi"}, *MESSAGES]}, True),
        ({"n": 2}, False),
        ({"tools": [{"type": "function"}]}, False),
        ({"functions": [{"name": "add"}]}, False),
        ({"audio": {"voice": "ash"}}, False),
        ({"messages": [*MESSAGES, {"role": "assistant", "content": "The"}]}, False),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}, {"role": "tool"}, *MESSAGES]}, False),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, False),
        ({"messages": []}, False),
    ],
)
def test_answers_in_words_to_words_can_be_judged(fields: dict[str, Any], *, judged: bool) -> None:
    assert bool(chat_needs({"messages": MESSAGES, **fields}, 0, 100).judgeable) == judged


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


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ({"type": "function", "function": {"name": "get_weather"}}, "get_weather"),
        ({"type": "custom", "custom": {"name": "run-sql.v2"}}, "run-sql.v2"),
        ({"type": "web_search_20250305", "name": "web_search"}, "web_search"),
        ({"type": "web_search"}, "web_search"),
        ({"name": "older"}, "older"),
    ],
)
def test_tools_are_told_by_the_hashes_of_their_names(tool: Any, name: str) -> None:
    (told,) = tools_offered({"tools": [tool]})
    assert told == hash_of_tool(name)
    assert name not in told


def test_names_of_any_form_have_a_hash() -> None:
    names = ("transfer the draft of clause seven", "振込", "a" * 65, "", "\ud800")
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    assert len(set(tools_offered({"tools": tools}))) == len(names)


def test_of_very_many_tools_the_first_are_named() -> None:
    tools = [{"type": "function", "function": {"name": f"t{number}"}} for number in range(MOST_TOOLS + 3)]
    found = tools_offered({"tools": tools})
    assert (len(found), found[-2:]) == (MOST_TOOLS + 1, (hash_of_tool(f"t{MOST_TOOLS - 1}"), "+3"))


@given(st.lists(st.dictionaries(st.sampled_from(["type", "name", "function"]), JSON)))
def test_any_tools_are_survived(tools: list[Any]) -> None:
    assert len(tools_offered({"tools": tools})) == len(tools)
