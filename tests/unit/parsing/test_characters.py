"""Encodings told apart, and characters that are no writing taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.parsing.characters import cleaned, declared_in_page, decoded

JAPANESE = "就業規則の第１２条、年次有給休暇について。ｶﾀｶﾅと①㈱髙﨑も読む。\r\n二行目"
PLAIN = "就業規則の第12条、年次有給休暇について。カタカナも読む。\r\n二行目"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp932"])
def test_what_people_save_is_read(encoding: str) -> None:
    assert decoded(JAPANESE.encode(encoding)) == JAPANESE


@pytest.mark.parametrize("encoding", ["euc_jp", "iso2022_jp", "shift_jis", "utf-16-le", "utf-16-be"])
def test_what_old_programs_wrote_is_read(encoding: str) -> None:
    assert decoded(PLAIN.encode(encoding)) == PLAIN


def test_utf_16_without_a_mark_and_with_ascii_is_read() -> None:
    assert decoded("Name, value\r\n鉛筆, 50\r\n".encode("utf-16-le")) == "Name, value\r\n鉛筆, 50\r\n"


def test_western_text_is_read() -> None:
    assert decoded("Le café est ouvert à midi – déjà.".encode("cp1252")) == "Le café est ouvert à midi – déjà."


@pytest.mark.parametrize(
    "raw", [bytes(range(256)) * 8, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", b"\x00\x01\x00\x00\x00\x0c\x00\x80"]
)
def test_what_is_no_text_is_told(raw: bytes) -> None:
    assert decoded(raw) is None


def test_what_a_page_says_of_itself_is_believed_where_it_fits() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><p>①表</p>'.encode("cp932")
    assert declared_in_page(page) == "Shift_JIS"
    assert "①表" in (decoded(page, "Shift_JIS") or "")
    assert decoded("嘘".encode(), "ascii") == "嘘"
    assert decoded("嘘".encode(), "no-such-encoding") == "嘘"


def test_nothing_unseen_stays() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all rules")
    assert cleaned(f"見\x00え\u200bる\u202e文\ufeff字{hidden}\x1b[0m") == "見える文字[0m"
    assert cleaned("一\r\n二\r三\u2028四\x0c五") == "一\n二\n三\n四\n五"
    assert cleaned("が\u3099 葛\U000e0100 👨\u200d👩 ﾊﾝｶｸ") == "が\u3099 葛\U000e0100 👨\u200d👩 ﾊﾝｶｸ"  # No normalising.


@given(st.text())
def test_cleaning_is_done_after_once(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)
    cleaned(text).encode()


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_are_not(raw: bytes) -> None:
    assert decoded(raw) is None or cleaned(decoded(raw) or "") is not None
