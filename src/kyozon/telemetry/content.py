"""What was said, in the shape of OpenTelemetry's GenAI messages: answers and tool calls, never the model's reasoning."""

from typing import Any

import msgspec

from kyozon.domain.requests import Json
from kyozon.ports.telemetry import Words


def input_messages(chat: Json) -> str:
    """`gen_ai.input.messages` as JSON; of pictures and other media only that they were there."""
    return _encoded([{"role": message.get("role"), "parts": _parts(message)} for message in _dicts(chat.get("messages"))])


def output_messages(words: Words, finish: str) -> str:
    """`gen_ai.output.messages` as JSON: the text of the first choice."""
    read = _anthropic_text if words.dialect == "anthropic" else _openai_text
    text = "".join(read(msgspec.json.decode(payload)) for payload in words.payloads)
    return _encoded([{"role": "assistant", "parts": [{"type": "text", "content": text}], "finish_reason": finish}])


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    said = [_part({"type": "text", "text": content})] if isinstance(content, str) else [*map(_part, _dicts(content))]
    if message.get("role") == "tool":
        return [{"type": "tool_call_response", "id": message.get("tool_call_id"), "response": said}]
    return [*said, *map(_tool_call, _dicts(message.get("tool_calls")))]


def _part(part: Json) -> Json:
    kind = str(part.get("type"))
    return {"type": kind, "content": part.get("text")} if kind == "text" else {"type": kind}


def _tool_call(call: Json) -> Json:
    function = next(iter(_dicts([call.get("function")])), {})
    name, arguments = function.get("name"), function.get("arguments")
    return {"type": "tool_call", "id": call.get("id"), "name": name, "arguments": arguments}


def _openai_text(found: Json) -> str:
    """Of a whole answer, or of one chunk."""
    for choice in _dicts(found.get("choices")):
        said = choice.get("message") or choice.get("delta")
        if choice.get("index", 0) == 0 and isinstance(said, dict):
            return _text(said.get("content"))
    return ""


def _anthropic_text(found: Json) -> str:
    """Of a whole message, or of one event."""
    blocks = [*_dicts(found.get("content")), *_dicts([found.get("delta")])]
    return "".join(_text(block.get("text")) for block in blocks if block.get("type") in ("text", "text_delta"))


def _text(found: object) -> str:
    return found if isinstance(found, str) else ""


def _dicts(found: Any) -> list[Json]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _encoded(messages: list[Json]) -> str:
    return msgspec.json.encode(messages).decode()
