"""What of a chat says what is asked."""

import pytest

from kyozon.domain.requests import Json
from kyozon.routing.asked import asked_words

LONG = "Which of the four prefectures of Shikoku has the longest coast?"


def user(content: object) -> Json:
    return {"role": "user", "content": content}


@pytest.mark.parametrize(
    ("messages", "asked"),
    [
        ([user("Hello")], "Hello"),
        ([user(LONG), {"role": "assistant", "content": "Ehime."}, user("And the shortest?")], f"{LONG}\nAnd the shortest?"),
        ([user("First."), user(LONG)], LONG),
        ([user([{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {}}])], "What is it?"),
        ([user("Hello"), user(""), user(None), user([])], "Hello"),
        ([{"role": "system", "content": LONG}], ""),
    ],
)
def test_it_is_what_the_user_said_last_and_what_was_said_before_a_short_word(messages: list[Json], asked: str) -> None:
    assert asked_words({"messages": messages}) == asked


def test_many_messages_without_a_word_are_passed_over_in_one_go() -> None:
    assert asked_words({"messages": [user(LONG), *[user("")] * 200_000]}) == LONG
