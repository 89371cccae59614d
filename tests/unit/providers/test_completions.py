"""OpenAI's shapes, as the translating wire formats use them."""

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from kyozon.domain.errors import InvalidRequest
from kyozon.providers.completions import FIELDS, arguments_of, data_url, extras, listed


def test_the_known_fields_are_those_of_the_package() -> None:
    assert {*CompletionCreateParamsBase.__annotations__, "stream"} == FIELDS


def test_fields_unknown_to_openai_are_the_providers_own() -> None:
    assert extras({"model": "m", "seed": 1, "top_k": 5, "nothing": None}) == {"top_k": 5}


@pytest.mark.parametrize(("url", "expected"), [
    ("https://example.com/a.png", None),
    ("data:image/png;base64,aGk=", ("image/png", "aGk=")),
    ("data:text/plain;charset=utf-8;base64,aGk=", ("text/plain", "aGk=")),
])  # fmt: skip
def test_data_urls(url: str, expected: tuple[str, str] | None) -> None:
    assert data_url(url) == expected


@pytest.mark.parametrize("url", ["data:image/png,hi", "data:image/png;base64,", "data:"])
def test_data_urls_that_carry_nothing_readable(url: str) -> None:
    with pytest.raises(InvalidRequest):
        data_url(url)


def test_arguments_must_be_an_object() -> None:
    assert arguments_of({"function": {"arguments": ""}}, "x") == {}
    for text in ('{"a":', "[1]", "hello"):
        with pytest.raises(InvalidRequest) as caught:
            arguments_of({"function": {"arguments": text}}, "messages[1].tool_calls[0]")
        assert caught.value.param == "messages[1].tool_calls[0].function.arguments"


def test_one_or_a_list() -> None:
    assert (listed(None), listed("a"), listed(["a", "b"])) == ([], ["a"], ["a", "b"])
