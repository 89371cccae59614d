import pytest

from kyozon.governance.masking.readings import GIVEN_READINGS, ROMAN_GIVEN, ROMAN_SURNAMES, SURNAME_READINGS, romanised


@pytest.mark.parametrize(
    ("reading", "spelt"),
    [
        ("さとう", {"sato", "satou", "satoh"}),
        ("おおの", {"ono", "oono", "ohno"}),
        ("ほんま", {"homma", "honma"}),
        ("しょうへい", {"shohei", "shouhei", "syohei"}),
        ("きっぺい", {"kippei"}),
        ("はっちょう", {"hatcho"}),
        ("つよし", {"tsuyoshi", "tuyosi"}),
    ],
)
def test_a_name_is_spelt_in_all_the_usual_ways(reading: str, spelt: set[str]) -> None:
    assert spelt <= set(romanised(reading))


def test_english_words_are_no_japanese_names() -> None:
    assert not {"date", "hide", "you", "so", "go", "ran", "mine", "the"} & (ROMAN_SURNAMES | ROMAN_GIVEN)
    assert {"tanaka", "kenji", "yoko"} <= ROMAN_SURNAMES | ROMAN_GIVEN


def test_readings_are_hiragana() -> None:
    assert all("ぁ" <= sign <= "ー" for reading in SURNAME_READINGS | GIVEN_READINGS for sign in reading)
