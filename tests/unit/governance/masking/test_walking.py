from typing import Any

import msgspec
import pytest

from kyozon.governance.masking.walking import changed, doubtful, looked_at, structure, unreadable

CHAT: dict[str, Any] = {
    "model": "m",
    "temperature": 0.5,
    "user": "taro@example.com",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "山田です"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "find", "arguments": '{"name":"山田","card":4111111111111111}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "found"},
    ],
}


def names(chat: Any) -> list[tuple[str, str]]:
    found = []

    def take(name: str, words: str) -> str:
        found.append((name, words))
        return words

    changed(chat, take)
    return found


def test_every_word_is_visited_with_its_name() -> None:
    assert names(CHAT) == [
        ("user", "taro@example.com"),
        ("text", "山田です"),
        ("name", "find"),
        ("name", "山田"),
        ("card", "4111111111111111"),
        ("content", "found"),
    ]


def test_what_nobody_changes_stays_as_it_was() -> None:
    arguments = '{ "a" :  1 }'
    chat = {"messages": [{"tool_calls": [{"function": {"arguments": arguments}}]}], "n": 1, "x": None, "stream": True}
    assert changed(chat, lambda _, words: words) == chat


def test_arguments_of_tools_stay_json() -> None:
    found = changed(CHAT, lambda name, _: f'["{name}"]')
    arguments = found["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert msgspec.json.decode(arguments) == {"name": '["name"]', "card": '["card"]'}
    assert found["messages"][1]["tool_calls"][0]["id"] == "call_1"
    assert found["model"] == "m"


def test_arguments_that_are_no_json_are_words() -> None:
    assert names({"arguments": "{ not json"}) == [("arguments", "{ not json")]


@pytest.mark.parametrize("arguments", ['{"a":"x","a":"y"}', '{"a":{"b":1,"b":2}}', '[{"a":1,"\\u0061":2}]'])
def test_arguments_that_say_a_name_twice_are_words(arguments: str) -> None:
    assert names({"arguments": arguments}) == [("arguments", arguments)]


@pytest.mark.parametrize("name", ["data", "file_data", "audio"])
@pytest.mark.parametrize("words", ["taro", "data: taro", "Taro " * 40, "山田" * 40, "data:text/plain,taro"])
def test_no_name_and_no_beginning_makes_a_file_of_words(name: str, words: str) -> None:
    assert names({name: words}) == [(name, words)]


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert names({"card": 4111111111111111.0, "share": 0.1234567, "few": 12.0}) == [("card", "4111111111111111")]


def test_names_and_references_that_no_program_gives_are_doubtful() -> None:
    assert list(doubtful(CHAT)) == []
    arguments = '{"090-1234":{"山田":1},"id":"in words, which changed() gives"}'
    odd = {"id": "a b", "arguments": arguments, "input": {"taro@example.com": 1}}
    assert set(doubtful(odd)) == {"a b", "090-1234", "山田", "taro@example.com"}


def test_the_name_says_what_words_are() -> None:
    assert looked_at("password", "hunter2") == "password: hunter2"
    assert looked_at("content", "hello") == "hello"


def test_structure_is_what_is_left() -> None:
    assert {"model", "m", "role", "user", "id", "call_1", "tool_call_id"} <= set(structure(CHAT))
    assert not {"山田です", "find"} & set(structure(CHAT))


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image", "source": {"type": "base64", "data": "aGVsbG8gd29ybGQ="}},
        {"type": "input_audio", "input_audio": {"data": "aGVsbG8gd29ybGQ=", "format": "wav"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"url": "data:text/plain;base64,aGVsbG8="},
        {"arguments": '{"url":"data:text/plain;base64,aGVsbG8="}'},
        {"data": "aGVsbG8gd29ybGQ" * 8},
    ],
)
def test_what_detectors_cannot_read_is_known(part: dict[str, Any]) -> None:
    assert unreadable({"messages": [{"content": [part]}]})
    assert not unreadable(CHAT)
