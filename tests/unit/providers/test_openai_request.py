from typing import Any

import pytest

from kyozon.domain.models import ModelCard, Quirks
from kyozon.domain.requests import ChatRequest, Json
from kyozon.providers.openai_request import chat_body

CARD = ModelCard("small", "house", "org/small-1", "lan")


def body(quirks: Quirks | None = None, *, stream: bool = False, **fields: Any) -> Json:
    chat = {"model": "small", "messages": [], **fields}
    before = {**chat}
    made = chat_body(CARD, ChatRequest("openai", chat, chat), quirks or Quirks(), stream=stream)
    assert chat == before
    return made


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_goes_under_the_vendors_name(name: Any) -> None:
    quirks = Quirks(max_tokens_field=name)
    limits: list[Json] = [{"max_tokens": 5}, {"max_completion_tokens": 5}, {"max_tokens": 9, "max_completion_tokens": 5}]
    for given in limits:
        assert body(quirks, **given) == {"model": "org/small-1", "messages": [], name: 5}


def test_usage_is_asked_for_and_the_callers_options_kept() -> None:
    options = {"include_obfuscation": False}
    assert body(stream=True, stream_options=options)["stream_options"] == {**options, "include_usage": True}
    assert "stream_options" not in body(Quirks(stream_usage=False), stream=True)
    assert body(Quirks(stream_usage=False), stream=True, stream_options=options)["stream_options"] == options
    assert body(stream=False, stream_options=options).keys() == {"model", "messages"}


def test_what_is_no_message_is_left_for_the_vendor_to_refuse() -> None:
    quirks = Quirks(drops=("messages.name", "user"), renames={"messages.a": "b"}, system_role="system")
    messages = ["hi", {"role": "developer", "name": "x", "a": 1, "user": "kept"}, None]
    assert body(quirks, messages=messages, user="u")["messages"] == ["hi", {"role": "system", "b": 1, "user": "kept"}, None]
