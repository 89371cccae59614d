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
from kyozon.domain.requests import EmbeddingRequest
from kyozon.http.answering import headers, json_response
from kyozon.http.context import services
from kyozon.http.event_stream import while_connected
from kyozon.http.reading import body_of, caller_of, check_embedding, declared_label, decode

_QUERIES = ("query", "search_query")


async def embeddings(request: Request) -> Response:
    """Vectors for one text or many. `input_type` ("query" or "passage") helps models that tell the two apart."""
    caller = await caller_of(request)
    raw = await body_of(request)
    body = decode(raw)
    label = declared_label(request, body)
    shape = check_embedding(body)
    if shape.encoding_format not in (None, "float", "base64"):
        raise InvalidRequest(
            Text("encoding_format must be 'float' or 'base64'.", "encoding_format は 'float' か 'base64' です。"),
            "encoding_format",
        )
    wanted = EmbeddingRequest(
        body=body,
        model=shape.model,
        texts=(shape.input,) if isinstance(shape.input, str) else tuple(shape.input),
        dimensions=shape.dimensions,
        purpose="query" if shape.input_type in _QUERIES else "passage",
    )
    found = await while_connected(request, services(request).embeddings.embed(caller, wanted, label, raw))
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


def _encoded(vector: tuple[float, ...], form: str | None) -> Any:
    """Little-endian 32-bit floats in base64 where asked for; the plain API's default is a list of numbers."""
    return base64.b64encode(array("f", vector).tobytes()).decode() if form == "base64" else vector


routes = [Route("/v1/embeddings", embeddings, methods=["POST"])]
