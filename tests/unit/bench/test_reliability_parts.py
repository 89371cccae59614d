from collections.abc import Callable, Iterator

import msgspec
import pytest

from bench.reliability import asking, speech
from bench.reliability.asking import Answer
from bench.reliability.books import Tokens
from bench.reliability.evidence import told
from bench.reliability.journals import Served
from bench.reliability.parties import MODELS, SITES, Dialect
from bench.reliability.plan import MISTAKES, Asked, Report, asked, behaviour, stormy

SEED = 7
WHOLE = {"openai": speech.completion, "anthropic": speech.message}
EVENTS: dict[str, Callable[[Asked, str, str, Report], Iterator[speech.Said]]] = {
    "openai": speech.openai_events,
    "anthropic": speech.anthropic_events,
}
DIALECTS: tuple[Dialect, ...] = ("openai", "anthropic")


def request_in(dialect: Dialect) -> Asked:
    return msgspec.structs.replace(asked(SEED, 42), dialect=dialect, words=5)


def test_the_plan_is_the_same_wherever_it_is_made_and_another_with_another_seed() -> None:
    plan = [asked(SEED, number) for number in range(300)]

    assert plan == [asked(SEED, number) for number in range(300)]
    assert plan != [asked(SEED + 1, number) for number in range(300)]


def test_everything_that_may_go_wrong_does() -> None:
    plan = [asked(SEED, number) for number in range(5_000)]
    treated = [behaviour(SEED, one, "east", nth) for one in plan for nth in range(2)]

    assert {one.mistake for one in plan} == {"", *MISTAKES}
    assert {one.kind for one in treated} == {"answer", "trickle", "status", "hang", "reset", "cut", "garbage"}
    assert {one.report for one in treated} >= {"honest", "cached", "absent", "zero", "negative", "text", "huge", "inflated"}
    assert any(one.leaves_after for one in plan)
    assert any(one.leaves_words for one in plan)
    assert any(stormy(one.number) and behaviour(SEED, one, "storm", 0).status == 503 for one in plan)


def test_every_provider_of_a_model_is_played() -> None:
    assert {name for model in MODELS.values() for name in model.providers} == {name for site in SITES for name in site}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_whole_answer_is_read_as_it_is_said(dialect: Dialect) -> None:
    request = request_in(dialect)
    answer = Answer(request)
    answer.read_whole(WHOLE[dialect](request, "call-1", "m", "honest"))

    assert (answer.id, answer.words, answer.whole, answer.intact) == ("call-1", 5, True, True)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_stream_is_read_as_it_is_said_however_it_is_cut_into_bits(dialect: Dialect, size: int) -> None:
    request = request_in(dialect)
    content = b"".join(said.payload for said in EVENTS[dialect](request, "call-1", "m", "honest"))
    answer = Answer(request)
    for place in range(0, len(content), size):
        assert not answer.whole
        answer.feed(content[place : place + size])

    assert (answer.id, answer.words, answer.whole, answer.intact) == ("call-1", 5, True, True)


@pytest.mark.parametrize(
    "text",
    [
        speech.words(43, 5),
        speech.words(42, 3) + speech.word(42, 4),
        speech.word(42, 0) * 2,
        speech.words(42, 2) + "and more",
    ],
    ids=["another's", "a gap", "twice", "something else"],
)
def test_words_that_are_not_the_requests_own_are_seen(text: str) -> None:
    answer = Answer(request_in("openai"))
    answer.text = text

    assert not answer.intact


def test_an_error_is_read_in_both_shapes_and_in_a_stream() -> None:
    plain, streamed = Answer(request_in("openai")), Answer(request_in("anthropic"))
    plain.read_error(b'{"error": {"code": "server_busy"}}')
    streamed.feed(b'event: error\ndata: {"type": "error", "error": {"type": "api_error"}}\n\n')

    assert (plain.code, streamed.code, streamed.whole) == ("server_busy", "api_error", False)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("report", "expected"),
    [("absent", None), ("zero", None), ("negative", None), ("text", None), ("huge", None)],
)
def test_usage_that_is_no_number_of_tokens_is_none(dialect: Dialect, report: Report, expected: None) -> None:
    assert _told(dialect, report) is expected


def test_usage_is_read_as_the_vendors_document_it() -> None:
    prompt = 5 + 42 % 11

    assert _told("openai", "honest") == _told("anthropic", "honest") == Tokens(uncached=prompt, output=10)
    assert _told("openai", "cached") == Tokens(uncached=prompt - 4, cache_read=4, output=10)
    assert _told("anthropic", "cached") == Tokens(uncached=prompt, cache_read=4, cache_write=3, output=10)
    assert _told("openai", "inflated") == _told("anthropic", "inflated") == Tokens(uncached=prompt, output=100)


def test_no_two_requests_have_the_same_body() -> None:
    assert len({asking.sha256(asked(SEED, number)) for number in range(2_000)}) == 2_000


def _told(dialect: Dialect, report: Report) -> Tokens | None:
    """What a whole stream tells of its usage."""
    usage: dict[str, object] = {}
    for said in EVENTS[dialect](request_in(dialect), "call-1", "m", report):
        usage |= said.told or {}
    return told(Served("call-1", 42, "east", dialect, stream=True, began=0.0, ended=1.0, how="whole", told=usage))
