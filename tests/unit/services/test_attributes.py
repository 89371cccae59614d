"""Attributes of documents within OpenAI's bounds, and the readers that come with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Chunking
from kyozon.services.knowledge.attributes import READERS, taken
from kyozon.services.knowledge.collections import checked_chunking
from kyozon.services.knowledge.groups import group_name

NAMES = st.text(
    st.characters(exclude_characters=", \t\n\r\x0b\x0c", exclude_categories=("Z", "C")), min_size=1, max_size=20
)


@given(st.sets(st.tuples(st.sampled_from(("user", "group", "role")), NAMES), max_size=20), st.booleans())
def test_readers_come_out_as_they_were_named_and_not_as_an_attribute(
    names: set[tuple[str, str]],
    spaced: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    written = frozenset(f"{kind}:{name}" for kind, name in names)

    rest, readers = taken({"year": 2026.0, READERS: (", " if spaced else ",").join(written)})

    assert rest == {"year": 2026.0}
    assert readers == written


def test_no_word_of_readers_is_not_an_empty_list_of_them() -> None:
    assert taken({"a": "b"}) == ({"a": "b"}, None)
    assert taken({READERS: " , "}) == ({}, frozenset())


@pytest.mark.parametrize(
    "attributes",
    [
        {f"k{number}": "v" for number in range(17)},
        {"": "v"},
        {"k" * 65: "v"},
        {"k": "v" * 513},
        {READERS: "everyone"},
        {READERS: "user:"},
        {READERS: "tenant:other"},
        {READERS: True},
        {"kyozon:reader": "user:aiko"},
        {"Kyozon:Readers": "user:aiko"},
        {READERS: ",".join(f"user:u{number}" for number in range(101))},
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(attributes: dict[str, str | float | bool]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        taken(attributes)
    assert (refused.value.param or "").startswith("attributes")


def test_what_a_folder_says_of_its_files_passes() -> None:
    attributes: dict[str, str | float | bool] = {"kyozon:path": "handbook/leave.md", "kyozon:sha256": "ab", "kyozon": 1.0}

    assert taken(attributes) == (attributes, None)


def test_the_largest_that_is_allowed_passes() -> None:
    attributes: dict[str, str | float | bool] = {f"{number:064d}": "v" * 512 for number in range(16)}

    assert taken({**attributes, READERS: "group:legal"}) == (attributes, frozenset({"group:legal"}))


@pytest.mark.parametrize(
    ("tokens", "overlap", "fits"), [(100, 50, True), (4096, 0, True), (99, 0, False), (400, 201, False)]
)
def test_chunks_keep_to_the_bounds_of_openai(tokens: int, overlap: int, fits: bool) -> None:  # noqa: FBT001 - a parameter
    if fits:
        assert checked_chunking(Chunking(tokens, overlap)) == Chunking(tokens, overlap)
    else:
        with pytest.raises(InvalidRequest):
            checked_chunking(Chunking(tokens, overlap))


@pytest.mark.parametrize("name", ["", "a b", "a,b", ":a", "x" * 101])
def test_a_group_has_a_name_that_can_stand_among_readers(name: str) -> None:
    with pytest.raises(InvalidRequest):
        group_name(name)
    assert group_name("法務:契約") == "法務:契約"
