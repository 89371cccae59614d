"""What a caller states of a request for its record: what it is for, of which session it is, which decision it follows.

Headers, or entries of `metadata` under Kyozon's own names. Entries of the caller's own, such as `metadata.session` or
Anthropic's `metadata.user_id`, mean something else and pass through.
"""

import re

from starlette.requests import Request

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.requests import NOTHING_STATED, Json, Stated
from kyozon.http.reading import taken

PURPOSE_HEADER = "x-kyozon-purpose"
SESSION_HEADER = "x-kyozon-session"
PARENT_HEADER = "x-kyozon-parent"
_HEADERS = {header.encode(): header for header in (PURPOSE_HEADER, SESSION_HEADER, PARENT_HEADER)}
_METADATA = {header: f"kyozon.{header.rpartition('-')[2]}" for header in _HEADERS.values()}

_PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_PARENT = re.compile(r"dec_[0-9a-f]{1,40}")


def stated_in(request: Request, body: Json) -> Stated:
    """What the headers say, else what `metadata` says under `kyozon.purpose`, `kyozon.session` and `kyozon.parent`.

    It goes on record and so holds names, no sentences: raises `InvalidRequest` for anything else. The entries in `metadata`
    are taken out of the body.
    """
    found: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        if name in _HEADERS:
            found.setdefault(_HEADERS[name], value.decode("latin-1").strip())
    if "metadata" in body:
        for header, name in _METADATA.items():
            for value in taken(body, name):
                found.setdefault(header, value.strip())
    return _checked(found) if found else NOTHING_STATED


def checked_purpose(purpose: str, param: str = PURPOSE_HEADER) -> str:
    """A purpose, if it is a name; raises `InvalidRequest`, which names `param`."""
    if purpose and not _PURPOSE.fullmatch(purpose):
        raise InvalidRequest(
            Text(
                f"{param} must be a name of letters, digits, '.', '_' and '-', as in 'support-chat', at most 64.",
                f"{param} は「support-chat」のような名前（英数字と . _ -、64 文字以内）で指定してください。",
            ),
            param,
        )
    return purpose


def _checked(found: dict[str, str]) -> Stated:
    session, parent = found.get(SESSION_HEADER, ""), found.get(PARENT_HEADER, "")
    if session and not _SESSION.fullmatch(session):
        raise InvalidRequest(
            Text(
                f"{SESSION_HEADER} must be an identifier of letters, digits, '.', '_', ':' and '-', such as a UUID, at "
                "most 128.",
                f"{SESSION_HEADER} は UUID などの識別子（英数字と . _ : -、128 文字以内）で指定してください。",
            ),
            SESSION_HEADER,
        )
    if parent and not _PARENT.fullmatch(parent):
        raise InvalidRequest(
            Text(
                f"{PARENT_HEADER} must be the identifier of a decision, as the header x-kyozon-decision of an answer gives "
                "it.",
                f"{PARENT_HEADER} には、応答のヘッダー x-kyozon-decision にある決定記録の ID を指定してください。",
            ),
            PARENT_HEADER,
        )
    return Stated(checked_purpose(found.get(PURPOSE_HEADER, "")), session, parent)
