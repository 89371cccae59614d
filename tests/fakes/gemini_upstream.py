"""A fake of the Gemini API that checks what it receives with the `google-genai` package's own types."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec
from google.genai import types
from pydantic import BaseModel, TypeAdapter

from tests.fakes.server import Behaviour, FakeServer, Received

USAGE = {
    "promptTokenCount": 111,
    "cachedContentTokenCount": 100,
    "candidatesTokenCount": 4,
    "thoughtsTokenCount": 3,
    "totalTokenCount": 118,
}
SIGNATURE = b64encode(b"signed by the fake").decode()

_SHAPES: dict[str, TypeAdapter[Any]] = {
    "contents": TypeAdapter(list[types.Content]),
    "systemInstruction": TypeAdapter(types.Content),
    "tools": TypeAdapter(list[types.Tool]),
    "toolConfig": TypeAdapter(types.ToolConfig),
    "generationConfig": TypeAdapter(types.GenerationConfig),
    "safetySettings": TypeAdapter(list[types.SafetySetting]),
    "model": TypeAdapter(str),
}
_EMBEDDING: dict[str, TypeAdapter[Any]] = {
    "model": TypeAdapter(str),
    "content": TypeAdapter(types.Content),
    "taskType": TypeAdapter(str),
    "outputDimensionality": TypeAdapter(int),
}


class GeminiUpstream(FakeServer):
    """Answers `…:generateContent`, `…:streamGenerateContent?alt=sse`, `…:countTokens` and `…:batchEmbedContents`."""

    def check(self, received: Received) -> None:
        if received.headers.get("x-goog-api-key") != "sk-fake":
            raise ValueError("the key is not sent as the package sends it")
        verb = received.path.rpartition(":")[2]
        if verb == "batchEmbedContents":
            if len(received.json["requests"]) > 100:
                raise ValueError("at most 100 requests can be in one batch")
            for request in received.json["requests"]:
                _check(request, _EMBEDDING)
        elif verb == "countTokens":
            _check(received.json["generateContentRequest"], _SHAPES)
        else:
            _check(received.json, _SHAPES)
            _check_turns(received.json["contents"])

    def streams(self, received: Received) -> bool:
        if received.path.endswith(":streamGenerateContent") != (received.query.get("alt") == "sse"):
            raise ValueError("a stream is asked for with ?alt=sse")
        return received.path.endswith(":streamGenerateContent")

    def body(self, received: Received, behaviour: Behaviour) -> bytes:
        if received.path.endswith(":countTokens"):
            return _checked(types.CountTokensResponse, {"totalTokens": 42})
        if received.path.endswith(":batchEmbedContents"):
            return _checked(types.EmbedContentResponse, _embeddings(received.json["requests"]))
        candidates = [
            {
                "index": index,
                "content": {"role": "model", "parts": list(_parts(behaviour))},
                "finishReason": _finish(behaviour),
            }
            for index in range(behaviour.choices)
        ]
        return _checked(types.GenerateContentResponse, _head(received, behaviour) | {"candidates": candidates})

    def events(self, received: Received, behaviour: Behaviour) -> Iterator[bytes]:
        head = _head(received, behaviour)
        for index in range(behaviour.choices):
            for part in _streamed(behaviour):
                candidate: dict[str, Any] = {"index": index, "content": {"role": "model", "parts": [part]}}
                yield _event(head | {"candidates": [candidate]})
            yield _event(head | {"candidates": [{"index": index, "finishReason": _finish(behaviour)}]})

    def error_body(self, status: int, message: str) -> bytes:
        return msgspec.json.encode({"error": {"code": status, "message": message, "status": "FAILED"}})


def _check(body: dict[str, Any], shapes: dict[str, TypeAdapter[Any]]) -> None:
    for name, value in body.items():
        if name not in shapes:
            raise ValueError(f"Invalid JSON payload received. Unknown name {name!r}")
        shapes[name].validate_json(msgspec.json.encode(value))


def _check_turns(contents: list[dict[str, Any]]) -> None:
    """What the API refuses though the types allow it: an unsigned first call, a result that answers nothing."""
    called: list[str] = []
    for content in contents:
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and "thoughtSignature" not in calls[0]:
            raise ValueError(f"Function call {calls[0]['functionCall']['name']} is missing a thought_signature")
        results = [part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part]
        if results != called:
            raise ValueError(f"function responses {results} must equal the calls of the turn before, {called}")
        called = [part["functionCall"]["name"] for part in calls]


def _checked(model: type[BaseModel], body: dict[str, Any]) -> bytes:
    raw = msgspec.json.encode(body)
    model.model_validate_json(raw)
    return raw


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + _checked(types.GenerateContentResponse, body) + b"\r\n\r\n"


def _head(received: Received, behaviour: Behaviour) -> dict[str, Any]:
    model = received.path.rpartition("/")[2].partition(":")[0]
    return {"responseId": "resp_fake", "modelVersion": model, "usageMetadata": behaviour.usage or USAGE}


def _finish(behaviour: Behaviour) -> str:
    return behaviour.finish or "STOP"


def _parts(behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    if behaviour.reasoning:
        yield {"text": behaviour.reasoning, "thought": True}
    if behaviour.text:
        yield {"text": behaviour.text}
    for number, call in enumerate(behaviour.tool_calls):
        part: dict[str, Any] = {
            "functionCall": {"name": call.name, "args": msgspec.json.decode(call.arguments)}
            | ({"id": call.id} if call.id else {})
        }
        yield part if number else part | {"thoughtSignature": SIGNATURE}


def _streamed(behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    """Text comes in pieces, function calls whole."""
    for part in _parts(behaviour):
        text = part.get("text", "")
        middle = len(text) // 2
        yield from [part | {"text": half} for half in (text[:middle], text[middle:])] if text else [part]


def _embeddings(requests: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [
        {
            "values": [float(len(request["content"]["parts"][0]["text"]))]
            + [0.5] * (request.get("outputDimensionality", 3) - 1)
        }
        for request in requests
    ]
    return {"embeddings": rows, "usageMetadata": {"promptTokenCount": len(requests)}}
