"""Tool calls for models whose chat template knows no tools: the output is held to a JSON schema that spells the calls.

The request's tools become an instruction and a `response_format`. The answer then is `{"calls": […]}` or `{"reply": …}`,
which `schema_answers` turns into tool calls or content again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.providers.schema_shapes import NO_ARGUMENTS, answer_schema, reply_schema

_MOST_CALLS = 4  # a weak model repeats itself for ever where a list has no end
_TOOL_FIELDS = ("tools", "tool_choice", "parallel_tool_calls")


def applies(chat: Mapping[str, Any]) -> bool:
    """Whether the answer to `chat` may hold tool calls."""
    return bool(chat.get("tools")) and chat.get("tool_choice") != "none"


def constrain(chat: Json) -> Json:
    """The same request without tools: earlier calls and results as text, the tools as an instruction and a schema.

    Raises:
        InvalidRequest: a tool is no function, or `tool_choice` names none of them.
    """
    body = {name: value for name, value in chat.items() if name not in _TOOL_FIELDS}
    body["messages"] = list(_history(chat["messages"]))
    if not applies(chat):
        return body
    functions, forced = _chosen(chat)
    reply = None if forced else reply_schema(chat.get("response_format"))
    most = 1 if chat.get("parallel_tool_calls") is False or _named(chat) else _MOST_CALLS
    schema = answer_schema(functions, reply, most)
    body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    body["messages"] = _instructed(body["messages"], _instruction(functions, forced=forced, most=most))
    return body


def _chosen(chat: Json) -> tuple[list[Json], bool]:
    """The functions that may be called, and whether one must be."""
    choice = chat.get("tool_choice") or "auto"
    functions = [_function(tool) for tool in chat["tools"]]
    names: list[str] | None = None
    forced = choice == "required"
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools") or {}
        names = [_function(tool).get("name", "") for tool in allowed.get("tools", [])]
        forced = allowed.get("mode") == "required"
    elif (name := _named(chat)) is not None:
        names, forced = [name], True
    found = [function for function in functions if names is None or function["name"] in names]
    if not found:
        raise InvalidRequest(
            Text(
                "tool_choice names a tool that is not in tools: add it there or choose one of them.",
                "tool_choice に指定されたツールが tools にありません。tools に追加するか、その中から選んでください。",
            ),
            param="tool_choice",
        )
    return found, forced


def _named(chat: Json) -> str | None:
    choice = chat.get("tool_choice")
    if isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        return str(choice["function"].get("name"))
    return None


def _function(tool: Any) -> Json:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InvalidRequest(
            Text(
                'this model calls functions only: give each tool as {"type": "function", "function": {"name": …}}.',
                '呼び出せるのは関数だけです。{"type": "function", "function": {"name": …}} の形で指定してください。',
            ),
            param="tools",
        )
    return function


def _instruction(functions: list[Json], *, forced: bool, most: int) -> str:
    lines = ["You can call these tools:"]
    for function in functions:
        described = f": {function['description']}" if function.get("description") else ""
        parameters = _json(function.get("parameters") or NO_ARGUMENTS)
        lines.append(f"- {function['name']}{described}\n  arguments: {parameters}")
    several = "" if most == 1 else " Call several tools at once by listing several calls."
    lines.append(f'To call a tool, answer {{"calls": [{{"name": tool, "arguments": {{...}}}}]}}.{several}')
    if not forced:
        lines.append('When no tool is needed, or a tool has already given the result, answer {"reply": your answer}.')
    return "\n".join(lines)


def _instructed(messages: list[Any], instruction: str) -> list[Any]:
    """The instruction after the caller's own system message, or as the first message where there is none."""
    first = messages[0] if messages else None
    if isinstance(first, dict) and first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{instruction}"}, *messages[1:]]
    return [{"role": "system", "content": instruction}, *messages]


def _history(messages: list[Any]) -> Iterator[Any]:
    """Earlier calls as sentences of the assistant's; results, however many, as one message of the user's."""
    results: list[str] = []
    names: dict[str, str] = {}
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role == "tool":
            name = names.get(message.get("tool_call_id"), "the tool")
            results.append(f"Result of {name}: {_plain(message.get('content'))}")
            continue
        if results:
            yield {"role": "user", "content": "\n".join(results)}
            results = []
        if role == "assistant" and message.get("tool_calls"):
            names |= {call["id"]: call["function"]["name"] for call in message["tool_calls"] if "function" in call}
            yield _rendered(message)
        else:
            yield message
    if results:
        yield {"role": "user", "content": "\n".join(results)}


def _rendered(message: Json) -> Json:
    """A sentence for each call: told in the answer's own JSON, a weak model would repeat it instead of going on."""
    functions = [call["function"] for call in message["tool_calls"] if "function" in call]
    called = [f"I called {function['name']} with {function.get('arguments') or '{}'}." for function in functions]
    rest = {name: value for name, value in message.items() if name not in ("tool_calls", "content")}
    return {**rest, "content": "\n".join(filter(None, [_plain(message.get("content")), *called]))}


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
