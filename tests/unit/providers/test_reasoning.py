from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kyozon.providers.reasoning import Split, ThinkSplitter, from_parts, split_whole

texts = st.lists(st.sampled_from(["<think>", "</think>", "<", "thi", "nk>", "</", " ", "\n", "答え", "x"])).map("".join)


def streamed(chunks: list[str], *, opened: bool) -> Split:
    splitter = ThinkSplitter(opened=opened)
    splits = [*(splitter.feed(chunk) for chunk in chunks), splitter.finish()]
    return Split("".join(split.reasoning for split in splits), "".join(split.answer for split in splits))


@pytest.mark.parametrize(
    ("text", "opened", "expected"),
    [
        ("<think>\nhm, 17\n</think>\n\nIt is 17.", False, Split("hm, 17", "It is 17.")),
        (" \n<think>hm</think>yes", False, Split("hm", "yes")),
        ("<think>\n\n</think>\n\nyes", False, Split("", "yes")),
        ("no thoughts", False, Split("", "no thoughts")),
        (" indented", False, Split("", " indented")),
        ("a <think> tag opens, a </think> tag closes", False, Split("", "a <think> tag opens, a </think> tag closes")),
        ("hm, 17\n</think>\n\nIt is 17.", True, Split("hm, 17", "It is 17.")),
        ("<think>\nhm</think>yes", True, Split("hm", "yes")),
        ("cut in the midst of thi", True, Split("cut in the midst of thi", "")),
        ("<think>cut </thi", False, Split("cut </thi", "")),
        ("<thi", False, Split("", "<thi")),
        ("<think>", True, Split("", "")),
        ("", False, Split("", "")),
    ],
)
def test_thinking_is_parted_from_the_answer(text: str, opened: bool, expected: Split) -> None:  # noqa: FBT001 - a table
    assert streamed(list(text), opened=opened) == expected
    assert streamed([text], opened=opened) == expected


@given(text=texts, places=st.lists(st.integers(0, 500)), opened=st.booleans())
@example(text="<think> a </think> b", places=list(range(20)), opened=False)
def test_any_chunking_gives_the_same_split(text: str, places: list[int], opened: bool) -> None:  # noqa: FBT001 - given
    borders = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    chunks = [text[start:end] for start, end in pairwise(borders)]
    assert streamed(chunks, opened=opened) == streamed([text], opened=opened)


@given(texts)
def test_text_without_tags_at_its_start_passes_untouched(text: str) -> None:
    answer = "a" + text
    assert streamed([answer], opened=False) == Split("", answer)


def test_a_whole_text_needs_no_hint_that_the_template_opened_the_thinking() -> None:
    assert split_whole("hm\n</think>\n\nyes") == Split("hm", "yes")
    assert split_whole("<think>hm</think>yes") == Split("hm", "yes")
    assert split_whole("write <think> and </think>") == Split("", "write <think> and </think>")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("plain", Split("", "plain")),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "yes"}],
            Split("hm", "yes"),
        ),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "image_url"}, 7], Split("hm", "")),
        (None, Split()),
    ],
)
def test_typed_parts_are_told_apart(content: Any, expected: Split) -> None:
    assert from_parts(content) == expected
