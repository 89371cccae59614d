"""Pictures among words: strips are one, what words stand on is left alone, and each comes in its place."""

from hypothesis import given
from hypothesis import strategies as st

from kyozon.parsing.columns import Box
from kyozon.parsing.figures import in_reading_order, is_under, joined
from kyozon.parsing.lines import Line, Part


def part(words: str, left: float, top: float, right: float, bottom: float) -> Part:
    return Part(Box(left, top, right, bottom, 0), [Line(words, left, right, bottom - top)])


def order(parts: list[Part], pictures: list[Part]) -> list[str]:
    return [line.words for one in in_reading_order(parts, pictures) for line in one.lines]


@given(order=st.permutations(range(12)))
def test_strips_and_tiles_are_one_in_whatever_order_they_are_drawn(order: list[int]) -> None:
    tiles = [Box(100 * (at % 3), 50 * (at // 3), 100 * (at % 3) + 99, 50 * (at // 3) + 49, at) for at in order]
    apart = Box(0, 300, 299, 400, 12)

    assert sorted(joined([*tiles, apart]), key=lambda one: one.ordinal) == [Box(0, 0, 299, 199, 0), apart]


def test_layers_are_one_and_a_picture_on_a_background_is_another() -> None:
    page, layer, inner = Box(0, 0, 600, 800, 0), Box(0, 0, 600, 800, 1), Box(100, 100, 300, 200, 2)

    assert joined([page, layer, inner]) == [page, inner]


def test_words_all_over_it_and_not_a_line_or_two() -> None:
    page = Box(0, 0, 600, 800, 0)
    lines = [Box(50, 20 * at, 500, 20 * at + 10, at) for at in range(40)]

    assert is_under(page, lines)
    assert not is_under(page, [lines[0], lines[39]])
    assert not is_under(page, [lines[3]] * 40)  # Words upon words are not more of them.
    assert not is_under(Box(0, 0, 600, 800, 0), [Box(700, box.top, 900, box.bottom, 0) for box in lines])


def test_each_comes_after_what_is_above_it_in_its_column() -> None:
    left, right = part("left", 0, 0, 200, 10), part("right", 250, 0, 450, 10)
    below, foot = part("below", 0, 200, 200, 210), part("foot", 0, 800, 450, 810)
    upper, lower = part("upper", 0, 50, 200, 90), part("lower", 0, 100, 200, 190)
    beside = part("beside", 250, 50, 450, 190)

    assert order([foot, left, below, right], [lower, upper, beside]) == [
        *("foot", "left", "upper", "lower", "below", "right", "beside")
    ]
    assert order([below], [upper]) == ["upper", "below"]
    assert order([right], [upper]) == ["right", "upper"]  # What neither is above nor below it tells nothing.
