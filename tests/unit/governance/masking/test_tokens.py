from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.masking import Span
from kyozon.governance.masking.tokens import Tokens, Unmasking, unmasked, without_tokens

NASTY = st.text(st.sampled_from("[]［］\\_- PERSONperson12345あ\n山"), max_size=60)


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """Any text, and spans in it."""
    text = draw(NASTY)
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return text, [Span(start, end, "PERSON", "test") for start, end in pairs if start < end]


def in_pieces(text: str, sizes: list[int], values: Mapping[str, str]) -> str:
    """What comes out of a text that arrives in pieces of these sizes, the rest at once."""
    unmasking, out, at = Unmasking(values), "", 0
    for size in sizes:
        out += unmasking.feed(text[at : at + size])
        at += size
    return out + unmasking.feed(text[at:]) + unmasking.finish()


@given(marked(), st.lists(st.integers(1, 7), max_size=30))
def test_whatever_is_masked_comes_back(given: tuple[str, list[Span]], sizes: list[int]) -> None:
    text, spans = given
    tokens = Tokens([text])
    masked = tokens.masked(text, spans)

    assert unmasked(masked, tokens.values) == text
    assert in_pieces(masked, sizes, tokens.values) == text


@given(NASTY, st.lists(st.integers(1, 7), max_size=30))
def test_how_an_answer_is_cut_changes_nothing(answer: str, sizes: list[int]) -> None:
    values = {"[PERSON_1]": "山田", "[PERSON_2]": "[PERSON_1]"}

    assert in_pieces(answer, sizes, values) == unmasked(answer, values)


def test_the_same_value_has_the_same_token() -> None:
    tokens = Tokens([])
    assert [tokens.of(value, "PERSON") for value in ("山田", "佐藤", "山田")] == ["[PERSON_1]", "[PERSON_2]", "[PERSON_1]"]
    assert tokens.of("090", "PHONE") == "[PHONE_1]"


def test_what_looks_like_a_token_is_nobodys() -> None:
    tokens = Tokens(["What is [person_1], or \\[PERSON\\_2\\]?"])
    assert tokens.of("山田", "PERSON") == "[PERSON_3]"


def test_tokens_are_known_in_the_forms_models_give_them() -> None:
    values = {"[DATE_OF_BIRTH_1]": "1990年"}
    for form in (
        "[DATE_OF_BIRTH_1]",
        "[date_of_birth_1]",
        "［DATE_OF_BIRTH_1］",
        r"\[DATE\_OF\_BIRTH\_1\]",
        "[Date of Birth 1]",
    ):
        assert unmasked(f"x {form} y", values) == "x 1990年 y"
    assert unmasked("[DATE_OF_BIRTH_2] [PERSON_1]", values) == "[DATE_OF_BIRTH_2] [PERSON_1]"


def test_nothing_is_held_back_longer_than_needed() -> None:
    unmasking = Unmasking({"[PERSON_1]": "山田"})
    assert [unmasking.feed(piece) for piece in ("a[", "PER", "SON_1", "]b", "[1] ")] == ["a", "", "", "山田b", "[1] "]


def test_checkers_see_no_tokens() -> None:
    assert without_tokens("a [PHONE_1] b") == "a           b"
