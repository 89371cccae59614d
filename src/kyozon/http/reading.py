"""Reading a request: who sends it, its body, its label. Every mistake names the field and the mend."""

import hashlib
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, TooLarge
from kyozon.domain.labels import Label, parse_label
from kyozon.domain.language import Text
from kyozon.domain.requests import CacheWish, Json
from kyozon.http.context import header, header_lines, services
from kyozon.http.misfits import misfit, unreadable
from kyozon.services.replays import Repeat

ShapeT = TypeVar("ShapeT", bound=Struct)

LABEL_HEADER = "x-kyozon-label"
LABEL_METADATA = "kyozon.label"
CACHE_HEADER = "x-kyozon-cache"
CACHE_METADATA = "kyozon.cache"

Token = Annotated[int, Meta(ge=0)]

_LONGEST_LABEL = 500
_LONGEST_IDEMPOTENCY_KEY = 255  # Stripe's; far below what an index of the database can hold


class ChatMessage(Struct):
    """What must hold of every message whatever else it carries."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None


class ChatShape(Struct):
    """The fields of a chat completion that Kyozon itself reads; others pass through unread."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[ChatMessage], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = None
    metadata: dict[str, Any] | None = None


class EmbeddingShape(Struct):
    """The fields of an embedding request that Kyozon itself reads."""

    model: Annotated[str, Meta(min_length=1)]
    input: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[str | Token | Annotated[list[Token], Meta(min_length=1)]], Meta(min_length=1)]
    )
    encoding_format: str | None = None
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    input_type: str | None = None


async def caller_of(request: Request) -> Caller:
    """Who sends the request, by `Authorization: Bearer` or `x-api-key`; raises `Unauthenticated`."""
    scheme, _, secret = (header(request, b"authorization") or "").partition(" ")
    bearer = secret.strip() if scheme.lower() == "bearer" else None
    caller = await services(request).keys.authenticate(bearer or header(request, b"x-api-key"))
    request.state.caller = caller  # for the headers of a refusal
    return caller


async def body_of(request: Request) -> bytes:
    """The body, read no further than the server's limit; raises `TooLarge`."""
    limit = services(request).max_body_bytes
    chunks, size, more = [], 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest(Text("the body ended early.", "本文が途中で終わりました。"))
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise TooLarge(
                Text(
                    f"the body is larger than {limit >> 20} MiB ([server] max_body_mib).",
                    f"本文が {limit >> 20} MiB を超えています（[server] max_body_mib）。",
                )
            )
        more = message.get("more_body", False)
    return b"".join(chunks)


def decode(body: bytes) -> Json:
    """The body as a JSON object; raises `InvalidRequest`."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = unreadable(error)
        raise InvalidRequest(
            Text(f"the body is not valid JSON: {why.en}.", f"本文が正しい JSON ではありません：{why.ja}。")
        ) from error
    if not isinstance(found, dict):
        raise InvalidRequest(Text("the body must be a JSON object.", "本文は JSON オブジェクトである必要があります。"))
    return found


def check_chat(body: Json) -> ChatShape:
    """The fields Kyozon reads, checked; raises `InvalidRequest` naming the field."""
    return checked(body, ChatShape)


def check_embedding(body: Json) -> EmbeddingShape:
    """The fields Kyozon reads, checked; raises `InvalidRequest` naming the field."""
    return checked(body, EmbeddingShape)


def checked(body: Json, shape: type[ShapeT]) -> ShapeT:
    """The body as this shape; raises `InvalidRequest` naming the field."""
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        field, what = misfit(error)
        raise InvalidRequest(
            Text(f"{field or 'the body'}: {what.en}.", f"{field or '本文'}：{what.ja}。"), field or None
        ) from error


def declared_label(request: Request, body: Json) -> Label | None:
    """What the caller says of the sensitivity: header `x-kyozon-label`, or `metadata["kyozon.label"]`; all are joined.

    The entry in `metadata` is meant for Kyozon and is taken out of the body.
    """
    stated = [text for line in header_lines(request, LABEL_HEADER.encode()) for text in line.split(",")]
    stated += taken(body, LABEL_METADATA)
    found: Label | None = None
    for text in stated:
        label = _label(text)
        found = label if found is None else found.join(label)
    return found


def cache_wish(request: Request, body: Json) -> CacheWish | None:
    """What the caller asks of the answer cache: header `x-kyozon-cache`, else `metadata["kyozon.cache"]`, else nothing.

    The entry in `metadata` is taken out of the body. Raises `InvalidRequest` for another word.
    """
    stated = [*header_lines(request, CACHE_HEADER.encode()), *taken(body, CACHE_METADATA)]
    if not stated:
        return None
    try:
        wish: CacheWish = msgspec.convert(stated[0].strip().lower(), CacheWish)
    except msgspec.ValidationError as error:
        known, wrong = ", ".join(get_args(CacheWish)), repr(stated[0][:40])
        raise InvalidRequest(
            Text(
                f"{CACHE_HEADER} cannot be {wrong}; use one of {known}, or leave it out.",
                f"{CACHE_HEADER} に {wrong} は使えません。{known} のいずれかにするか、省いてください。",
            ),
            CACHE_HEADER,
        ) from error
    return wish


def taken(body: Json, name: str) -> list[str]:
    """What `metadata` says under a name of Kyozon's own; it is taken out, and `metadata` with it where nothing is left."""
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or name not in metadata:
        return []
    rest = {key: value for key, value in metadata.items() if key != name}
    body.pop("metadata")
    if rest:
        body["metadata"] = rest
    return [str(metadata[name])]


def _label(text: str) -> Label:
    """One label. It stands in the record many times, so its length is limited."""
    if len(text) > _LONGEST_LABEL:
        raise InvalidRequest(
            Text(
                f"a label has {len(text)} characters; use at most {_LONGEST_LABEL}.",
                f"ラベルが {len(text)} 文字あります。{_LONGEST_LABEL} 文字以内にしてください。",
            ),
            LABEL_HEADER,
        )
    try:
        return parse_label(text)
    except ValueError as error:
        raise InvalidRequest(
            Text(
                f"label {text!r}: {error}.",
                f"ラベル {text!r} を読めません。public・internal・confidential・restricted のいずれかに、"
                "必要なら「+区分」を続けてください（例：confidential+pii）。",
            ),
            LABEL_HEADER,
        ) from error


def repeat_of(request: Request, caller: Caller, body: bytes, declared: Label | None) -> Repeat:
    """What tells whether this request repeats another; raises `InvalidRequest` for a key that cannot be kept."""
    retries = header(request, b"x-stainless-retry-count")
    idempotency_key = header(request, b"idempotency-key") or None
    if idempotency_key is not None and len(idempotency_key) > _LONGEST_IDEMPOTENCY_KEY:
        raise InvalidRequest(
            Text(
                f"the Idempotency-Key has {len(idempotency_key)} characters; use at most {_LONGEST_IDEMPOTENCY_KEY}, "
                "such as a UUID.",
                f"Idempotency-Key が {len(idempotency_key)} 文字あります。"
                f"UUID など {_LONGEST_IDEMPOTENCY_KEY} 文字以内にしてください。",
            ),
            "idempotency-key",
        )
    return Repeat(
        key_id=caller.key.id,
        body_sha256=hashlib.sha256(request.scope["path"].encode() + b"\n" + body).hexdigest(),
        idempotency_key=idempotency_key,
        sdk=retries is not None,
        retry=retries not in (None, "0"),
        terms=f"{services(request).registry.installation.policy_version} {declared}",
    )
