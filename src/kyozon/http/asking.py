"""What a caller asks for beside an answer: how good and how soon it must be, a review where it is refused, a grant's use.

The last two stand in headers alone, which whoever holds the key writes: a body, where a model's words may stand, cannot
ask for them.
"""

from starlette.requests import Request

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO
from kyozon.domain.pace import LONGEST, parse_within
from kyozon.domain.quality import SHARES, Goal, parse_goal
from kyozon.domain.requests import Json, Licences
from kyozon.http.context import header
from kyozon.http.reading import taken

GRANT_HEADER = "x-kyozon-grant"
REVIEW_HEADER = "x-kyozon-review"
QUALITY_HEADER = "x-kyozon-quality"
LICENCE_HEADER = "x-kyozon-licence"
WITHIN_HEADER = "x-kyozon-within"
QUALITY_METADATA = "kyozon.quality"
_NAMED = f"{AUTO}:"
_REQUEST = "request"
_LONGEST = 100


def goal_of(request: Request, body: Json) -> Goal | None:
    """How good the answer must be: header `x-kyozon-quality`, else `metadata["kyozon.quality"]`, else a model `auto:GOAL`.

    The entry in `metadata` is taken out of the body, where the model then is plainly `auto`. Raises `InvalidRequest`.
    """
    stated = header(request, QUALITY_HEADER.encode()) or ""
    found, param = [stated] if stated else [], QUALITY_HEADER
    if "metadata" in body:
        found += taken(body, QUALITY_METADATA)
    model = body.get("model")
    if isinstance(model, str) and model.startswith(_NAMED):
        body["model"] = AUTO
        if not found:
            found, param = [model.removeprefix(_NAMED)], "model"
    return _goal(found[0], param) if found else None


def _goal(text: str, param: str) -> Goal:
    try:
        return parse_goal(text)
    except ValueError as error:
        known, wrong = ", ".join(SHARES), repr(text[:40])
        raise InvalidRequest(
            Text(
                f"{param}: {wrong} is no quality; use one of {known}, or a share of the best from 0 to 1, as in 0.95.",
                f"{param}：{wrong} は品質として読めません。{known} のいずれかか、"
                "最良のモデルに対する割合（0〜1、例：0.95）を指定してください。",
            ),
            param,
        ) from error


def licences_of(request: Request) -> Licences:
    """The licences under which the model may come (`x-kyozon-licence: Apache-2.0, MIT`); none where any may."""
    stated = header(request, LICENCE_HEADER.encode()) or ""
    return frozenset(name.strip().lower() for name in stated.split(",") if name.strip())


def within_of(request: Request) -> float | None:
    """In how many seconds the first words should come (`x-kyozon-within: 2.5`); raises `InvalidRequest`."""
    stated = header(request, WITHIN_HEADER.encode())
    if not stated:
        return None
    try:
        return parse_within(stated)
    except ValueError as error:
        wrong = repr(stated[:40])
        raise InvalidRequest(
            Text(
                f"{WITHIN_HEADER}: {wrong} is no time; use seconds above 0 and up to {LONGEST:g}, as in 2.5.",
                f"{WITHIN_HEADER}：{wrong} は時間として読めません。"
                f"0 より大きく {LONGEST:g} 以下の秒数（例：2.5）を指定してください。",
            ),
            WITHIN_HEADER,
        ) from error


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
