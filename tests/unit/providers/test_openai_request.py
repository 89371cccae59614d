from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.models import ModelCard, Provider, Quirks
from kyozon.domain.requests import ChatRequest, Json
from kyozon.providers.openai_request import chat_body
from kyozon.providers.vendors import load_vendors

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


@pytest.mark.parametrize("takes_it", [True, False, None])
@pytest.mark.parametrize("named", [True, False])
def test_only_a_model_that_we_chose_is_spared_the_sampling_that_it_refuses(*, takes_it: bool | None, named: bool) -> None:
    """A switch that drops parameters everywhere would hide from its users what they no longer get (litellm#8242)."""
    card = structs.replace(CARD, abilities={} if takes_it is None else {"sampling": takes_it})
    asked: Json = {"temperature": 0.2, "top_p": 0.9, "frequency_penalty": 1, "presence_penalty": 1, "seed": 7}
    chat = {"model": "small" if named else "auto", "messages": [], **asked}
    sent = chat_body(card, ChatRequest("openai", chat, chat), Quirks(), stream=False)
    refused = takes_it is False and not named
    assert {name for name in asked if name in sent} == ({"seed"} if refused else asked.keys())


@pytest.mark.parametrize(
    "row", [row for row in load_vendors().values() if row.format == "openai" and row.zone != "external"]
)
@pytest.mark.parametrize("name", ["qwen3-32b", "deepseek-r1", "gpt-oss-20b", "glm-5"])
def test_a_server_of_ones_own_gets_what_its_models_think_by(row: Provider, name: str) -> None:
    """maximhq/bifrost#6779: `reasoning` was deleted for names that look like a vendor's, whoever served them."""
    card = ModelCard(name, row.id, name, row.zone)
    asked: Json = {"reasoning": {"effort": "low"}, "thinking": {"type": "enabled"}, "enable_thinking": True}
    asked |= {"reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": True}, "think": True}
    chat: Json = {"model": name, "messages": [], **asked}
    sent = chat_body(card, ChatRequest("openai", chat, chat), row.quirks, stream=False)
    assert {field: sent.get(row.quirks.renames.get(field, field)) for field in asked} == asked


def test_what_is_no_message_is_left_for_the_vendor_to_refuse() -> None:
    quirks = Quirks(drops=("messages.name", "user"), renames={"messages.a": "b"}, system_role="system")
    messages = ["hi", {"role": "developer", "name": "x", "a": 1, "user": "kept"}, None]
    assert body(quirks, messages=messages, user="u")["messages"] == ["hi", {"role": "system", "b": 1, "user": "kept"}, None]
