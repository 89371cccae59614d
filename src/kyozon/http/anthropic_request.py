"""A Messages request as an OpenAI chat request: Anthropic's dialect on its way in. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.requests import Json

_SAME = ("model", "stream", "temperature", "top_p", "top_k")
_TRANSLATED = ("messages", "system", "max_tokens", "stop_sequences", "tools", "tool_choice", "metadata", "thinking")
_ONLY_ANTHROPIC = ("output_config", "cache_control", "container", "diagnostics", "inference_geo", "service_tier", "speed")
_KNOWN = frozenset((*_SAME, *_TRANSLATED, *_ONLY_ANTHROPIC))
_TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_BUDGETS = ((4096, "low"), (16_384, "medium"))
_ROLES = ("user", "assistant", "system")


def to_chat(body: Json, *, counting: bool = False) -> Json:
    """The chat request that means what the Messages request `body` means; fields unknown to Anthropic go through.

    Blocks that OpenAI has no word for stay as they are among the content parts, so that nobody who reads the request
    overlooks them. `counting` is for `count_tokens`, which asks for no `max_tokens`.

    Raises:
        InvalidRequest: a field is missing or of the wrong type; `param` names it as Anthropic does (`messages.0.role`).
    """
    _expect(body.get("model"), str, "model")
    if not counting and _expect(body.get("max_tokens"), int, "max_tokens") < 1:
        raise _wrong("max_tokens", "must be at least 1", "1 以上にしてください")
    messages = _system(body.get("system"))
    for index, message in enumerate(_expect(body.get("messages"), list, "messages")):
        messages += _message(message, f"messages.{index}")
    if not body["messages"]:
        raise _wrong("messages", "must hold at least one message", "一つ以上のメッセージが必要です")
    chat: Json = {name: body[name] for name in _SAME if body.get(name) is not None}
    chat["messages"] = messages
    optional = {
        "max_completion_tokens": body.get("max_tokens"),
        "stop": body.get("stop_sequences"),
        "user": _object(body, "metadata").get("user_id"),
        **_tools(body),
        **_output(body),
    }
    chat |= {name: value for name, value in optional.items() if value is not None}
    return chat | {name: value for name, value in body.items() if name not in _KNOWN}


def _system(system: Any) -> list[Json]:
    if not system:
        return []
    return [{"role": "system", "content": _text(_blocks(system, "system"))}]


def _message(message: Any, param: str) -> list[Json]:
    role = _expect(message, dict, param).get("role")
    if role not in _ROLES:
        raise _wrong(f"{param}.role", "must be user, assistant or system", "user、assistant、system のどれかにしてください")
    blocks = _blocks(message.get("content"), f"{param}.content")
    try:
        if role == "user":
            return _user(blocks)
        return [_assistant(blocks)] if role == "assistant" else [{"role": "system", "content": _text(blocks)}]
    except (KeyError, TypeError, AttributeError) as error:
        raise _wrong(f"{param}.content", f"a block lacks {error}", f"ブロックに {error} がありません") from error


def _user(blocks: list[Json]) -> list[Json]:
    """Each tool result becomes a message of its own; OpenAI's carry text alone, so their images follow as the user's."""
    messages: list[Json] = []
    parts: list[Json] = []
    for block in blocks:
        if block["type"] != "tool_result":
            parts.append(_part(block))
            continue
        found = _blocks(block.get("content") or "", "messages")
        messages.append({"role": "tool", "tool_call_id": block["tool_use_id"], "content": _text(found)})
        parts += [_part(one) for one in found if one["type"] != "text"]
    if parts:
        messages.append({"role": "user", "content": _plain(parts)})
    return messages


def _assistant(blocks: list[Json]) -> Json:
    message: Json = {"role": "assistant"}
    thoughts = [block for block in blocks if block["type"] in ("thinking", "redacted_thinking")]
    if text := "".join(block.get("thinking", "") for block in thoughts):
        message["reasoning_content"] = text
    if signed := [block for block in thoughts if block.get("signature") or block.get("data")]:
        message["extra_content"] = {"anthropic": {"thinking": signed}}
    calls = [_call(block) for block in blocks if block["type"] == "tool_use"]
    parts = [_part(block) for block in blocks if block["type"] != "tool_use" and block not in thoughts]
    if all(part["type"] == "text" for part in parts):
        message["content"] = "".join(part["text"] for part in parts) if parts or not calls else None
    else:
        message["content"] = parts
    return message | ({"tool_calls": calls} if calls else {})


def _call(block: Json) -> Json:
    arguments = msgspec.json.encode(block["input"]).decode()
    return {"id": block["id"], "type": "function", "function": {"name": block["name"], "arguments": arguments}}


def _part(block: Json) -> Json:
    translate = _PARTS.get(block["type"])
    part = translate(block) if translate else None
    return block if part is None else part


def _text_part(block: Json) -> Json:
    return {"type": "text", "text": block["text"]}


def _image_part(block: Json) -> Json | None:
    url = _url(block["source"])
    return {"type": "image_url", "image_url": {"url": url}} if url else None


def _file_part(block: Json) -> Json | None:
    if block["source"]["type"] == "text":
        return {"type": "text", "text": block["source"]["data"]}
    if block["source"]["type"] != "base64":
        return None
    file = {"filename": block.get("title") or "document.pdf", "file_data": _url(block["source"])}
    return {"type": "file", "file": file}


def _url(source: Json) -> str | None:
    if source["type"] == "base64":
        return f"data:{source['media_type']};base64,{source['data']}"
    return source["url"] if source["type"] == "url" else None


_PARTS: dict[str, Callable[[Json], Json | None]] = {"text": _text_part, "image": _image_part, "document": _file_part}
"""None where OpenAI has no word for the block's source (files kept at Anthropic, documents by URL)."""


def _blocks(content: Any, param: str) -> list[Json]:
    """Content as blocks; a string is short for one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    for index, block in enumerate(_expect(content, list, param)):
        _expect(_expect(block, dict, f"{param}.{index}").get("type"), str, f"{param}.{index}.type")
    blocks: list[Json] = content
    return blocks


def _text(blocks: list[Json]) -> str:
    return "\n\n".join(block["text"] for block in blocks if block["type"] == "text")


def _plain(parts: list[Json]) -> str | list[Json]:
    """A single text as a string, which every server understands."""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _tools(body: Json) -> Json:
    if not body.get("tools"):
        return {}
    listed = _expect(body["tools"], list, "tools")
    tools = [_tool(_expect(tool, dict, f"tools.{index}"), f"tools.{index}") for index, tool in enumerate(listed)]
    chat: Json = {"tools": tools}
    if choice := body.get("tool_choice"):
        kind = _expect(choice, dict, "tool_choice").get("type")
        if kind not in ("tool", *_TOOL_CHOICES):
            raise _wrong(
                "tool_choice.type", "must be auto, any, tool or none", "auto、any、tool、none のどれかにしてください"
            )
        named = {"type": "function", "function": {"name": choice.get("name")}}
        chat["tool_choice"] = _TOOL_CHOICES.get(kind, named)
        if choice.get("disable_parallel_tool_use"):
            chat["parallel_tool_calls"] = False
    return chat


def _tool(tool: Json, param: str) -> Json:
    """A function; Anthropic's own tools (its web search …) stay as they are, for models that know them."""
    if tool.get("type") not in (None, "custom"):
        return tool
    function = {"name": _expect(tool.get("name"), str, f"{param}.name")}
    function["parameters"] = _expect(tool.get("input_schema"), dict, f"{param}.input_schema")
    optional = {name: tool[name] for name in ("description", "strict") if name in tool}
    return {"type": "function", "function": function | optional}


def _output(body: Json) -> Json:
    """Effort and output format. `disabled` thinking is left unsaid: models without reasoning refuse to hear of it."""
    config, thinking = _object(body, "output_config"), _object(body, "thinking")
    effort = config.get("effort")
    if effort is None and thinking.get("type") == "enabled":
        budget = _expect(thinking.get("budget_tokens"), int, "thinking.budget_tokens")
        effort = next((name for limit, name in _BUDGETS if budget < limit), "high")
    form = config.get("format")
    if form is None:
        return {"reasoning_effort": effort}
    wanted = _expect(_expect(form, dict, "output_config.format").get("schema"), dict, "output_config.format.schema")
    schema = {"name": "answer", "strict": True, "schema": wanted}
    return {"reasoning_effort": effort, "response_format": {"type": "json_schema", "json_schema": schema}}


_KINDS = {
    str: ("a string", "文字列"),
    int: ("a number", "数値"),
    list: ("a list", "リスト"),
    dict: ("an object", "オブジェクト"),
}


def _expect(value: Any, kind: type, param: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        en, ja = _KINDS[kind]
        raise _wrong(param, f"must be {en}", f"{ja}を指定してください")
    return value


def _object(body: Json, name: str) -> Json:
    """A field that is an object where it is given."""
    found: Json = _expect(body.get(name) or {}, dict, name)
    return found


def _wrong(param: str, en: str, ja: str) -> InvalidRequest:
    return InvalidRequest(Text(f"{param}: {en}", f"{param}：{ja}"), param)
