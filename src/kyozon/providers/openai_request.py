"""The body of an OpenAI-compatible request, as one vendor wants it."""

from typing import Any

from kyozon.domain.models import AUTO, ModelCard, Quirks
from kyozon.domain.requests import ChatRequest, EmbeddingRequest, Json, RerankRequest
from kyozon.providers.schema_tools import constrain

_SYSTEM_ROLES = ("system", "developer")
_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_LIMIT_FIELDS = ("max_completion_tokens", "max_tokens")


def chat_body(card: ModelCard, request: ChatRequest, quirks: Quirks, *, stream: bool) -> Json:
    """The pivot with the vendor's model name and parameters; fields that Kyozon does not know stay as they are.

    A null means the default, as if the field were not there; some servers refuse it, so it is left out. So are those of
    sampling at a model that refuses them, where the caller left the choice of the model to us: to one that he named they
    go as he gave them, and the vendor says what it thinks of them.
    """
    given = {name: value for name, value in request.chat.items() if value is not None}
    if card.abilities.get("sampling") is False and request.model == AUTO:
        given = {name: value for name, value in given.items() if name not in _SAMPLING}
    body: Json = {**given, "model": card.upstream}
    if tools_by_schema(card, quirks):
        body = constrain(body)
    _name_limit(body, quirks.max_tokens_field)
    _stream(body, quirks, stream=stream)
    if quirks.renames or quirks.drops or quirks.system_role != "as_sent":
        body["messages"] = [_message(message, quirks) for message in body["messages"]]
    return _fields(body, quirks)


def embedding_body(card: ModelCard, request: EmbeddingRequest, quirks: Quirks) -> Json:
    """Floats are asked for; the other encodings are the caller's business and made from them."""
    prefix = card.query_prefix if request.purpose == "query" else card.passage_prefix
    given = request.tokens or [prefix + text for text in request.texts]
    body: Json = {**request.body, "model": card.upstream, "input": list(given), "encoding_format": "float"}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    return _fields(body, quirks)


def rerank_body(card: ModelCard, request: RerankRequest, quirks: Quirks) -> Json:
    """Query and documents, with whatever else the caller sent; a null means the default, as if it were not there."""
    more = {name: value for name, value in request.body.items() if value is not None}
    body: Json = {**more, "model": card.upstream, "query": request.query, "documents": list(request.documents)}
    return _fields(body, quirks)


def tools_by_schema(card: ModelCard, quirks: Quirks) -> bool:
    """Whether this model calls tools only by an output that follows a schema."""
    return card.tools_by_schema or quirks.tools_by_schema


def _name_limit(body: Json, name: str) -> None:
    """Give the output limit under the one name that the vendor reads; the newer field wins where both came."""
    limits = [body.pop(field) for field in _LIMIT_FIELDS if body.get(field) is not None]
    if limits:
        body[name] = limits[0]


def _stream(body: Json, quirks: Quirks, *, stream: bool) -> None:
    options = body.pop("stream_options", None) or {}
    body.pop("stream", None)
    if not stream:
        return
    body["stream"] = True
    if quirks.stream_usage:
        options = {**options, "include_usage": True}
    if options:
        body["stream_options"] = options


def _message(message: Any, quirks: Quirks) -> Any:
    """A message with its fields dropped and renamed and its role named; one that is no object is the vendor's to reject."""
    if not isinstance(message, dict):
        return message
    kept = _fields(dict(message), quirks, "messages.")
    if quirks.system_role != "as_sent" and kept.get("role") in _SYSTEM_ROLES:
        kept["role"] = quirks.system_role
    return kept


def _fields(holder: Json, quirks: Quirks, prefix: str = "") -> Json:
    """The fields of the body, or with a prefix of one part of it, dropped and renamed as the vendor wants them."""
    if not any(name.startswith(prefix) and name[len(prefix) :] in holder for name in (*quirks.renames, *quirks.drops)):
        return holder
    names = {name: quirks.renames.get(prefix + name, prefix + name).removeprefix(prefix) for name in holder}
    return {names[name]: value for name, value in holder.items() if prefix + name not in quirks.drops}
