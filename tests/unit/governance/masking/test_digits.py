from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.governance.masking.digits import corporate_number, ean, iban, luhn, my_number


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@pytest.mark.parametrize(
    ("check", "known"),
    [
        (luhn, "4111111111111111"),
        (luhn, "378282246310005"),
        (my_number, "123456789018"),
        (corporate_number, "7000012050002"),
        (iban, "GB82WEST12345698765432"),
        (iban, "DE89370400440532013000"),
        (ean, "4006381333931"),
    ],
)
def test_known_numbers_fit(check: Callable[[str], bool], known: str) -> None:
    assert check(known)


@given(digits(11))
def test_one_last_digit_of_ten_fits_a_my_number(body: str) -> None:
    assert sum(my_number(body + last) for last in "0123456789") == 1


@given(digits(12))
def test_one_first_digit_of_ten_fits_a_corporate_number(body: str) -> None:
    assert sum(corporate_number(first + body) for first in "0123456789") == 1


@given(digits(15), st.integers(0, 15), st.integers(1, 9))
def test_a_mistyped_digit_is_noticed(body: str, place: int, by: int) -> None:
    whole = next(body + last for last in "0123456789" if luhn(body + last))
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    assert not luhn(wrong)


@pytest.mark.parametrize("check", [my_number, corporate_number, iban])
def test_another_length_never_fits(check: Callable[[str], bool]) -> None:
    assert not check("1")
