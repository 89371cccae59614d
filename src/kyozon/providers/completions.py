"""OpenAI's chat completions, as the translating wire formats read and write them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import to_openai
from kyozon.ports.provider import Piece

FIELDS = frozenset(
    """
    audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages
    metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
    prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier
    stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options
    """.split()  # noqa: SIM905 - a column of 37 strings reads worse
)
"""Every field of a chat completion request in the `openai` package 3.54; any other is the provider's own."""


class Head(Struct, frozen=True):
    """What all chunks of one answer share. `created` is in seconds since 1970."""

    id: str
    model: str
    created: int


def extras(chat: Json) -> Json:
    """The fields of `chat` that OpenAI does not know: meant for the provider, passed through as they are."""
    return {name: value for name, value in chat.items() if name not in FIELDS and value is not None}


def completion(head: Head, choices: list[Json], usage: Usage | None) -> bytes:
    """A whole chat completion."""
    body: Json = {"id": head.id, "object": "chat.completion", "created": head.created, "model": head.model}
    body["choices"] = choices
    if usage is not None:
        body["usage"] = to_openai(usage)
    return msgspec.json.encode(body)


def chunk(head: Head, delta: Json, index: int = 0, finish: str | None = None, logprobs: Json | None = None) -> Piece:
    """One chunk of a streamed choice."""
    choice: Json = {"index": index, "delta": delta, "finish_reason": finish}
    if logprobs is not None:
        choice["logprobs"] = logprobs
    return Piece(_chunk(head, [choice], None), text=spoken(delta), finish=finish)


def usage_chunk(head: Head, usage: Usage) -> Piece:
    """The last chunk of a stream: no choices, only the usage."""
    return Piece(_chunk(head, [], usage), usage=usage, usage_only=True)


def _chunk(head: Head, choices: list[Json], usage: Usage | None) -> bytes:
    body: Json = {"id": head.id, "object": "chat.completion.chunk", "created": head.created, "model": head.model}
    body["choices"] = choices
    if usage is not None:
        body["usage"] = to_openai(usage)
    return msgspec.json.encode(body)


def spoken(message: Json) -> str:
    """Everything the model said in a message or delta: reasoning, answer, names and arguments of tool calls."""
    return "".join(_spoken(message))


def _spoken(message: Json) -> Iterator[str]:
    yield message.get("reasoning_content") or ""
    yield message.get("content") or ""
    for call in message.get("tool_calls") or []:
        yield call["function"].get("name", "")
        yield call["function"].get("arguments", "")


def tool_call(call_id: str, name: str, arguments: str, index: int | None = None) -> Json:
    """A call of a function; `index` is given in chunks, where calls are told apart by it."""
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return call if index is None else {"index": index, **call}


def arguments_of(call: Json, param: str) -> Json:
    """The arguments of a tool call as an object; raises `InvalidRequest` where they are no JSON object."""
    try:
        return msgspec.json.decode(call["function"].get("arguments") or "{}", type=Json)
    except msgspec.DecodeError as error:
        raise wrong(
            f"{param}.function.arguments",
            "must be a JSON object written as a string",
            "JSON オブジェクトを文字列にした値にしてください",
        ) from error


def data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 text of a `data:` URL (RFC 2397); None for every other URL.

    Raises:
        InvalidRequest: the URL is a `data:` URL, but not base64.
    """
    if not url.startswith("data:"):
        return None
    head, _, payload = url[5:].partition(",")
    media_type, *parameters = head.split(";")
    if "base64" not in parameters or not payload:
        raise wrong("messages", "a data: URL must be base64", "data: URL は base64 で記述してください")
    return media_type, payload


def listed(value: Any) -> list[Any]:
    """OpenAI's "one or a list of them" as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def wrong(param: str, en: str, ja: str) -> InvalidRequest:
    """An `InvalidRequest` about the field `param`: the texts go on after its name."""
    return InvalidRequest(Text(f"{param}: {en}", f"{param}：{ja}"), param)
