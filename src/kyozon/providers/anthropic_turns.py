"""An OpenAI conversation as Anthropic's system blocks and turns. Pure."""

from collections.abc import Callable
from typing import Any

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.requests import Json
from kyozon.providers.completions import arguments_of, data_url, wrong


def conversation(messages: Any) -> tuple[list[Json], list[Json]]:
    """The system blocks, and turns of user and assistant in alternation: results of parallel calls must share one turn.

    Raises:
        InvalidRequest: a message or part cannot be said in Anthropic's shape; `param` names it.
    """
    if not isinstance(messages, list) or not messages:
        raise wrong("messages", "must be a list of at least one message", "メッセージを一つ以上指定してください")
    system: list[Json] = []
    turns: list[Json] = []
    for index, message in enumerate(messages):
        param = f"messages[{index}]"
        role, blocks = _blocks(message, param)
        if role == "system":
            system += blocks
        elif turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return system, turns


def _blocks(message: Any, param: str) -> tuple[str, list[Json]]:
    try:
        role, translate = _ROLES[message["role"]]
        return role, translate(message, param)
    except InvalidRequest:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise wrong(param, "is not a chat message as OpenAI defines it", "OpenAI 形式のメッセージではありません") from error


def _spoken(message: Json, param: str) -> list[Json]:
    content = message.get("content")
    if isinstance(content, str) or content is None:
        content = [{"type": "text", "text": content or ""}]
    blocks = [_part(part, f"{param}.content[{index}]") for index, part in enumerate(content)]
    return [block for block in blocks if block.get("type") != "text" or block["text"].strip()]  # blank ones are refused


def _assistant(message: Json, param: str) -> list[Json]:
    """Thinking first (only with Anthropic's signature: unsigned reasoning is refused), then text, then tool uses."""
    own = (message.get("extra_content") or {}).get("anthropic") or {}
    refusal = [{"type": "text", "text": message["refusal"]}] if message.get("refusal") else []
    calls = [
        {
            "type": "tool_use",
            "id": call["id"],
            "name": call["function"]["name"],
            "input": arguments_of(call, f"{param}.tool_calls[{index}]"),
        }
        for index, call in enumerate(message.get("tool_calls") or [])
    ]
    return [*own.get("thinking", []), *_spoken(message, param), *refusal, *calls]


def _tool_result(message: Json, param: str) -> list[Json]:
    result: Json = {"type": "tool_result", "tool_use_id": message["tool_call_id"]}
    content = _spoken(message, param)
    return [result | ({"content": content} if content else {})]


_ROLES: dict[str, tuple[str, Callable[[Json, str], list[Json]]]] = {
    "system": ("system", _spoken),
    "developer": ("system", _spoken),
    "user": ("user", _spoken),
    "assistant": ("assistant", _assistant),
    "tool": ("user", _tool_result),
}


def _part(part: Json, param: str) -> Json:
    """One content part; a type that OpenAI does not know is taken for one of Anthropic's own blocks."""
    translate = _PARTS.get(part["type"])
    return part if translate is None else translate(part, param)


def _refusal(part: Json, _: str) -> Json:
    return {"type": "text", "text": part["refusal"]}


def _image(part: Json, param: str) -> Json:
    url = part["image_url"]["url"]
    source = _source(url, param)
    block = {"type": "image", "source": source}
    return block | ({"cache_control": part["cache_control"]} if "cache_control" in part else {})


def _source(url: str, param: str) -> Json:
    if inline := data_url(url):
        return {"type": "base64", "media_type": inline[0], "data": inline[1]}
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    raise wrong(param, "must be an http(s) or data: URL", "http(s) または data: の URL にしてください")


def _document(part: Json, param: str) -> Json:
    file = part["file"]
    if "file_data" not in file:
        raise wrong(param, "send the file itself as file_data", "file_data にファイル本体を入れてください")
    block: Json = {"type": "document", "source": _source(file["file_data"], param)}
    return block | ({"title": file["filename"]} if file.get("filename") else {})


def _audio(_: Json, param: str) -> Json:
    raise wrong(param, "this model takes no audio", "このモデルは音声を受け付けません")


_PARTS: dict[str, Callable[[Json, str], Json]] = {
    "image_url": _image,
    "file": _document,
    "refusal": _refusal,
    "input_audio": _audio,
}
