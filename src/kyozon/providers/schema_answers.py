"""Answers that follow the schema of `schema_tools`, read back as tool calls, whole or as the chunks of a stream."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from kyozon.domain.requests import Json

_LONGEST_ESCAPE = 12  # characters of a surrogate pair in JSON: \ud83d\ude00
_START = re.compile(r'\s*\{\s*"(?:(?P<kind>reply)"\s*:\s*"|calls"\s*:\s*\[)')
_BETWEEN = re.compile(r"[\s,]*(?=\{)")


def interpret(completion: Json) -> Json:
    """The completion with its text read back: tool calls with `finish_reason` `tool_calls`, or the reply as content.

    An answer that was cut off is given as far as it can be read, and keeps its finish reason `length`.
    """
    choices = []
    for position, choice in enumerate(completion["choices"]):
        content = choice["message"].get("content") or ""
        message, finish = {**choice["message"]}, choice.get("finish_reason")
        said = parsed(content)
        if "calls" in said:
            prefix = f"call_{_short(completion.get('id'))}_{choice.get('index', position)}"
            message |= {"content": None, "tool_calls": _calls(said["calls"], prefix)}
            finish = "length" if finish == "length" else "tool_calls"
        elif "reply" in said:
            message["content"] = said["reply"] if isinstance(said["reply"], str) else _json(said["reply"])
        choices.append({**choice, "message": message, "finish_reason": finish})
    return {**completion, "choices": choices}


def chunks(completion: Json) -> Iterator[Json]:
    """The chunks of a stream that says what a whole completion says; the usage comes last, without choices."""
    head = {name: value for name, value in completion.items() if name not in ("choices", "usage", "object")}
    head["object"] = "chat.completion.chunk"
    for choice in completion["choices"]:
        index = choice.get("index", 0)
        for delta in _deltas(choice["message"]):
            yield {**head, "choices": [{"index": index, "delta": delta, "finish_reason": None}]}
        yield {**head, "choices": [{"index": index, "delta": {}, "finish_reason": choice.get("finish_reason")}]}
    if completion.get("usage"):
        yield {**head, "choices": [], "usage": completion["usage"]}


def parsed(content: str) -> Json:
    """The JSON object in `content`; of one that was cut off, the calls or the part of the reply that are there."""
    try:
        return msgspec.json.decode(content, type=Json)
    except msgspec.DecodeError:
        start = _START.match(content)
    if start is None:
        return {}
    rest = content[start.end() :]
    return {"reply": _cut_text(rest)} if start["kind"] == "reply" else _cut_calls(rest)


def _cut_text(text: str) -> str:
    """The characters of a JSON string that has no end; a broken escape at its end is left out."""
    for cut in range(min(_LONGEST_ESCAPE, len(text)) + 1):
        try:
            return msgspec.json.decode(f'"{text[: len(text) - cut]}"', type=str)
        except msgspec.DecodeError:
            continue
    return ""


def _cut_calls(text: str) -> Json:
    """The whole calls at the beginning of a list that has no end; an empty reply where there is none."""
    calls, position, decoder = [], 0, json.JSONDecoder()
    while match := _BETWEEN.match(text, position):
        try:
            call, position = decoder.raw_decode(text, match.end())
        except json.JSONDecodeError:
            break
        calls.append(call)
    return {"calls": calls} if calls else {"reply": ""}


def _calls(calls: list[Json], prefix: str) -> list[Json]:
    functions = [{"name": call["name"], "arguments": _json(call["arguments"])} for call in calls]
    # A weak model fills the list with one call over and over: the same call twice in one turn says nothing new.
    distinct = [function for position, function in enumerate(functions) if function not in functions[:position]]
    return [
        {"id": f"{prefix}_{position}", "type": "function", "function": function}
        for position, function in enumerate(distinct)
    ]


def _deltas(message: Json) -> Iterator[Json]:
    calls = message.get("tool_calls") or []
    yield {"role": "assistant", "content": None if calls else ""}
    for name in ("reasoning_content", "content"):
        if message.get(name):
            yield {name: message[name]}
    for position, call in enumerate(calls):
        yield {"tool_calls": [{"index": position, **call, "function": {**call["function"], "arguments": ""}}]}
        yield {"tool_calls": [{"index": position, "function": {"arguments": call["function"]["arguments"]}}]}


def _short(response_id: Any) -> str:
    """The part of a response's id that tells it from others."""
    return "".join(character for character in str(response_id or "") if character.isalnum())[-24:]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
