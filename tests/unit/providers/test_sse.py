from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kyozon.providers.sse import EndlessEventError, Event, EventParser

STREAM = (
    b"\xef\xbb\xbfevent: start\r\ndata: one\r\n\r\n"
    b": a comment\n\ndata: two\ndata:three\n\n"
    b"id: 7\nretry: 10\n\n"
    b"event: lost\n\n"
    b"data\rdata: \xe5\x85\xb1\xe5\xad\x98\r\r"
    b"data: never finished"
)
EVENTS = [
    Event("start", b"one"),
    Event("", b"two\nthree"),
    Event("", b"\n" + "共存".encode()),
]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(borders)]


@given(st.lists(st.integers(0, 10_000)))
@example(list(range(len(STREAM))))
def test_any_chunking_gives_the_same_events(places: list[int]) -> None:
    parser = EventParser()
    assert [event for chunk in cut(STREAM, places) for event in parser.feed(chunk)] == EVENTS


@given(st.lists(st.binary().filter(lambda data: not {10, 13} & set(data))), st.lists(st.integers(0, 10_000)))
def test_whatever_data_is_sent_comes_out(sent: list[bytes], places: list[int]) -> None:
    stream = b"".join(b"data: " + data + b"\n\n" for data in sent)
    parser = EventParser()
    assert [event.data for chunk in cut(stream, places) for event in parser.feed(chunk)] == sent


@given(st.binary())
def test_no_bytes_break_it(noise: bytes) -> None:
    EventParser().feed(noise)


@given(st.sampled_from([b"x", b"data: x\n", b"event: x"]), st.integers(1, 300))
def test_an_event_without_end_is_given_up_before_it_fills_the_memory(repeated: bytes, most: int) -> None:
    parser = EventParser(most)
    with pytest.raises(EndlessEventError):
        _feed(parser, [repeated] * (2 * most + 2))
    assert len(parser._rest) + sum(map(len, parser._data)) <= most + len(repeated)


def _feed(parser: EventParser, chunks: list[bytes]) -> None:
    for chunk in chunks:
        parser.feed(chunk)


@given(st.lists(st.integers(0, 10_000)))
def test_many_events_are_not_one_large_one(places: list[int]) -> None:
    parser = EventParser(most=len(STREAM))
    for _ in range(5):
        _feed(parser, cut(STREAM + b"\n\n", places))
