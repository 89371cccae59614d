"""What a refusal tells its reader, as it may stand on record: the name of a person or of a key outlives neither there."""

import re

from kyozon.domain.callers import ApiKey
from kyozon.domain.language import Text


def unnamed(text: Text, key: ApiKey) -> Text:
    """The text with the key's identifier in the place of its name and of its user's."""
    return Text(
        _replaced(text.en, {f"key {key.name}": f"key {key.id}", f"user {key.user}": f"the user of key {key.id}"}),
        _replaced(text.ja, {f"キー {key.name}": f"キー {key.id}", f"ユーザー {key.user}": f"キー {key.id} の利用者"}),
    )


def _replaced(text: str, phrases: dict[str, str]) -> str:
    for phrase, instead in phrases.items():
        text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", instead, text)
    return text
