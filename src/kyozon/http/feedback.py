"""What callers say of answers, under `/kyozon/v1/feedback`: given by whoever got one, read with the rest of its record."""

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.feedback import Feedback
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.http.answering import json_response, plain
from kyozon.http.context import header, services
from kyozon.http.reading import body_of, caller_of, checked, decode
from kyozon.services.feedback import Said

LONGEST_COMMENT = 4000
_LONGEST_KEY = 255
_USER = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"
_RATINGS = {"good": 1.0, "bad": 0.0}

_DECISION = re.compile(r"dec_[0-9a-f]{1,40}")


class FeedbackShape(Struct, forbid_unknown_fields=True):
    """One judgement: of which decision's answer, `score` from 0 to 1 or `rating`, by whom, and in which words.

    `user` is the caller's own name for whoever says it, where many use one key.
    """

    decision_id: str = ""
    score: Annotated[float, Meta(ge=0, le=1)] | None = None
    rating: Literal["good", "bad"] | None = None
    source: Literal["person", "program"] = "person"
    comment: Annotated[str, Meta(max_length=LONGEST_COMMENT)] | None = None
    user: Annotated[str, Meta(pattern=_USER)] | None = None


_ALLOWED: Final = {
    "decision_id": Text("use the identifier of a decision, as a string", "決定記録の ID（文字列）"),
    "score": Text("use a number from 0 (useless) to 1 (as good as could be)", "0（役に立たない）〜1（申し分ない）の数値"),
    "rating": Text('use "good" or "bad"', '"good" か "bad"'),
    "source": Text('use "person" or "program"', '"person" か "program"'),
    "comment": Text(f"use a text of at most {LONGEST_COMMENT:,} characters", f"{LONGEST_COMMENT:,} 文字以内の文字列"),
    "user": Text(
        "use a name of your own of letters, digits and . _ : @ -, at most 128, such as a pseudonym or a UUID",
        "独自の名前（英数字と . _ : @ -、128 文字以内。仮名や UUID など）",
    ),
}


async def give_feedback(request: Request) -> Response:
    """Say how good an answer was; the same said again at once counts once, something else said later counts instead."""
    caller = await caller_of(request)
    shape = _judgement(decode(await body_of(request)))
    comment = (shape.comment or "").replace("\0", "").strip() or None
    decision_id = _decision_id(shape.decision_id)
    said = Said(decision_id, _score(shape), shape.source, comment, _idempotency_key(request), shape.user or "")
    return json_response(msgspec.json.encode(_shape(await services(request).feedback.give(caller, said))))


async def list_feedback(request: Request) -> Response:
    """What was said of the answer of `decision_id`: all of it for the key that asked and admin keys, else the key's own."""
    caller = await caller_of(request)
    decision_id = _decision_id(request.query_params.get("decision_id", ""))
    found = await services(request).feedback.of(caller, decision_id)
    return json_response(msgspec.json.encode({"object": "list", "data": [_shape(one) for one in found]}))


def _judgement(body: Json) -> FeedbackShape:
    """The body, checked; what is wrong with it is said in terms of what is allowed."""
    try:
        return checked(body, FeedbackShape)
    except InvalidRequest as error:
        if error.param is None:
            raise
        raise InvalidRequest(_allowed(error.param), error.param) from error


def _allowed(field: str) -> Text:
    found = _ALLOWED.get(field)
    if found is None:
        known = ", ".join(_ALLOWED)
        return Text(
            f"there is no field {field!r}; there are {known}.", f"{field!r} という項目はありません。使える項目：{known}"
        )
    return Text(f"{field}: {found.en}.", f"{field} が正しくありません。使えるのは{found.ja}です。")


def _decision_id(stated: str) -> str:
    if not _DECISION.fullmatch(stated):
        raise InvalidRequest(
            Text(
                "decision_id must be the identifier of a decision, as the header x-kyozon-decision of an answer gives it.",
                "decision_id には、応答のヘッダー x-kyozon-decision にある決定記録の ID を指定してください。",
            ),
            "decision_id",
        )
    return stated


def _score(shape: FeedbackShape) -> float:
    if (shape.score is None) == (shape.rating is None):
        raise InvalidRequest(
            Text(
                'say how good it was, in one way: "rating": "good" or "bad", or "score" from 0 (useless) to 1.',
                '評価は、"rating"（"good" か "bad"）か "score"（0〜1）のどちらか一方で指定してください。',
            ),
            "score",
        )
    return _RATINGS[shape.rating] if shape.rating is not None else float(shape.score or 0)


def _idempotency_key(request: Request) -> str | None:
    found = header(request, b"idempotency-key") or None
    if found is not None and len(found) > _LONGEST_KEY:
        raise InvalidRequest(
            Text(
                f"the Idempotency-Key has {len(found)} characters; use at most {_LONGEST_KEY}, such as a UUID.",
                f"Idempotency-Key が {len(found)} 文字あります。UUID など {_LONGEST_KEY} 文字以内にしてください。",
            ),
            "idempotency-key",
        )
    return found


def _shape(feedback: Feedback) -> dict[str, Any]:
    return {"object": "kyozon.feedback", **plain(feedback)}


routes = [
    Route("/kyozon/v1/feedback", give_feedback, methods=["POST"]),
    Route("/kyozon/v1/feedback", list_feedback, methods=["GET"]),
]
