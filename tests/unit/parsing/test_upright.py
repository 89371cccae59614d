"""The commas and full stops of a column are found by their ink."""

import numpy as np
from numpy.typing import NDArray

from kyozon.parsing.upright import with_marks

SIZE = 30


def column(words: str) -> NDArray[np.uint8]:
    """A block of ink for each letter; a comma and a ring in the upper right corner of their squares."""
    paper = np.full((SIZE * len(words) + 10, SIZE), 240, np.uint8)
    for at, letter in enumerate(words):
        top = 5 + SIZE * at
        if letter == "、":
            paper[top + 1 : top + 8, 20:26] = 20
        elif letter == "。":
            paper[top + 1 : top + 10, 18:27] = 20
            paper[top + 3 : top + 8, 20:25] = 240
        else:
            paper[top + 2 : top + 28, 2:28] = 20
    return paper


def read(words: str, seen: str | None = None) -> str:
    return with_marks(words.replace("、", "").replace("。", "") if seen is None else seen, column(words))


def test_marks_are_where_they_stand() -> None:
    for words in ("会社は、休暇を与える。ただし、時季は", "与える。", "与え、る", "無印の列"):
        assert read(words) == words


def test_what_ocr_has_seen_itself_stays() -> None:
    assert read("会社は休暇を与える", "会社は、休暇を与える") == "会社は、休暇を与える"
    assert read("会社は、休暇", "会、社は休暇") == "会、社は休暇"


def test_what_it_has_seen_in_part_is_made_whole() -> None:
    assert read("会社は、休暇を与える。", "会社は、休暇を与える") == "会社は、休暇を与える。"


def test_a_dot_that_is_a_part_of_a_letter_is_no_mark() -> None:
    paper = column("犬犬")
    paper[7:20, :] = 240
    paper[8:15, 20:26] = 20

    assert with_marks("犬犬", paper) == "犬犬"


def test_empty_paper_and_other_scripts_are_left_alone() -> None:
    assert with_marks("空", np.full((40, 20), 250, np.uint8)) == "空"
    assert with_marks("空", np.zeros((0, 0), np.uint8)) == "空"
    assert read("会、社", "e-mail") == "e-mail"
