"""`POST /v1/embeddings`, as OpenAI's SDKs speak it: base64 is their default."""

import base64
from array import array
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO
from kyozon.domain.requests import EmbeddingRequest, Json
from kyozon.http.answering import headers, json_response
from kyozon.http.context import services
from kyozon.http.event_stream import while_connected
from kyozon.http.reading import EmbeddingShape, body_of, caller_of, check_embedding, declared_label, decode
from kyozon.http.stating import stated_in

_QUERIES = ("query", "search_query")


async def embeddings(request: Request) -> Response:
    """Vectors for one text or many. `input_type` ("query" or "passage") helps models that tell the two apart."""
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label, stated = declared_label(request, body), stated_in(request, body)
    shape = check_embedding(body)
    if shape.encoding_format not in (None, "float", "base64"):
        raise InvalidRequest(
            Text("encoding_format must be 'float' or 'base64'.", "encoding_format は 'float' か 'base64' です。"),
            "encoding_format",
        )
    wanted = _wanted(body, shape)
    embedding = services(request).embeddings.embed(caller, wanted, label, raw, stated=stated)
    found = await while_connected(request, embedding)
    payload = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, shape.encoding_format)}
            for index, vector in enumerate(found.embeddings.vectors)
        ],
        "model": found.model,
        "usage": {"prompt_tokens": found.usage.input, "total_tokens": found.usage.input},
    }
    return json_response(msgspec.json.encode(payload), headers(request, caller, found.decision_id, found.model))


def _wanted(body: Json, shape: EmbeddingShape) -> EmbeddingRequest:
    """The request; OpenAI takes one text or several, and tokens of one or of several, but nothing mixed."""
    listed = [shape.input] if isinstance(shape.input, str) else shape.input
    texts = tuple(one for one in listed if isinstance(one, str))
    single = tuple(one for one in listed if isinstance(one, int))
    several = tuple(tuple(one) for one in listed if isinstance(one, list))
    if sum(map(bool, (texts, single, several))) > 1:
        raise InvalidRequest(
            Text(
                "input must be a text, a list of texts, a list of tokens or a list of such lists; nothing mixed.",
                "input はテキスト、テキストの配列、トークンの配列、その配列のいずれかです。混在はできません。",
            ),
            "input",
        )
    if not texts and shape.model == AUTO:
        raise InvalidRequest(
            Text(
                "tokens mean something to one model alone: name it instead of 'auto', or send the text itself.",
                "トークンは特定のモデルでしか意味を持ちません。auto ではなくモデルを指定するか、テキストを送ってください。",
            ),
            "model",
        )
    return EmbeddingRequest(
        body=body,
        model=shape.model,
        texts=texts,
        dimensions=shape.dimensions,
        purpose="query" if shape.input_type in _QUERIES else "passage",
        tokens=(single,) if single else several,
    )


def _encoded(vector: tuple[float, ...], form: str | None) -> Any:
    """Little-endian 32-bit floats in base64 where asked for; the plain API's default is a list of numbers."""
    return base64.b64encode(array("f", vector).tobytes()).decode() if form == "base64" else vector


routes = [Route("/v1/embeddings", embeddings, methods=["POST"])]
