from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.pii.scoring import ALL, score
from bench.pii.texts import Gold, Labelled, Predicted


def text(*spans: Gold, kind: str = "pii", template: str = "t") -> Labelled:
    return Labelled("1", "ja", "hard_negative" if kind == "hard_negative" else "pii", "x" * 100, spans, template)


def counted(spans: Sequence[Gold], *made: Predicted) -> tuple[float, float, float]:
    found = score([text(*spans)], [made])
    return found.precision(), found.recall(), found.leak


NAME = Gold(10, 20, "PERSON")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Predicted(10, 20, "PERSON"), (1, 1, 0)),
        (Predicted(11, 20, "PERSON"), (1, 1, 0)),  # nine tenths
        (Predicted(12, 20, "PERSON"), (1, 0, 1)),
        (Predicted(0, 20, "PERSON"), (1, 1, 0)),  # half of the prediction
        (Predicted(0, 21, "PERSON"), (0, 1, 0)),
        (Predicted(10, 20, "PHONE"), (0, 0, 0)),  # hidden, but for something else
        (Predicted(50, 60, "PERSON"), (0, 0, 1)),
    ],
)
def test_spans_are_found_and_predictions_right(made: Predicted, expected: tuple[float, float, float]) -> None:
    assert counted([NAME], made) == expected


def test_several_predictions_may_cover_one_span() -> None:
    assert counted([NAME], Predicted(10, 15, "PERSON"), Predicted(15, 20, "PERSON")) == (1, 1, 0)


def test_an_address_may_cover_a_postal_code() -> None:
    assert counted([Gold(0, 8, "POSTAL_CODE")], Predicted(0, 8, "ADDRESS")) == (1, 1, 0)
    assert counted([Gold(0, 8, "ADDRESS")], Predicted(0, 8, "POSTAL_CODE")) == (0, 0, 0)


def test_optional_spans_count_neither_way() -> None:
    optional = Gold(10, 20, "MY_NUMBER", optional=True)
    assert counted([optional]) == counted([optional], Predicted(15, 30, "PHONE")) == (1, 1, 0)


def test_hard_negatives_are_counted_once_each() -> None:
    texts = [text(kind="hard_negative"), text(kind="hard_negative"), text()]
    found = score(texts, [(Predicted(0, 1, "PHONE"), Predicted(2, 3, "PHONE")), (), (Predicted(0, 1, "PHONE"),)])
    assert (found.flagged, found.negatives, found.hard_negative_rate) == (1, 2, 0.5)
    assert found.predicted[ALL] == 3


@given(st.text(min_size=1, max_size=20))
def test_texts_of_one_template_are_in_one_half(template: str) -> None:
    assert Labelled("1", "ja", "pii", "a", (), template).half == Labelled("2", "en", "pii", "b", (), template).half
