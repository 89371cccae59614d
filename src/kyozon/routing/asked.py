"""The words that say what is asked: what of a chat an estimator reads."""

from collections.abc import Iterator

from kyozon.domain.requests import Json

_ENOUGH = 60
"""Characters below which a message alone ("and in Japanese?") does not say what is asked."""


def asked_words(chat: Json) -> str:
    """The last message of the user, with those before it as long as they are too short to be understood alone."""
    found: list[str] = []
    size = 0
    for text in filter(None, _from_user(chat)):
        found.append(text)
        size += len(text)
        if size >= _ENOUGH:
            break
    return "\n".join(reversed(found))


def _from_user(chat: Json) -> Iterator[str]:
    """What the user has said, the latest first."""
    for message in reversed(chat.get("messages") or ()):
        if isinstance(message, dict) and message.get("role") == "user":
            yield _text(message.get("content"))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    found = (part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text")
    return "\n".join(text for text in found if isinstance(text, str))
