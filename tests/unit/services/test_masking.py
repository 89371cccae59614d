from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kyozon.domain.callers import Caller, Limits
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import NotPermitted, UpstreamFailed
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.masking import MaskedSpans
from kyozon.domain.requests import ChatRequest, EmbeddingRequest, Json
from kyozon.http.anthropic_request import to_chat
from kyozon.services.cache import CacheOptions
from kyozon.services.chat import Ask
from kyozon.services.provenance import Wish
from kyozon.services.replaying import replay
from tests.fakes.detection import VALUES, KnownValues
from tests.fakes.installation import DEAR, EMBEDDER, IN_HOUSE, FakeInstallation, api_key, ask
from tests.fakes.scripted import piece, reported

SECRET_WORD = 'a"b\\c\nd-hunter2'
WORDS = f"山田太郎 (taro@example.com) has the password {SECRET_WORD}. Call 090-1234-5678."
MASKED = "[PERSON_1] ([EMAIL_1]) has the password [SECRET_1]. Call [PHONE_1]."
SENSITIVE = Label(Level.INTERNAL, frozenset({"pii", "secret"}))


def said(text: str = WORDS, model: str = "cheap", **fields: Any) -> Ask:
    return ask(model, messages=[{"role": "user", "content": text}], **fields)


@pytest.fixture
def detection() -> KnownValues:
    return KnownValues()


@pytest.fixture
def house(detection: KnownValues) -> FakeInstallation:
    made = FakeInstallation()
    made.look_through(detection)
    made.chats["bargain"].scripts = [echoing(MASKED)]
    return made


def echoing(text: str) -> Sequence[Any]:
    return [piece(role="assistant"), *map(piece, text), piece(finish="stop"), reported(None)]


async def recorded(house: FakeInstallation, decision_id: str) -> Decision:
    found = await house.book.decision(decision_id)
    assert found is not None
    return found[0]


def content(payload: bytes) -> str:
    return str(msgspec.json.decode(payload)["choices"][0]["message"]["content"])


async def streamed(house: FakeInstallation, asked: Ask) -> str:
    running = await house.chat.stream(asked)
    chunks = [msgspec.json.decode(one.payload) async for one in running.pieces]
    await running.close()
    return "".join(choice["delta"].get("content", "") for one in chunks for choice in one["choices"])


async def test_an_exposure_report_weighs_the_words_that_were_sent(house: FakeInstallation) -> None:
    answered = await house.chat.answer(said())
    (one,) = (await house.provenance.exposure("default", answered.decision_id)).deliveries
    assert (one.delivery.zone, one.permitted_now) == ("external", True)

    now = house.registry.installation
    closed = structs.replace(now.zones["external"], masked=False)
    house.registry.installation = structs.replace(now, zones={**now.zones, "external": closed})
    (one,) = (await house.provenance.exposure("default", answered.decision_id)).deliveries
    assert not one.permitted_now

    house.registry.installation = now
    secret = Label(Level.CONFIDENTIAL, SENSITIVE.compartments)
    raised = await house.provenance.raise_label(Wish("default", answered.decision_id, secret, "ann", "it was wrong"))
    assert not raised.deliveries[0].permitted_now


async def test_an_outside_model_gets_tokens_and_the_caller_reads_the_values(house: FakeInstallation) -> None:
    answered = await house.chat.answer(said())

    sent = house.chats["bargain"].calls[0].request
    assert sent.chat["messages"] == [{"role": "user", "content": MASKED}]
    assert not any(value in str(sent) for value in VALUES)
    assert content(answered.payload) == WORDS
    house.assert_settled()


async def test_a_stream_is_restored_while_it_comes(house: FakeInstallation) -> None:
    assert await streamed(house, said(stream=True)) == WORDS
    assert house.chats["bargain"].calls[0].request.chat["messages"][0]["content"] == MASKED
    house.assert_settled()


async def test_a_model_that_may_have_them_gets_the_words(house: FakeInstallation) -> None:
    await house.chat.answer(said(model="in-house"))
    assert house.chats["local"].calls[0].request.chat["messages"][0]["content"] == WORDS


async def test_the_record_says_what_was_masked_and_no_word_of_it(house: FakeInstallation) -> None:
    answered = await house.chat.answer(said(model="auto"))
    decision = await recorded(house, answered.decision_id)

    assert decision.label.compartments == {"pii", "secret"}
    assert decision.masked_label == Label(Level.INTERNAL)
    checks = ("residue", "second")
    assert decision.masked == (
        MaskedSpans("EMAIL", 1, 16, "known", checks),
        MaskedSpans("PERSON", 1, 4, "known", checks),
        MaskedSpans("PHONE", 1, 13, "known", checks),
        MaskedSpans("SECRET", 1, len(SECRET_WORD), "known", checks),
    )
    sources = {source.source.en: set(source.label.compartments) for source in decision.label_sources}
    assert sources["personal data found: EMAIL, PERSON, PHONE"] == {"pii"}
    assert sources["secrets found: SECRET"] == {"secret"}
    masked = {candidate.model: candidate.masked for candidate in decision.candidates}
    assert masked == {"in-house": False, "cheap": True, "dear": True}
    encoded = msgspec.json.encode(decision).decode()
    assert not any(value in encoded for value in VALUES)


async def test_a_masked_decision_can_be_made_again(house: FakeInstallation) -> None:
    answered = await house.chat.answer(said(model="auto"))
    decision = structs.replace(await recorded(house, answered.decision_id), basis="b")

    assert replay(decision, house.registry).same
    assert not replay(structs.replace(decision, masked_label=None), house.registry).same


async def test_nothing_found_changes_nothing(house: FakeInstallation) -> None:
    answered = await house.chat.answer(said("Hello."))
    decision = await recorded(house, answered.decision_id)
    assert (decision.label, decision.masked_label, decision.masked) == (Label(Level.INTERNAL), None, ())
    assert house.chats["bargain"].calls[0].request.chat["messages"][0]["content"] == "Hello."


async def test_masking_takes_away_no_level_and_nothing_that_was_declared(house: FakeInstallation) -> None:
    for declared in (Label(Level.CONFIDENTIAL), Label(Level.INTERNAL, frozenset({"pii"})), SENSITIVE):
        with pytest.raises(NotPermitted):
            await house.chat.answer(said(declared=declared))
    assert house.sent == []


@pytest.mark.parametrize("reason", ["timed out", "broke"])
async def test_detectors_that_fail_leave_the_words_where_everything_may_be(
    house: FakeInstallation, detection: KnownValues, reason: str
) -> None:
    detection.failing = reason
    with pytest.raises(NotPermitted, match=reason):
        await house.chat.answer(said("Hello."))
    answered = await house.chat.answer(said("Hello.", model="auto"))

    assert house.sent == ["in-house"]
    decision = await recorded(house, answered.decision_id)
    assert decision.label.compartments == {"pii", "secret"}
    assert reason in decision.label_sources[-1].source.en


@pytest.mark.parametrize("text", [f"{WORDS} 4111-1111", "4111-1111"], ids=["beside others", "alone"])
async def test_what_only_the_second_look_finds_holds_everything_back(text: str) -> None:
    house = FakeInstallation()
    house.look_through(KnownValues(missed=("4111-1111",)))
    with pytest.raises(NotPermitted, match="second still found something"):
        await house.chat.answer(said(text))
    await house.chat.answer(said(text, model="auto"))
    assert house.sent == ["in-house"]


async def test_a_value_in_an_identifier_is_left_over(house: FakeInstallation) -> None:
    call = {"id": "taro@example.com", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [{"role": "user", "content": WORDS}, {"role": "assistant", "tool_calls": [call]}]
    with pytest.raises(NotPermitted, match="identifier"):
        await house.chat.answer(ask("cheap", messages=messages))


async def test_what_no_detector_can_read_cannot_be_verified(house: FakeInstallation) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}
    house.registry.installation = structs.replace(
        house.registry.installation,
        cards=tuple(structs.replace(card, modalities=frozenset({"text", "image"})) for card in (IN_HOUSE, DEAR)),
    )
    with pytest.raises(NotPermitted, match="cannot read"):
        await house.chat.answer(
            ask("dear", messages=[{"role": "user", "content": [{"type": "text", "text": WORDS}, image]}])
        )
    await house.chat.answer(ask("dear", messages=[{"role": "user", "content": [{"type": "text", "text": "Look."}, image]}]))
    assert house.sent == ["dear"]


async def test_a_zone_may_be_kept_from_masked_words(house: FakeInstallation) -> None:
    installation = house.registry.installation
    zones = {name: structs.replace(zone, masked=False) for name, zone in installation.zones.items()}
    house.registry.installation = structs.replace(installation, zones=zones)
    with pytest.raises(NotPermitted):
        await house.chat.answer(said())


async def test_only_the_keys_named_are_looked_at(detection: KnownValues) -> None:
    house = FakeInstallation()
    house.look_through(detection, keys=frozenset({"desk"}))
    await house.chat.answer(said(key=api_key("other")))
    assert detection.asked == []
    await house.chat.answer(said(key=api_key("desk")))
    assert len(detection.asked) == 1


async def test_who_is_not_cleared_reads_the_tokens(house: FakeInstallation) -> None:
    key = structs.replace(api_key(), clearance=Clearance(Level.CONFIDENTIAL))
    answered = await house.chat.answer(said(key=key))
    assert content(answered.payload) == MASKED
    await house.chat.answer(said(key=key, model="in-house"))
    assert house.chats["local"].calls[0].request.chat["messages"][0]["content"] == MASKED


async def test_fallbacks_are_masked_or_not_by_where_they_go(house: FakeInstallation) -> None:
    house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 500, "down")]]
    house.chats["local"].scripts = [echoing(WORDS)]
    answered = await house.chat.answer(said(model="auto"))

    assert house.sent == ["cheap", "in-house"]
    assert house.chats["bargain"].calls[0].request.chat["messages"][0]["content"] == MASKED
    assert house.chats["local"].calls[0].request.chat["messages"][0]["content"] == WORDS
    assert content(answered.payload) == WORDS


async def test_a_broken_stream_goes_on_masked(house: FakeInstallation) -> None:
    house.continue_broken_streams()
    house.registry.installation = structs.replace(house.registry.installation, cards=(IN_HOUSE, DEAR))
    house.chats["local"].scripts = [[piece("山田太郎 said "), UpstreamFailed("local", 500, "down")]]
    house.chats["boutique"].scripts = [echoing("[PERSON_1] agreed.")]
    found = await streamed(house, said(model="auto", stream=True))

    sent = house.chats["boutique"].calls[0].request.chat["messages"]
    assert [message["content"] for message in sent[:2]] == [MASKED, "[PERSON_1] said "]
    assert found == "山田太郎 said 山田太郎 agreed."
    house.assert_settled()


async def test_a_broken_stream_does_not_go_on_where_it_cannot_be_masked(
    house: FakeInstallation, detection: KnownValues
) -> None:
    house.continue_broken_streams()
    house.registry.installation = structs.replace(house.registry.installation, cards=(IN_HOUSE, DEAR))
    detection.missed = ("4111-1111",)
    house.chats["local"].scripts = [[piece("4111-1111 said "), UpstreamFailed("local", 500, "down")]]
    with pytest.raises(UpstreamFailed):
        await streamed(house, said(model="auto", stream=True))
    assert house.sent == ["in-house"]
    house.assert_settled()


async def test_counting_shows_an_outside_model_no_more(house: FakeInstallation) -> None:
    await house.chat.count_tokens(said())
    assert house.chats["bargain"].calls[0].request.chat["messages"][0]["content"] == MASKED


async def test_texts_to_embed_are_masked(house: FakeInstallation) -> None:
    outside = structs.replace(EMBEDDER, zone="external")
    house.registry.installation = structs.replace(house.registry.installation, cards=(outside,))
    body = b"{}"
    request = EmbeddingRequest({"input": WORDS, "user": "taro@example.com"}, "embedder", (WORDS,))
    found = await house.embeddings.embed(Caller(api_key()), request, None, body)

    sent = house.embedder.calls[0].request
    assert sent.texts == (MASKED,)
    assert not any(value in str(sent) for value in VALUES)
    decision = await recorded(house, found.decision_id)
    assert decision.masked_label == Label(Level.INTERNAL)


async def test_a_conversation_keeps_its_tokens(house: FakeInstallation) -> None:
    turns: list[Json] = [{"role": "user", "content": "090-1234-5678 is 山田太郎's."}]
    await house.chat.answer(ask("cheap", messages=turns))
    turns += [{"role": "assistant", "content": "Yes, 山田太郎."}, {"role": "user", "content": "And taro@example.com?"}]
    await house.chat.answer(ask("cheap", messages=turns, tools=[{"type": "function", "function": {"name": "f"}}]))

    first, second = [[m["content"] for m in call.request.chat["messages"]] for call in house.chats["bargain"].calls]
    assert first == ["[PHONE_1] is [PERSON_1]'s."]
    assert second == [*first, "Yes, [PERSON_1].", "And [EMAIL_1]?"]


async def test_both_dialects_are_masked_alike(house: FakeInstallation) -> None:
    house.chats["bargain"]._dialect = "anthropic"
    text = {"type": "text", "text": WORDS}
    event = {"type": "message", "content": [{"type": "text", "text": MASKED}]}
    house.chats["bargain"].whole = msgspec.json.encode(event)
    body: Json = {
        "model": "cheap",
        "max_tokens": 9,
        "system": "For 山田太郎.",
        "messages": [{"role": "user", "content": [text]}],
    }
    request = ChatRequest("anthropic", body, to_chat(body))
    answered = await house.chat.answer(structs.replace(said(), request=request))

    sent = house.chats["bargain"].calls[0].request
    assert sent.body["system"] == "For [PERSON_1]."
    assert sent.body["messages"][0]["content"][0]["text"] == MASKED
    assert not any(value in str(sent) for value in VALUES)
    assert msgspec.json.decode(answered.payload)["content"][0]["text"] == WORDS


async def test_a_ceiling_for_limited_money_changes_no_word(house: FakeInstallation) -> None:
    key = api_key(limits=Limits(money_per_month=Decimal(1000)))
    answered = await house.chat.answer(said(key=key))
    sent = house.chats["bargain"].calls[0].request.chat
    assert sent["messages"][0]["content"] == MASKED
    assert sent["max_completion_tokens"] > 0
    assert content(answered.payload) == WORDS


async def test_kept_answers_hold_the_values_under_the_label_of_the_words(house: FakeInstallation) -> None:
    house.use_cache(CacheOptions(exact=True))
    first = await house.chat.answer(said())
    await house.drain()
    again = await house.chat.answer(said())

    assert again.cache is not None
    assert again.cache.result == "hit-exact"
    assert content(again.payload) == content(first.payload) == WORDS
    assert len(house.chats["bargain"].calls) == 1
    (kept,) = house.answers.kept
    assert kept.partition.label.startswith("internal+pii+secret")


async def test_words_that_nobody_has_looked_at_are_not_sent(house: FakeInstallation) -> None:
    found = await house.chat._masking.chat(said().request, api_key())
    other = said("something else").request
    with pytest.raises(NotPermitted):
        found.chat(other)
