"""`/v1/responses` as OpenAI's own client speaks it, over documents that are there."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec import structs
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types.responses import Response, ResponseFileSearchToolCall, ResponseOutputMessage, ResponseOutputText

from kyozon.domain.canaries import Canary
from kyozon.domain.errors import StreamBroken
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.governance.links import LinkRules
from kyozon.ports.provider import Piece
from tests.fakes.documents import LEAVE, WIFI, AnsweringInstallation, passage
from tests.fakes.installation import api_key
from tests.fakes.scripted import Line, piece, reported, says
from tests.fakes.served import served

SEARCH = {"type": "file_search", "vector_store_ids": ["vs_1"]}
QUESTION = "How often are passwords changed?"
ANSWER = "Passwords are changed every 90 days [2]. The walls are blue."


FUNCTION: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Osaka"}'}}


def calls() -> list[Line]:
    """A call of a function, at the end of a stream."""
    call = {"index": 0, **CALL}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    delta = chunk | {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    return [Piece(msgspec.json.encode(delta), finish="tool_calls")]


@pytest.fixture
def house() -> AnsweringInstallation:
    made = AnsweringInstallation([passage("doc_leave", LEAVE), passage("doc_wifi", WIFI, page=3)])
    for chat in made.chats.values():
        chat.scripts = [says(ANSWER)]
    return made


@pytest.fixture
async def url(house: AnsweringInstallation) -> AsyncIterator[str]:
    async with served(house) as base:
        yield base
    await house.drain()


async def asked(openai: AsyncOpenAI, question: str = QUESTION, **more: object) -> Response:
    return await openai.responses.create(model="in-house", input=question, tools=[SEARCH], **more)  # type: ignore[call-overload,no-any-return]


def message(response: Response) -> ResponseOutputText:
    (found,) = [item for item in response.output if isinstance(item, ResponseOutputMessage)]
    (part,) = found.content
    assert isinstance(part, ResponseOutputText)
    return part


async def test_an_answer_cites_file_page_section_and_the_words_that_stand_there(openai: AsyncOpenAI) -> None:
    response = await asked(openai)
    part = message(response)
    (cited,) = part.annotations
    said = cited.model_dump()

    assert response.output_text == "Passwords are changed every 90 days. [1] The walls are blue. [not in the sources]"
    assert (said["type"], said["file_id"], said["filename"]) == ("file_citation", "file-doc_wifi", "doc_wifi.md")
    assert part.text[said["index"] :].startswith("[1]")
    assert WIFI[said["start"] : said["end"]] == said["quote"] == "Passwords are changed every 90 days."
    assert (said["page"], said["section"]) == (3, ["Wireless network"])
    assert response.model_dump()["kyozon"]["unsupported"] == 1


async def test_the_documents_are_sources_of_the_decision_and_their_labels_bind(
    openai: AsyncOpenAI, house: AnsweringInstallation
) -> None:
    await asked(openai)
    (decision,) = house.book.decisions_by_id.values()

    assert set(decision.sources) == {"doc_leave", "doc_wifi"}
    assert house.search.asked[0][2] is True  # the decision is the record of the delivery
    sent = house.chats["local"].calls[0].request.chat["messages"]
    assert "Passwords are changed" in sent[-1]["content"]
    assert sent[-1]["content"].endswith(f"Question: {QUESTION}")


async def test_results_go_along_where_they_are_wanted_and_are_recorded_by_the_search(
    openai: AsyncOpenAI, house: AnsweringInstallation
) -> None:
    response = await asked(openai, include=["file_search_call.results"])
    call = response.output[0]

    assert isinstance(call, ResponseFileSearchToolCall)
    assert call.queries == [QUESTION]
    assert call.results is not None
    assert [found.file_id for found in call.results] == ["file-doc_leave", "file-doc_wifi"]
    assert house.search.asked[0][2] is False


async def test_every_document_that_is_shown_is_a_source_and_labels_the_response() -> None:
    label, filler = Label(Level.CONFIDENTIAL, frozenset({"hr"})), "Something else entirely is said here. " * 200
    more = structs.replace(passage("doc_more", filler), label=label)
    house = AnsweringInstallation([passage("doc_wifi", WIFI), more])
    house.stored.values["default", "doc_more"] = structs.replace(house.stored.values["default", "doc_more"], label=label)
    house.chats["local"].scripts = [says("Passwords are changed every 90 days [1].")]
    told: dict[str, Any] = {"model": "in-house", "input": QUESTION, "tools": [SEARCH]}
    async with served(house) as base, aiohttp.ClientSession(base, headers={"authorization": "Bearer ky-test"}) as session:
        for include in ([], ["file_search_call.results"]):
            response = await session.post("/v1/responses", json=told | {"include": include})
            name = (await response.json())["id"]
            (decision,) = (one for one in house.book.decisions_by_id.values() if one.id.endswith(name[5:]))
            assert decision.sources == ("doc_wifi",)
            shown = ("doc_wifi", "doc_more") if include else ()
            assert house.responses.by_id["default", name].sources == (decision.id, *shown)
            assert ("hr" in response.headers["x-kyozon-label"]) is bool(include)
            assert ("hr" in (await house.provenance.label("default", (name,))).compartments) is bool(include)
    await house.drain()


async def test_a_stream_says_the_same_in_events_that_are_numbered(openai: AsyncOpenAI) -> None:
    whole = await asked(openai)
    async with openai.responses.stream(model="in-house", input=QUESTION, tools=[SEARCH]) as stream:  # type: ignore[list-item]
        events = [event async for event in stream]
        final = await stream.get_final_response()

    assert [event.sequence_number for event in events if hasattr(event, "sequence_number")] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert [kind for kind in kinds if "file_search" in kind] == [
        f"response.file_search_call.{stage}" for stage in ("in_progress", "searching", "completed")
    ]
    assert kinds[-5:] == [
        "response.output_text.annotation.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert final.output_text == whole.output_text
    assert message(final).annotations == message(whole).annotations


async def test_nothing_found_is_said_and_no_model_is_asked(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    house.search.passages = ()
    response = await asked(openai)

    assert response.output_text == "I could not find an answer to this in your documents."
    assert house.sent == []
    async with openai.responses.stream(model="in-house", input=QUESTION, tools=[SEARCH]) as stream:  # type: ignore[list-item]
        assert (await stream.get_final_response()).output_text == response.output_text


async def test_words_that_no_document_says_do_not_leave(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    house.chats["local"].scripts = [says("The antivirus program is called Shield. It costs 20 euros.")]
    response = await asked(openai, "Which antivirus program is installed?")

    assert response.output_text == "I could not find an answer to this in your documents."
    async with openai.responses.stream(
        model="in-house",
        input="Which antivirus program is installed?",
        tools=[SEARCH],  # type: ignore[list-item]
    ) as stream:
        text = "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])
    assert text == response.output_text


async def test_a_conversation_goes_on_from_a_stored_response(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    first = await asked(openai)
    house.chats["local"].scripts = [says("How often are passwords for guests changed?"), says(ANSWER)]
    second = await asked(openai, "And those for guests?", previous_response_id=first.id)

    assert second.previous_response_id == first.id
    assert house.search.asked[-1][0].queries == ("How often are passwords for guests changed?", "And those for guests?")
    decisions = list(house.book.decisions_by_id.values())
    assert [decision.purpose for decision in decisions] == ["", "rewrite-question", ""]
    assert all(first.id in decision.sources for decision in decisions[1:])
    assert "[1]" not in house.chats["local"].calls[-1].request.chat["messages"][2]["content"]


async def test_what_goes_on_is_labelled_with_what_was_said_before() -> None:
    label = Label(Level.CONFIDENTIAL, frozenset({"pii"}))
    house = AnsweringInstallation([passage("doc_wifi", WIFI)], label)
    house.chats["local"].scripts = [says(ANSWER.replace("[2]", "[1]"))]
    async with served(house) as base, AsyncOpenAI(api_key="ky-test", base_url=f"{base}/v1", max_retries=0) as client:
        first = await asked(client)
        await asked(client, "And those for guests?", previous_response_id=first.id)

    looked_for = [declared for _, declared, _ in house.search.asked]
    assert looked_for == [None, label]
    assert all("pii" in decision.label.compartments for decision in house.book.decisions_by_id.values())
    assert (await house.provenance.label("default", (first.id,))).compartments == {"pii"}
    await house.drain()


async def test_a_rewriting_that_drifts_is_not_looked_for(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    first = await asked(openai)
    house.chats["local"].scripts = [says("The capital of France is Paris."), says(ANSWER)]
    await asked(openai, "And those for guests?", previous_response_id=first.id)

    assert house.search.asked[-1][0].queries == (f"{QUESTION} And those for guests?", "And those for guests?")


async def test_a_stored_response_is_read_listed_and_deleted(openai: AsyncOpenAI) -> None:
    made = await asked(openai)

    assert (await openai.responses.retrieve(made.id)).output_text == made.output_text
    (item,) = (await openai.responses.input_items.list(made.id)).data
    assert item.content[0].text == QUESTION  # type: ignore[union-attr, index]
    with pytest.raises(BadRequestError, match="is over"):
        await openai.responses.cancel(made.id)
    await openai.responses.delete(made.id)
    with pytest.raises(NotFoundError):
        await openai.responses.retrieve(made.id)


async def test_what_is_given_again_is_on_record_and_looked_through(
    openai: AsyncOpenAI, house: AnsweringInstallation
) -> None:
    made = await asked(openai)
    house.canaries.append(Canary("asked", "often are passwords", house.time.world.now()))
    await openai.responses.retrieve(made.id)
    await openai.responses.input_items.list(made.id)

    assert [one.values for one in house.stored.delivered] == [(made.id,)] * 2
    (decision,) = house.book.decisions_by_id
    assert [(alarm.canary, alarm.decision) for alarm in house.alarms] == [("asked", decision)] * 2


async def test_what_is_not_stored_is_not_there(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    made = await asked(openai, store=False)

    assert house.responses.by_id == {}
    with pytest.raises(NotFoundError, match="whole conversation"):
        await asked(openai, "And then?", previous_response_id=made.id)


async def test_others_and_whoever_is_not_cleared_any_more_find_nothing(
    openai: AsyncOpenAI, house: AnsweringInstallation, url: str
) -> None:
    made = await asked(openai)
    house.key_store.by_id["key_other"] = structs.replace(api_key("other"), user="bob")
    house.key_store.by_id["key_low"] = structs.replace(api_key("low"), clearance=Clearance(Level.INTERNAL))
    bodies = set()
    for key in ("other", "low"):
        for name in (made.id, "resp_0000"):
            async with aiohttp.ClientSession(url, headers={"authorization": f"Bearer ky-{key}"}) as session:
                found = await session.get(f"/v1/responses/{name}")
                assert found.status == 404
                bodies.add((await found.text()).replace(name, "ID"))

    assert len(bodies) == 1


async def test_documents_above_every_zone_are_refused_and_nothing_is_sent() -> None:
    secret = AnsweringInstallation([passage("doc_wifi", WIFI)], Label(Level.RESTRICTED))
    async with served(secret) as base, AsyncOpenAI(api_key="ky-test", base_url=f"{base}/v1", max_retries=0) as client:
        with pytest.raises(Exception, match="restricted"):
            await client.responses.create(model="cheap", input=QUESTION, tools=[SEARCH])  # type: ignore[list-item]
    assert secret.sent == []
    await secret.drain()


async def test_a_canary_in_what_is_quoted_raises_the_alarm_and_links_in_it_are_inert(house: AnsweringInstallation) -> None:
    token = "kzn-4f8a2c91d7"
    words = f"Wireless\nPasswords are changed every 90 days, see {token} and https://evil.example/?q=1 for more.\n"
    marked = AnsweringInstallation([passage("doc_wifi", words)])
    marked.canaries.append(Canary("wifi", token, marked.time.world.now()))
    marked.links = LinkRules("mark")
    marked.chats["local"].scripts = [says("Passwords are changed every 90 days [1].")]
    async with served(marked) as base, AsyncOpenAI(api_key="ky-test", base_url=f"{base}/v1", max_retries=0) as client:
        response = await asked(client)
    (cited,) = message(response).annotations

    assert {(alarm.canary, alarm.place) for alarm in marked.alarms} >= {("wifi", "answer")}
    assert "https://evil.example" not in cited.model_dump()["quote"]
    await marked.drain()
    assert house.alarms == []


async def test_a_stream_that_breaks_says_so_and_is_not_stored(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    house.chats["local"].scripts = [[*says(ANSWER)[:12], StreamBroken("local", "it fell")]]
    async with openai.responses.stream(model="in-house", input=QUESTION, tools=[SEARCH]) as stream:  # type: ignore[list-item]
        events = [event async for event in stream]

    failed = events[-1]
    assert failed.type == "response.failed"
    assert failed.response.error is not None
    assert "it fell" in failed.response.error.message
    assert house.responses.by_id == {}


async def test_functions_that_the_model_calls_come_as_items(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    house.chats["local"].scripts = [[*calls(), reported(None)]]
    async with openai.responses.stream(model="in-house", input="Osaka?", tools=[FUNCTION]) as stream:
        final = await stream.get_final_response()
    (found,) = final.output

    assert found.type == "function_call"
    assert (found.call_id, found.name, found.arguments) == ("call_1", "weather", '{"city":"Osaka"}')
    house.chats["local"].scripts = [says(ANSWER)]
    output: Any = [{"type": "function_call_output", "call_id": "call_1", "output": "rain"}]
    await openai.responses.create(model="in-house", input=output, previous_response_id=final.id, tools=[FUNCTION])
    roles = [told["role"] for told in house.chats["local"].calls[-1].request.chat["messages"]]
    assert roles == ["user", "assistant", "tool"]


@pytest.mark.parametrize(
    ("said", "leaves"),
    [
        ("The antivirus program is called Shield and costs 20 euros.", ""),
        ("Passwords are changed every 90 days. Shield costs 20 euros.", "Passwords are changed every 90 days. [1]"),
    ],
)
async def test_beside_a_call_only_words_leave_that_a_document_says(
    openai: AsyncOpenAI, house: AnsweringInstallation, said: str, leaves: str
) -> None:
    more: Any = {"model": "in-house", "input": QUESTION, "tools": [SEARCH, FUNCTION]}
    house.chats["local"].scripts = [[*says(said)[:-2], *calls(), reported(None)]]
    answer = {"role": "assistant", "content": said, "tool_calls": [CALL]}
    choices = [{"index": 0, "message": answer, "finish_reason": "tool_calls"}]
    house.chats["local"].whole = msgspec.json.encode({"id": "c", "object": "chat.completion", "choices": choices})
    whole = await openai.responses.create(**more)
    async with openai.responses.stream(**more) as stream:
        told = "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])

    assert whole.output_text == told == (f"{leaves} Shield costs 20 euros. [not in the sources]" if leaves else "")
    kinds = ["file_search_call", *(["message"] if leaves else []), "function_call"]
    assert [item.type for item in whole.output] == kinds


async def test_what_a_function_gave_stands_behind_the_question(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    called = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}
    given = {"type": "function_call_output", "call_id": "call_1", "output": "rain"}
    items: Any = [{"role": "user", "content": QUESTION}, called, given]
    await openai.responses.create(model="in-house", input=items, tools=[SEARCH, FUNCTION])  # type: ignore[list-item]
    _, question, *after = house.chats["local"].calls[-1].request.chat["messages"]

    assert question["content"].endswith(f"Question: {QUESTION}")
    assert [message["role"] for message in after] == ["assistant", "tool"]
    assert after[-1]["content"] == "rain"


async def test_without_a_search_a_response_is_what_the_model_says(openai: AsyncOpenAI) -> None:
    response = await openai.responses.create(model="in-house", input="Hello", instructions="Be brief.", temperature=0)

    assert response.output_text == ANSWER
    assert message(response).annotations == []
    assert response.instructions == "Be brief."


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"background": True}, "background"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input"),
        ({"tools": [SEARCH], "text": {"format": {"type": "json_object"}}}, "text"),
    ],
)
async def test_what_is_not_supported_is_said(openai: AsyncOpenAI, more: dict[str, object], field: str) -> None:
    with pytest.raises(BadRequestError, match="is not supported") as refused:
        await openai.responses.create(**{"model": "in-house", "input": "Hello", **more})  # type: ignore[call-overload]
    assert refused.value.param == field


async def test_a_stream_that_is_cut_off_ends_as_incomplete(openai: AsyncOpenAI, house: AnsweringInstallation) -> None:
    """The SDK's helper keeps the response of `response.completed` alone, and says so; the event has this one."""
    house.chats["local"].scripts = [[piece("The walls"), piece(finish="length"), reported(None)]]
    async with openai.responses.stream(model="in-house", input="Hello", max_output_tokens=2) as stream:
        *_, last = [event async for event in stream]
        with pytest.raises(RuntimeError, match=r"response\.completed"):
            await stream.get_final_response()

    assert last.type == "response.incomplete"
    assert last.response.output_text == "The walls"
    assert last.response.incomplete_details is not None
    assert last.response.incomplete_details.reason == "max_output_tokens"


PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}


@pytest.mark.parametrize(
    "said",
    [
        "",
        " \n",
        [{"role": "user", "content": [PICTURE]}],
        [{"role": "developer", "content": QUESTION}],
        [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "Often."},
            {"role": "user", "content": ""},
        ],
    ],
)
async def test_a_search_without_a_question_is_refused_and_no_model_is_asked(
    openai: AsyncOpenAI, house: AnsweringInstallation, said: Any
) -> None:
    with pytest.raises(BadRequestError, match="no question") as refused:
        await openai.responses.create(model="in-house", input=said, tools=[SEARCH])  # type: ignore[list-item]
    first = await asked(openai)
    with pytest.raises(BadRequestError, match="no question"):
        await openai.responses.create(model="in-house", input="", tools=[SEARCH], previous_response_id=first.id)  # type: ignore[list-item]

    assert refused.value.param == "input"
    assert len(house.chats["local"].calls) == 1


async def test_only_what_there_is_can_be_included(openai: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError, match=r"file_search_call\.results") as refused:
        await asked(openai, include=["nope"])

    assert refused.value.param == "include"
    assert (await asked(openai, include=["reasoning.encrypted_content"])).status == "completed"
