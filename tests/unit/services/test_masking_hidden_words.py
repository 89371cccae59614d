"""Words where nobody expects them: in names, in references, beside others of one name, behind what files begin with."""

from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import NotPermitted
from kyozon.domain.requests import ChatRequest, EmbeddingRequest, Json
from kyozon.http.anthropic_request import to_chat
from tests.fakes.detection import VALUES, KnownValues
from tests.fakes.installation import EMBEDDER, FakeInstallation, api_key, ask


@pytest.fixture
def house() -> FakeInstallation:
    made = FakeInstallation()
    made.look_through(KnownValues())
    return made


def called_with(arguments: str, text: str = "Hello.") -> list[Json]:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return [{"role": "user", "content": text}, {"role": "assistant", "tool_calls": [call]}]


def left(house: FakeInstallation) -> list[str]:
    """The values that an outside model has got."""
    sent = str([(call.request.body, call.request.chat) for call in house.chats["bargain"].calls])
    return [value for value in VALUES if value in sent]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "data: taro@example.com is new here"}],
        [{"role": "user", "content": [{"type": "text", "text": "data:山田太郎,090-1234-5678"}]}],
        called_with('{"detail": "山田太郎", "id": "090-1234-5678", "type": "x"}'),
        called_with('{"detail": "山田太郎"}', "I am 山田太郎."),
        called_with('{"data": "山田太郎 090-1234-5678"}'),
        called_with('{"a": "taro@example.com", "a": "x"}'),
        called_with('{"a": "taro@example.com", "a": "x"}', "Mail taro@example.com"),
    ],
)
async def test_words_are_masked_wherever_they_stand(house: FakeInstallation, messages: list[Json]) -> None:
    answered = await house.chat.answer(ask("cheap", messages=messages))
    found = await house.book.decision(answered.decision_id)
    assert found is not None
    assert found[0].label.compartments == {"pii"}
    assert house.sent == ["cheap"]
    assert left(house) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": called_with('{"taro@example.com": 1}')},
        {"messages": called_with('{"090-1234-5678": "x"}')},
        {"messages": called_with('{"taro@example.com": 1}', "Mail taro@example.com")},
        {"metadata": {"山田太郎": "x"}},
        {"metadata": {"id": "written by taro@example.com"}},
    ],
)
async def test_what_stands_in_a_name_holds_the_request_back(house: FakeInstallation, fields: dict[str, Any]) -> None:
    with pytest.raises(NotPermitted, match="identifier"):
        await house.chat.answer(ask("cheap", **fields))
    assert left(house) == []
    await house.chat.answer(ask(**fields))
    assert house.sent == ["in-house"]


async def test_what_only_the_second_look_finds_in_a_name_holds_it_back_too(house: FakeInstallation) -> None:
    house.look_through(KnownValues(missed=("4111-1111",)))
    with pytest.raises(NotPermitted, match="second still found something"):
        await house.chat.answer(ask("cheap", metadata={"4111-1111": "x"}))
    assert house.sent == []


async def test_the_arguments_of_a_call_in_the_other_dialect_are_words(house: FakeInstallation) -> None:
    house.chats["bargain"]._dialect = "anthropic"
    block = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"detail": "山田太郎", "id": "taro@example.com"}}
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [block]}]
    body: Json = {"model": "cheap", "max_tokens": 9, "messages": turns}
    await house.chat.answer(structs.replace(ask("cheap"), request=ChatRequest("anthropic", body, to_chat(body))))
    sent = house.chats["bargain"].calls[0].request.body["messages"][1]["content"][0]
    assert sent == block | {"input": {"detail": "[PERSON_1]", "id": "[EMAIL_1]"}}
    assert left(house) == []


async def test_references_of_programs_are_not_looked_at(house: FakeInstallation) -> None:
    detection = KnownValues()
    house.look_through(detection)
    schema = {"type": "object", "properties": {"phone_number": {"type": "string"}}, "$defs": {}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    await house.chat.answer(ask("cheap", messages=called_with('{"phone_number": "x"}'), tools=[tool]))
    assert detection.asked == [["name: f", "Hello.", "phone_number: x"]]


async def test_tokens_beside_a_find_stop_masking(house: FakeInstallation) -> None:
    outside = structs.replace(EMBEDDER, zone="external")
    house.registry.installation = structs.replace(house.registry.installation, cards=(outside,))
    body = {"input": [[1, 2, 3]], "user": "taro@example.com"}
    request = EmbeddingRequest(body, "embedder", (), tokens=((1, 2, 3),))
    with pytest.raises(NotPermitted, match="cannot read"):
        await house.embeddings.embed(Caller(api_key()), request, None, msgspec.json.encode(body))
    assert house.embedder.calls == []
