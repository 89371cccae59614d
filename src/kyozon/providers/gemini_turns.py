"""An OpenAI conversation as Gemini's system instruction and contents. Pure."""

import mimetypes
from collections.abc import Callable
from typing import Any

import msgspec

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.requests import Json
from kyozon.providers.completions import arguments_of, data_url, wrong

_SKIP_VALIDATION = "skip_thought_signature_validator"
"""Google's own word for calls that another model made, which have no signature to give back."""


class Conversation:
    """Reads messages one by one; `system` holds the parts of the system instruction, `contents` the turns.

    `signed` says that the model refuses a turn of function calls whose first one has no thought signature.
    """

    def __init__(self, *, signed: bool) -> None:
        self.system: list[Json] = []
        self.contents: list[Json] = []
        self._signed = signed
        self._names: dict[str, str] = {}
        self._roles: dict[str, tuple[str, Callable[[Json, str], list[Json]]]] = {
            "system": ("system", _spoken),
            "developer": ("system", _spoken),
            "user": ("user", _spoken),
            "assistant": ("model", self._assistant),
            "tool": ("user", self._result),
        }

    def read(self, messages: Any) -> None:
        """Take in all messages.

        Raises:
            InvalidRequest: a message or part cannot be said in Gemini's shape; `param` names it.
        """
        if not isinstance(messages, list) or not messages:
            raise wrong("messages", "must be a list of at least one message", "メッセージを一つ以上指定してください")
        for index, message in enumerate(messages):
            param = f"messages[{index}]"
            try:
                role, translate = self._roles[message["role"]]
                self._add(role, translate(message, param))
            except InvalidRequest:
                raise
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise wrong(
                    param, "is not a chat message as OpenAI defines it", "OpenAI 形式のメッセージではありません"
                ) from error

    def _add(self, role: str, parts: list[Json]) -> None:
        if role == "system":
            self.system += parts
        elif self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        elif parts:
            self.contents.append({"role": role, "parts": parts})

    def _assistant(self, message: Json, param: str) -> list[Json]:
        parts = _spoken(message, param)
        if parts and (signature := _signature(message)):
            parts[-1]["thoughtSignature"] = signature
        calls = [
            self._call(call, f"{param}.tool_calls[{index}]") for index, call in enumerate(message.get("tool_calls") or [])
        ]
        if self._signed and calls and not any("thoughtSignature" in call for call in calls):
            calls[0]["thoughtSignature"] = _SKIP_VALIDATION
        return parts + calls

    def _call(self, call: Json, param: str) -> Json:
        name = call["function"]["name"]
        self._names[call["id"]] = name
        part: Json = {"functionCall": {"id": call["id"], "name": name, "args": arguments_of(call, param)}}
        return part | ({"thoughtSignature": signature} if (signature := _signature(call)) else {})

    def _result(self, message: Json, param: str) -> list[Json]:
        call_id = message["tool_call_id"]
        name = self._names.get(call_id)
        if name is None:
            raise wrong(
                f"{param}.tool_call_id", "answers no tool call of this conversation", "対応するツール呼び出しがありません"
            )
        parts = _spoken(message, param)
        text = "".join(part["text"] for part in parts if "text" in part)
        answer = {"functionResponse": {"id": call_id, "name": name, "response": _response(text)}}
        return [answer, *(part for part in parts if "text" not in part)]


def _signature(message: Json) -> str | None:
    """Where Google's own OpenAI-compatible endpoint keeps the signature of a tool call or of a text."""
    google = (message.get("extra_content") or {}).get("google") or {}
    signature = google.get("thought_signature")
    return signature if isinstance(signature, str) else None


def _response(text: str) -> Json:
    try:
        return msgspec.json.decode(text, type=Json)
    except msgspec.DecodeError:
        return {"output": text}


def _spoken(message: Json, param: str) -> list[Json]:
    content = message.get("content")
    if isinstance(content, str) or content is None:
        content = [{"type": "text", "text": content or message.get("refusal") or ""}]
    parts = [_part(part, f"{param}.content[{index}]") for index, part in enumerate(content)]
    return [part for part in parts if part.get("text") != ""]


def _part(part: Json, param: str) -> Json:
    """One content part; one without a type is taken for one of Gemini's own."""
    if "type" not in part:
        return part
    translate = _PARTS.get(part["type"])
    if translate is None:
        raise wrong(f"{param}.type", f"this model takes no {part['type']}", f"このモデルは {part['type']} を受け付けません")
    return translate(part, param)


def _text(part: Json, _: str) -> Json:
    return {"text": part["text"]}


def _refusal(part: Json, _: str) -> Json:
    return {"text": part["refusal"]}


def _image(part: Json, param: str) -> Json:
    return _media(part["image_url"]["url"], param)


def _file(part: Json, param: str) -> Json:
    if "file_data" not in part["file"]:
        raise wrong(param, "send the file itself as file_data", "file_data にファイル本体を入れてください")
    return _media(part["file"]["file_data"], param)


def _audio(part: Json, _: str) -> Json:
    audio = part["input_audio"]
    return {"inlineData": {"mimeType": f"audio/{audio['format']}", "data": audio["data"]}}


def _media(url: str, param: str) -> Json:
    if inline := data_url(url):
        return {"inlineData": {"mimeType": inline[0], "data": inline[1]}}
    if not url.startswith(("https://", "http://", "gs://")):
        raise wrong(param, "must be an http(s) or data: URL", "http(s) または data: の URL にしてください")
    guessed, _ = mimetypes.guess_type(url.partition("?")[0])
    return {"fileData": {"fileUri": url} | ({"mimeType": guessed} if guessed else {})}


_PARTS: dict[str, Callable[[Json, str], Json]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "file": _file,
    "input_audio": _audio,
}
