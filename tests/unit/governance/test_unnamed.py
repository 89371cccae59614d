from datetime import UTC, datetime

from kyozon.domain.callers import ApiKey
from kyozon.domain.language import Text
from kyozon.governance.unnamed import unnamed

KEY = ApiKey("key_1", "acme", "ann", "a", "0", "ky-", datetime(2026, 1, 1, tzinfo=UTC))


def test_names_give_way_to_the_key() -> None:
    text = Text("key a may use 2; user ann may spend 3.", "キー a の上限は 2、ユーザー ann の上限は 3 です。")
    assert unnamed(text, KEY) == Text(
        "key key_1 may use 2; the user of key key_1 may spend 3.",
        "キー key_1 の上限は 2、キー key_1 の利用者 の上限は 3 です。",
    )


def test_words_that_begin_alike_stay() -> None:
    text = Text("another key and the user annie", "キー abc とユーザー annie")
    assert unnamed(text, KEY) == text
