"""A fake OpenAI-compatible provider that checks what it receives with the `openai` package's own types."""

from collections.abc import Iterator
from typing import Any

import msgspec
from openai.types import CreateEmbeddingResponse, EmbeddingCreateParams
from openai.types.chat import ChatCompletion, ChatCompletionChunk, CompletionCreateParams
from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator

from tests.fakes.server import Behaviour, FakeServer, Received, ToolCall

__all__ = ["Behaviour", "FakeUpstream", "Received", "ToolCall", "sdk_validator"]

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
TOKENS = 42

_PARTS = "parts"
_STREAM_MARK = b"data: [DONE]\n\n"


def sdk_validator(of: Any) -> SchemaValidator:
    """A validator for an SDK's request type; its `Iterable` is read as a list, which pydantic checks at once."""
    return SchemaValidator(_eager(TypeAdapter(of).core_schema))


def _eager(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_eager(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    eager = {name: _eager(part) for name, part in schema.items()}
    return {**eager, "type": "list"} if eager.get("type") == "generator" else eager


_CHAT = sdk_validator(CompletionCreateParams)
_EMBEDDINGS = sdk_validator(EmbeddingCreateParams)


class RerankParams(BaseModel):
    """The fields that servers of this format agree on; they have no SDK in common."""

    model: str
    query: str
    documents: list[str] = []
    texts: list[str] = []


class FakeUpstream(FakeServer):
    """Answers `…/chat/completions` and `…/embeddings` under any prefix, and llama.cpp's `/apply-template`, `/tokenize`.

    `…/rerank` finds a document the better, the more of the query's words are in it.
    """

    def check(self, received: Received) -> None:
        if received.method != "POST":
            raise ValueError(f"{received.method} {received.path}: only POST is spoken here")
        if received.path.endswith("/embeddings"):
            _EMBEDDINGS.validate_json(received.raw)
        elif received.path.endswith("/rerank"):
            RerankParams.model_validate_json(received.raw)
        elif not received.path.endswith(("/apply-template", "/tokenize")):
            _CHAT.validate_json(received.raw)

    def streams(self, received: Received) -> bool:
        return bool(received.json.get("stream"))

    def body(self, received: Received, behaviour: Behaviour) -> bytes:
        if received.path.endswith("/apply-template"):
            return msgspec.json.encode({"prompt": " ".join(str(m.get("content")) for m in received.json["messages"])})
        if received.path.endswith("/tokenize"):
            return msgspec.json.encode({"tokens": list(range(TOKENS))})
        if received.path.endswith("/embeddings"):
            return _embeddings(received.json, behaviour)
        if received.path.endswith("/rerank"):
            return _ranked(received.json, behaviour)
        choices = [
            {"index": index, "finish_reason": _finish(behaviour), "message": _message(behaviour), "logprobs": None}
            for index in range(behaviour.choices)
        ]
        completion = {"object": "chat.completion", "choices": choices, "usage": behaviour.usage or USAGE}
        body = msgspec.json.encode({**_head(received), **completion})
        if behaviour.reasoning_field != _PARTS:  # the SDK knows no such parts
            ChatCompletion.model_validate_json(body)
        return body

    def events(self, received: Received, behaviour: Behaviour) -> Iterator[bytes]:
        for choices in _streamed_choices(behaviour):
            ends = choices[0]["finish_reason"] is not None
            usage = {"usage": behaviour.usage or USAGE} if ends and behaviour.usage_unasked else {}
            yield self._event(received, {"choices": choices, **usage}, behaviour)
        if (received.json.get("stream_options") or {}).get("include_usage"):
            yield self._event(received, {"choices": [], "usage": behaviour.usage or USAGE}, behaviour)
        yield _STREAM_MARK

    def _event(self, received: Received, extra: dict[str, Any], behaviour: Behaviour) -> bytes:
        data = msgspec.json.encode({**_head(received), "object": "chat.completion.chunk", **extra})
        if behaviour.reasoning_field != _PARTS:
            ChatCompletionChunk.model_validate_json(data)
        return b"data: " + data + b"\n\n"


def _head(received: Received) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "created": 1_790_000_000, "model": received.json.get("model", "")}


def _finish(behaviour: Behaviour) -> str:
    return behaviour.finish or ("tool_calls" if behaviour.tool_calls else "stop")


def _calls(behaviour: Behaviour) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in behaviour.tool_calls
    ]


def _message(behaviour: Behaviour) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": behaviour.text, "refusal": None}
    if behaviour.reasoning_field == _PARTS:
        message["content"] = [_thinking(behaviour.reasoning), {"type": "text", "text": behaviour.text}]
    elif behaviour.reasoning:
        message[behaviour.reasoning_field] = behaviour.reasoning
    if behaviour.tool_calls:
        message |= {"content": None, "tool_calls": _calls(behaviour)}
    return message


def _streamed_choices(behaviour: Behaviour) -> Iterator[list[dict[str, Any]]]:
    for index in range(behaviour.choices):
        for delta in _deltas(behaviour):
            yield [{"index": index, "delta": delta, "finish_reason": None}]
        yield [{"index": index, "delta": {}, "finish_reason": _finish(behaviour)}]


def _deltas(behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "" if not behaviour.tool_calls else None}
    for part in _halves(behaviour.reasoning):
        yield {"content": [_thinking(part)]} if behaviour.reasoning_field == _PARTS else {behaviour.reasoning_field: part}
    if not behaviour.tool_calls:
        for part in _halves(behaviour.text):
            yield {"content": part}
    for index, call in enumerate(_calls(behaviour)):
        arguments = call["function"]["arguments"]
        start = {**call, "function": {**call["function"], "arguments": ""}}
        yield {"tool_calls": [{"index": index, **start}]}
        for part in _halves(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]


def _embeddings(request: dict[str, Any], behaviour: Behaviour) -> bytes:
    texts = [request["input"]] if isinstance(request["input"], str) else request["input"]
    width = request.get("dimensions", 3)
    rows = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), *([0.5] * (width - 1))]}
        for index, text in enumerate(texts)
    ]
    usage = behaviour.usage or {"prompt_tokens": 5, "total_tokens": 5}
    body = msgspec.json.encode({"object": "list", "model": request["model"], "data": rows, "usage": usage})
    CreateEmbeddingResponse.model_validate_json(body)
    return body


def _ranked(request: dict[str, Any], behaviour: Behaviour) -> bytes:
    words, documents = set(request["query"].split()), request.get("documents") or request["texts"]
    scores = [len(words & set(document.split())) / len(words) for document in documents]
    order = sorted(range(len(documents)), key=lambda index: -scores[index])
    rows = [{"index": index, "relevance_score": scores[index]} for index in order]
    usage = behaviour.usage or {"total_tokens": 9}
    return msgspec.json.encode({"object": "list", "model": request["model"], "results": rows, "usage": usage})
