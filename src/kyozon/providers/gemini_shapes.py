"""An OpenAI chat request as a request to Gemini's generateContent (the shapes of `google-genai` 3.4). Pure."""

from typing import Any

from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.providers.completions import extras, listed, wrong
from kyozon.providers.gemini_turns import Conversation

_SAMPLING = {"temperature": "temperature", "top_p": "topP", "top_k": "topK"}
_SETTINGS = {
    "seed": "seed",
    "n": "candidateCount",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
_LEVELS = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "XHIGH",
    "max": "XHIGH",
}
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576, "xhigh": 32_768, "max": 32_768}
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


def to_generate(card: ModelCard, chat: Json) -> Json:
    """The generateContent request that means what `chat` means.

    Fields unknown to OpenAI go through (`safetySettings`, `cachedContent` …); `generationConfig` is merged with ours.
    What Gemini has no word for is left out, `parallel_tool_calls` among it.

    Raises:
        InvalidRequest: a message, tool or part cannot be said in Gemini's shape; `param` names it.
    """
    takes_level = card.abilities.get("effort") is not False
    conversation = Conversation(signed=takes_level)
    conversation.read(chat.get("messages"))
    body: Json = {"contents": conversation.contents}
    if conversation.system:
        body["systemInstruction"] = {"parts": conversation.system}
    body |= _tools(chat)
    own = extras(chat)
    own.pop("top_k", None)
    config = _generation(card, chat) | (own.pop("generationConfig", None) or {})
    return body | ({"generationConfig": config} if config else {}) | own


def _generation(card: ModelCard, chat: Json) -> Json:
    names = _SETTINGS if card.abilities.get("sampling") is False else _SETTINGS | _SAMPLING
    config = {theirs: chat[ours] for ours, theirs in names.items() if chat.get(ours) is not None}
    if limit := chat.get("max_completion_tokens") or chat.get("max_tokens"):
        config["maxOutputTokens"] = limit
    if stop := listed(chat.get("stop")):
        config["stopSequences"] = stop
    form = chat.get("response_format") or {}
    if form.get("type") in ("json_schema", "json_object"):
        config["responseMimeType"] = "application/json"
    if form.get("type") == "json_schema" and form["json_schema"].get("schema"):
        config["responseJsonSchema"] = form["json_schema"]["schema"]
    if thinking := _thinking(card, chat.get("reasoning_effort")):
        config["thinkingConfig"] = thinking
    return config


def _thinking(card: ModelCard, effort: str | None) -> Json:
    """Levels since Gemini 3, budgets before. Models that cannot think refuse the field, so it is not sent unasked."""
    if effort is None:
        return {"includeThoughts": True} if card.abilities.get("reasoning") else {}
    if effort not in _LEVELS:
        raise wrong("reasoning_effort", f"must be one of {', '.join(_LEVELS)}", "値が正しくありません")
    depth: Json = {"thinkingLevel": _LEVELS[effort]}
    if card.abilities.get("effort") is False:
        depth = {"thinkingBudget": _BUDGETS[effort]}
    return {"includeThoughts": effort != "none"} | depth


def _tools(chat: Json) -> Json:
    tools = chat.get("tools") or []
    if not tools:
        return {}
    declared = [_function(tool["function"]) for tool in tools if "function" in tool]
    own = [_own(tool, f"tools[{index}]") for index, tool in enumerate(tools) if "function" not in tool]
    body: Json = {"tools": ([{"functionDeclarations": declared}] if declared else []) + own}
    if (choice := chat.get("tool_choice")) is not None:
        body["toolConfig"] = {"functionCallingConfig": _choice(choice)}
    return body


def _function(function: Json) -> Json:
    declaration = {name: function[name] for name in ("name", "description") if function.get(name)}
    if function.get("parameters"):
        declaration["parametersJsonSchema"] = function["parameters"]
    return declaration


def _own(tool: Json, param: str) -> Json:
    """One of Gemini's own tools, such as its search."""
    if "type" in tool:
        raise wrong(f"{param}.type", "this model takes function tools only", "このモデルで使えるツールは function だけです")
    return tool


def _choice(choice: Any) -> Json:
    if isinstance(choice, str) and choice in _MODES:
        return {"mode": _MODES[choice]}
    if isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        return {"mode": "ANY", "allowedFunctionNames": [choice["function"]["name"]]}
    raise wrong(
        "tool_choice",
        "must be auto, none, required or name a function",
        "auto、none、required または関数名を指定してください",
    )
