"""E-mail: who wrote what to whom and when, the words of the message, and the names of what was attached."""

from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import default

from kyozon.domain.knowledge import Parsed
from kyozon.parsing import refusals
from kyozon.parsing.building import Building
from kyozon.parsing.characters import decoded
from kyozon.parsing.web import words_of_page

_FIELDS = ("Subject", "From", "To", "Cc", "Date")
_MOST_PARTS = 1000


def parse_mail(raw: bytes, title: str) -> Parsed:
    """A message. Attachments are named, not read: they are files of their own.

    Raises:
        InvalidFile: it cannot be taken apart.
    """
    try:
        message = message_from_bytes(raw, policy=default)
        building = Building()
        fields = [f"{name}: {value}" for name in _FIELDS if (value := _field(message, name))]
        building.block("\n".join(fields))
        building.block(_body(message))
        names = [f"Attachment: {name}" for part in _parts(message) if (name := part.get_filename())]
        building.block("\n".join(names))
        return building.parsed(_field(message, "Subject") or title)
    except (MessageError, RecursionError, LookupError, ValueError, AttributeError) as error:
        raise refusals.failed(error) from error


def _field(message: Message, name: str) -> str:
    """A header's words. Old Japanese mailers write them without saying in which encoding."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if not raw.isascii() or "\x1b" in raw:
        return " ".join((decoded(raw.encode("ascii", "surrogateescape")) or "").split())
    return " ".join(str(message.get(name, "")).split())


def _parts(message: Message) -> list[Message]:
    found: list[Message] = []
    for part in message.walk():
        found.append(part)
        if len(found) > _MOST_PARTS:
            raise refusals.broken(refusals.MANY_PARTS)
    return found


def _body(message: Message) -> str:
    """The plain text where there is one, else what a browser would show of the HTML."""
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes no others
    shown = [part for part in _parts(message) if not part.is_multipart() and part.get_content_disposition() != "attachment"]
    plain = [_words(part) for part in shown if part.get_content_type() == "text/plain"]
    if any(words.strip() for words in plain):
        return "\n\n".join(plain)
    return "\n\n".join(words_of_page(_words(part)) for part in shown if part.get_content_type() == "text/html")


def _words(part: Message) -> str:
    raw = part.get_payload(decode=True)
    return decoded(raw, part.get_content_charset()) or "" if isinstance(raw, bytes) else ""
