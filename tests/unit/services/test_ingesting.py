"""When a document is tried again, and how its vectors are kept."""

import struct
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import (
    Busy,
    InvalidFile,
    KyozonError,
    LimitReached,
    MissingPiece,
    ModelNotReady,
    NotPermitted,
    StorageUnavailable,
    UpstreamFailed,
)
from kyozon.domain.knowledge import Chunking, Progress
from kyozon.domain.language import Text
from kyozon.ports.knowledge_ingestion import Job
from kyozon.services.knowledge.ingesting import MOST_TRIES, _failure, _wait
from kyozon.services.knowledge.taking_in import Course, packed
from tests.fakes.steered import START, Steered

SAID = Text("why", "理由")


def job(tries: int) -> Job:
    return Job("srv/1", "doc_1", "acme", "vs_1", "file-1", "a.txt", "ann", "0", Chunking(), "e5", None, tries=tries)


@pytest.mark.parametrize(
    ("error", "tries", "seconds"),
    [
        (ModelNotReady(SAID), 1, 5.0),
        (ModelNotReady(SAID), 2, 30.0),
        (ModelNotReady(SAID), 4, 600.0),
        (ModelNotReady(SAID), MOST_TRIES, None),
        (UpstreamFailed("vendor", 503, "ill", retry_after=60.0), 1, 60.0),
        (UpstreamFailed("vendor", 401, "no key"), 1, None),
        (Busy(SAID), 1, 5.0),
        (StorageUnavailable(SAID), MOST_TRIES + 3, 5.0),
        (LimitReached(SAID, "tokens_per_minute", START + timedelta(seconds=40)), MOST_TRIES, 40.0),
        (LimitReached(SAID, "tokens_per_minute", None), 1, None),
        (InvalidFile(SAID), 1, None),
        (MissingPiece(SAID), 1, None),
        (NotPermitted(SAID, {}), 1, None),
    ],
)
def test_what_may_help_is_tried_again_after_a_while(error: KyozonError, tries: int, seconds: float | None) -> None:
    assert _wait(job(tries), error, Steered().world) == seconds


def test_a_failure_is_told_in_openais_words_and_both_languages() -> None:
    told = _failure(NotPermitted(SAID, {}))
    assert (told.code, told.en, told.ja) == ("server_error", "why", "理由")


def test_the_pace_of_a_document_is_that_of_the_chunks_it_had_embedded() -> None:
    clock = iter((100.0, 104.0, 110.0, 116.0, 122.0)).__next__
    course = Course(clock)
    course.reading(2, 4)
    assert course.progress == Progress("reading", 2, 4, 4.0)
    course.embedding(6, 16)  # six were known from another document
    assert course.progress == Progress("embedding", 6, 16, 10.0)
    course.embedding(8, 16)
    assert course.progress == Progress("embedding", 8, 16, 16.0, 24.0)
    course.embedding(16, 16)
    assert course.progress == Progress("embedding", 16, 16, 22.0, 0.0)


def test_what_was_there_already_says_nothing_of_what_a_document_takes() -> None:
    whole, copied, resumed = (Course(iter((100.0, 110.0, 116.0)).__next__) for _ in range(3))
    whole.opened()
    resumed.opened()
    for course, there in ((whole, 0), (copied, 16), (resumed, 1)):
        course.embedding(there, 16)
        course.embedding(16, 16)
    assert [one.took for one in (whole, copied, resumed)] == [Progress("embedding", 16, 16, 16.0, 0.0), None, None]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50).filter(lambda vector: max(map(abs, vector)) > 1e-3))
def test_vectors_of_any_length_are_kept_as_directions(vector: list[float]) -> None:
    kept = struct.unpack(f"<{len(vector)}e", packed(vector))
    length = sum(part * part for part in vector) ** 0.5
    assert sum(part * part for part in kept) == pytest.approx(1.0, abs=0.01)
    assert all(part == pytest.approx(whole / length, abs=1e-3) for part, whole in zip(kept, vector, strict=True))


def test_a_vector_of_nothing_is_kept_as_it_is() -> None:
    assert packed([0.0, 0.0]) == bytes(4)
