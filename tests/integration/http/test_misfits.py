"""Bodies that do not fit, as OpenAI's own client tells of them, in the caller's language."""

from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

_HELLO: Any = [{"role": "user", "content": "Hello"}]
_WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"messages": _HELLO, "n": "two"}, "n", "Expected `int | null`, got `str`", "整数またはnullが必要ですが、文字列です"),
    ({"messages": []}, "messages", "Expected `array` of length >= 1", "1 件以上の配列を指定してください"),
    (
        {"messages": [{"content": "Hello"}]},
        "messages[0].role",
        "missing required field `role`",
        "必須の項目 role がありません",
    ),
    ({"messages": _HELLO, "max_tokens": 0}, "max_tokens", "Expected `int` >= 1", "1 以上の整数を指定してください"),
]


@pytest.mark.parametrize(("body", "field", "english", "japanese"), _WRONG)
async def test_what_does_not_fit_is_told_in_the_callers_language(
    openai: AsyncOpenAI, body: dict[str, Any], field: str, english: str, japanese: str
) -> None:
    for language, said in (("en", english), ("ja", japanese)):
        client = openai.with_options(default_headers={"accept-language": language})
        with pytest.raises(BadRequestError) as refused:
            await client.chat.completions.create(model="in-house", **body)
        told: Any = refused.value.body
        assert refused.value.param == field
        assert field in told["message"]
        assert said in told["message"]
        assert (language == "ja") != ("Expected" in told["message"] or "missing" in told["message"])
