"""What a caller asks for beside an answer: a review where the request is refused, the use of a grant.

Both stand in headers alone, which whoever holds the key writes: a body, where a model's words may stand, cannot ask.
"""

from starlette.requests import Request

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.http.context import header

GRANT_HEADER = "x-kyozon-grant"
REVIEW_HEADER = "x-kyozon-review"
_REQUEST = "request"
_LONGEST = 100


def grant_of(request: Request) -> str | None:
    """The grant that a request names (`x-kyozon-grant`)."""
    named = (header(request, GRANT_HEADER.encode()) or "").strip()
    return named[:_LONGEST] or None


def asks_review(request: Request, purpose: str) -> bool:
    """Whether a refusal should be reviewed (`x-kyozon-review: request`); raises `InvalidRequest` without a purpose."""
    wish = (header(request, REVIEW_HEADER.encode()) or "").strip().lower()
    if not wish:
        return False
    if wish != _REQUEST:
        raise InvalidRequest(
            Text(
                f"{REVIEW_HEADER} can only be '{_REQUEST}', or be left out.",
                f"{REVIEW_HEADER} に指定できるのは「{_REQUEST}」だけです。不要なら省いてください。",
            ),
            REVIEW_HEADER,
        )
    if not purpose:
        raise InvalidRequest(
            Text(
                "a review needs to know what the request is for: add x-kyozon-purpose, as in contract-check.",
                "審査には目的が必要です。x-kyozon-purpose を付けてください（例：contract-check）。",
            ),
            "x-kyozon-purpose",
        )
    return True
