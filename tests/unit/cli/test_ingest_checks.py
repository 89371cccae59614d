"""What `kyozon ingest` refuses before anything is sent."""

import pytest

from kyozon.cli.ingest_checks import check_label, check_name, check_readers
from kyozon.domain.errors import InvalidRequest


def test_what_can_be_is_let_through() -> None:
    check_name("規程", "--collection")
    check_label(None)
    check_label("internal+hr")
    check_readers(None)
    check_readers("")
    check_readers("user:aiko, group:legal,role:review")


@pytest.mark.parametrize("name", ["", " \t"])
def test_a_collection_has_a_name(name: str) -> None:
    with pytest.raises(InvalidRequest, match="--collection is empty"):
        check_name(name, "--collection")


@pytest.mark.parametrize("label", ["", "secretish", "internal+h r"])
def test_a_label_is_one(label: str) -> None:
    with pytest.raises(InvalidRequest, match="--label"):
        check_label(label)


def test_a_label_that_is_none_is_told_in_each_language_alone() -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_label("secretish")
    assert raised.value.text.en.startswith("--label 'secretish': use public, internal")
    assert raised.value.text.ja.startswith("--label 'secretish' を読めません。public・internal")
    assert "use " not in raised.value.text.ja


@pytest.mark.parametrize("readers", ["aiko", "users:aiko", "user:", "group:legal,aiko"])
def test_readers_are_told_of_as_the_option(readers: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_readers(readers)
    for words in (raised.value.text.en, raised.value.text.ja):
        assert words.startswith("--readers")
        assert "user:" in words
        assert "kyozon:readers" not in words
