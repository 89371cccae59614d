"""OpenAI's Responses API on its way in: its items as chat messages, its tools as functions and a search. Pure."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Search
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.http.reading import checked
from kyozon.http.search_shapes import RankingShape, search_of
from kyozon.retrieval.prompting import words_of

RESULTS = "file_search_call.results"
_NOTHING_TO_INCLUDE = "reasoning.encrypted_content"
"""Agents ask for it in every request; no response here has reasoning in it, so that leaving it out breaks no promise."""
_MOST_FOUND = 6
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}
_PASSED_OVER = ("reasoning", "file_search_call")
_ABSENT = ("conversation", "prompt", "moderation", "context_management", "access_programs")
_PASSED_ON = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_output_tokens": "max_completion_tokens",
    "parallel_tool_calls": "parallel_tool_calls",
    "user": "user",
    "safety_identifier": "safety_identifier",
    "prompt_cache_key": "prompt_cache_key",
}


class ResponseShape(Struct):
    """The fields that Kyozon reads."""

    model: Annotated[str, Meta(min_length=1)]
    input: str | Annotated[list[dict[str, Any]], Meta(min_length=1)]
    instructions: str | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    include: list[str] | None = None
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    truncation: str | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_tool_calls: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    metadata: dict[str, Any] | None = None


class _SearchTool(Struct):
    vector_store_ids: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1, max_length=16)]
    filters: dict[str, Any] | None = None
    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    ranking_options: RankingShape | None = None


def check_response(body: Json) -> ResponseShape:
    """The body, checked; raises `InvalidRequest` for what is wrong, and for what is not supported."""
    shape = checked(body, ResponseShape)
    for name in _ABSENT:
        if body.get(name) is not None:
            raise _unsupported(name)
    if shape.background:
        raise _unsupported("background: true")
    if shape.truncation not in (None, "disabled"):
        raise _unsupported(f"truncation: {shape.truncation!r}")
    for name in shape.include or []:
        if name not in (RESULTS, _NOTHING_TO_INCLUDE):
            raise InvalidRequest(
                Text(
                    f"include: {name!r} is not available. Use {RESULTS!r}, which adds the passages that file_search found.",
                    f"include：{name!r} は使えません。指定できるのは {RESULTS!r}（file_search で見つけた箇所）です。",
                ),
                "include",
            )
    return shape


def items_of(shape: ResponseShape) -> list[Json]:
    """What was sent, as a list of items."""
    if isinstance(shape.input, str):
        return [{"type": "message", "role": "user", "content": shape.input}]
    return shape.input


def messages_of(items: list[Json]) -> list[Json]:
    """Items as messages of chat completions; raises `InvalidRequest` for one of another kind."""
    found: list[Json] = []
    for place, item in enumerate(items):
        kind = item.get("type") or "message"
        if kind == "message":
            found.append(_message(item, place))
        elif kind == "function_call":
            _called(found, item)
        elif kind == "function_call_output":
            output = item.get("output")
            text = output if isinstance(output, str) else _texts(output)
            found.append({"role": "tool", "tool_call_id": str(item.get("call_id", "")), "content": text})
        elif kind not in _PASSED_OVER:
            raise _unsupported(f"input[{place}].type: {kind!r}")
    return found


def chat_of(body: Json, shape: ResponseShape, messages: list[Json]) -> Json:
    """The request as chat completions have it: the instructions first, then the conversation."""
    system = [{"role": "system", "content": shape.instructions}] if shape.instructions else []
    chat: Json = {"model": shape.model, "messages": [*system, *messages]}
    chat |= {theirs: body[ours] for ours, theirs in _PASSED_ON.items() if body.get(ours) is not None}
    if shape.stream:
        chat["stream"] = True
    if shape.reasoning and shape.reasoning.get("effort"):
        chat["reasoning_effort"] = shape.reasoning["effort"]
    if functions := [_function(tool) for tool in shape.tools or [] if tool.get("type") == "function"]:
        chat["tools"] = functions
        chat |= {"tool_choice": choice} if (choice := _choice(shape.tool_choice)) is not None else {}
    return chat | _form(shape)


def search_in(shape: ResponseShape, messages: Sequence[Json]) -> Search | None:
    """Where the tool `file_search` is to look, None without it.

    `messages` are the whole conversation, what was stored before included.

    Raises:
        InvalidRequest: there are other tools but functions, or what the user said last has no words to look for.
    """
    found = None
    for tool in shape.tools or []:
        kind = tool.get("type")
        if kind not in ("function", "file_search"):
            raise _unsupported(f"tools: {kind!r}")
        if kind == "file_search" and found is not None:
            raise _unsupported("tools: file_search twice")
        if kind == "file_search":
            wanted = checked(tool, _SearchTool)
            most = wanted.max_num_results or _MOST_FOUND
            found = search_of(wanted.vector_store_ids, (), wanted.filters, wanted.ranking_options, most)
    if found is not None and _form(shape).get("response_format"):
        raise _unsupported("text.format with file_search")
    if found is None or shape.tool_choice == "none":
        return None
    _check_question(messages)
    return found


def _check_question(messages: Sequence[Json]) -> None:
    last = next((message for message in reversed(messages) if message["role"] == "user"), {})
    if not words_of(last).strip():
        raise InvalidRequest(
            Text(
                "input has no question for file_search to look for: write it as the user's last message.",
                "file_search で探す質問が input にありません。最後の user メッセージに質問を書いてください。",
            ),
            "input",
        )


def _message(item: Json, place: int) -> Json:
    role, content = _ROLES.get(str(item.get("role"))), item.get("content")
    if role is None or not isinstance(content, str | list):
        raise InvalidRequest(
            Text(
                f"input[{place}] must be a message with a role (user, assistant, system, developer) and content.",
                f"input[{place}] は role（user・assistant・system・developer）と content を持つメッセージにしてください。",
            ),
            "input",
        )
    if isinstance(content, str):
        return {"role": role, "content": content}
    parts = [_part(part, place) for part in content]
    if all(part["type"] == "text" for part in parts):
        return {"role": role, "content": "\n".join(part["text"] for part in parts)}
    return {"role": role, "content": parts}


def _part(part: Any, place: int) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("input_text", "output_text", "text"):
        return {"type": "text", "text": str(part.get("text", ""))}
    if kind == "refusal":
        return {"type": "text", "text": str(part.get("refusal", ""))}
    if kind == "input_image" and part.get("image_url"):
        return {"type": "image_url", "image_url": {"url": part["image_url"], "detail": part.get("detail") or "auto"}}
    raise _unsupported(f"input[{place}].content: {kind!r}")


def _called(found: list[Json], item: Json) -> None:
    """A function call is part of the assistant's message before it, where that is one."""
    function = {"name": str(item.get("name", "")), "arguments": str(item.get("arguments", ""))}
    call = {"id": str(item.get("call_id", "")), "type": "function", "function": function}
    if found and found[-1]["role"] == "assistant":
        found[-1].setdefault("tool_calls", []).append(call)
    else:
        found.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _texts(output: Any) -> str:
    parts = output if isinstance(output, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def _function(tool: Json) -> Json:
    function = {name: tool[name] for name in ("name", "description", "parameters", "strict") if tool.get(name) is not None}
    return {"type": "function", "function": function}


def _choice(choice: str | Json | None) -> Any:
    if isinstance(choice, dict):
        named = choice.get("type") == "function"
        return {"type": "function", "function": {"name": choice.get("name")}} if named else None
    return choice


def _form(shape: ResponseShape) -> Json:
    """`text` as chat completions say it."""
    text = shape.text or {}
    form = text.get("format") if isinstance(text.get("format"), dict) else None
    found: Json = {"verbosity": text["verbosity"]} if text.get("verbosity") else {}
    if form is None or form.get("type") in (None, "text"):
        return found
    if form["type"] == "json_schema":
        schema = {name: form[name] for name in ("name", "description", "schema", "strict") if form.get(name) is not None}
        return found | {"response_format": {"type": "json_schema", "json_schema": schema}}
    return found | {"response_format": {"type": form["type"]}}


def _unsupported(what: str) -> InvalidRequest:
    return InvalidRequest(
        Text(
            f"{what} is not supported by /v1/responses here. What is: text and image input, function tools, file_search, "
            "stream, store and previous_response_id.",
            f"{what} は、この /v1/responses では使えません。使えるのは、文字と画像の入力・function ツール・file_search・"
            "stream・store・previous_response_id です。",
        ),
        what.partition(":")[0].partition("[")[0].partition(".")[0],
    )
