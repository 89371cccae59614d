import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.masking import Span
from kyozon.governance.masking.finding import RULES, spans
from kyozon.governance.masking.spans import Find, resolved
from tests.samples.personal import Sample, samples

NAMELESS = [one for one in samples() if all(kind != "PERSON" for *_, kind in one.spans)]
SIGNS = st.sampled_from("0123456789-ー−./:=(){}[]\"'@ \n\t,|aZé様さん山田東京都区〒番号は生年月日パスワードpassword")


@pytest.mark.parametrize("given", NAMELESS, ids=[one.text[:40] for one in NAMELESS])
def test_rules_find_what_is_there_and_nothing_else(given: Sample) -> None:
    found = [(span.start, span.end, span.kind) for span in spans(given.text, None) if span.kind != "PERSON"]
    assert found == given.spans


def test_the_samples_hold_every_kind() -> None:
    counts = Counter(kind for one in samples() for *_, kind in one.spans)
    assert min(counts.values()) >= 2
    assert len(counts) == 19
    assert sum(not one.spans for one in samples()) > 80


@given(st.text(SIGNS, max_size=120))
@settings(max_examples=300)
def test_finds_are_in_order_and_apart(text: str) -> None:
    found = spans(text, None)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


RUNS = (
    "0",
    "1-",
    "a@",
    "a.",
    "東京都",
    "山",
    "A ",
    "'\"=",
    "password=",
    "eyJ",
    "-----BEGIN ",
    "x://",
    "1 Main ",
    "[",
    "記号",
)


@pytest.mark.parametrize("run", RUNS)
def test_no_text_makes_a_rule_run_away(run: str) -> None:
    text = run * (20_000 // len(run))
    began = time.process_time()
    spans(text, None)
    assert time.process_time() - began < 5


def test_every_family_is_asked_once() -> None:
    assert len(set(RULES)) == len(RULES)


def test_the_surer_kind_wins_and_nothing_is_left_half_hidden() -> None:
    found = resolved([Find(0, 10, "PERSON"), Find(4, 8, "CREDIT_CARD")])
    assert found == [Find(0, 4, "PERSON"), Find(4, 8, "CREDIT_CARD"), Find(8, 10, "PERSON")]
    assert resolved([Find(0, 5, "PHONE"), Find(0, 9, "PHONE")]) == [Find(0, 9, "PHONE")]


def test_places_are_those_of_the_original() -> None:
    text = "℡０９０－１２３４－５６７８まで"
    assert spans(text, None) == (Span(1, 14, "PHONE", "rules"),)
