"""An OpenAI chat request as a request to Anthropic's Messages API (the shapes of `anthropic` 2.12). Pure."""

from typing import Any

from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.providers.anthropic_turns import conversation
from kyozon.providers.completions import extras, listed, wrong

_MAX_TOKENS = 4096
_LEAST_BUDGET = 1024
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 24_576, "max": 32_768}
_TOOL_CHOICES = {"auto": "auto", "none": "none", "required": "any"}
_FORCED = ("any", "tool")
_SERVICE_TIERS = {"auto": "auto", "default": "standard_only"}
_COUNTED = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control")


def to_messages(card: ModelCard, chat: Json) -> Json:
    """The Messages request that means what `chat` means; fields unknown to OpenAI (`thinking`, `top_k` …) go through.

    What Anthropic has no word for is left out: penalties, seed, log-probabilities, and JSON without a schema, which
    OpenAI itself asks the prompt to demand.

    Raises:
        InvalidRequest: a message, tool or part cannot be said in Anthropic's shape; `param` names it.
    """
    if (chat.get("n") or 1) > 1:
        raise wrong(
            "n", "this model answers once per request; leave it at 1", "このモデルの回答は一つです。1 にしてください"
        )
    system, turns = conversation(chat.get("messages"))
    body: Json = {
        "model": card.upstream,
        "max_tokens": chat.get("max_completion_tokens") or chat.get("max_tokens") or card.max_output or _MAX_TOKENS,
        "messages": turns,
    }
    optional = {
        "system": system,
        "stop_sequences": listed(chat.get("stop")),
        "metadata": _metadata(chat),
        "service_tier": _SERVICE_TIERS.get(chat.get("service_tier") or ""),
        **_tools(chat),
    }
    if card.abilities.get("sampling") is not False:
        optional |= {"temperature": chat.get("temperature"), "top_p": chat.get("top_p")}
    body |= {name: value for name, value in optional.items() if value not in (None, [], {})}
    body |= _reasoning(card, chat.get("reasoning_effort"), body)
    own = extras(chat)
    config = {**_output_config(card, chat), **(own.pop("output_config", None) or {})}
    return body | ({"output_config": config} if config else {}) | own


def to_count(body: Json) -> Json:
    """The part of a Messages request that `count_tokens` takes."""
    return {name: body[name] for name in _COUNTED if name in body}


def _metadata(chat: Json) -> Json | None:
    user = (chat.get("metadata") or {}).get("user_id") or chat.get("safety_identifier") or chat.get("user")
    return {"user_id": user} if user else None


def _reasoning(card: ModelCard, effort: str | None, body: Json) -> Json:
    """How to think: adaptively since Claude 4.6, within a budget before. Neither goes with a forced tool."""
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if effort not in _EFFORTS:
        raise wrong("reasoning_effort", f"must be none or one of {', '.join(_EFFORTS)}", "値が正しくありません")
    if body.get("tool_choice", {}).get("type") in _FORCED:
        return {}
    if card.abilities.get("effort") is not False:
        # Some models leave the text of their thinking out unless asked for it.
        return {"thinking": {"type": "adaptive", "display": "summarized"}}
    budget = min(_BUDGETS[effort], body["max_tokens"] // 2)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= _LEAST_BUDGET else {}


def _output_config(card: ModelCard, chat: Json) -> Json:
    config: Json = {}
    effort = _EFFORTS.get(chat.get("reasoning_effort") or "")
    if effort and card.abilities.get("effort") is not False:
        config["effort"] = effort
    form = chat.get("response_format") or {}
    if form.get("type") == "json_schema":
        config["format"] = {"type": "json_schema", "schema": form["json_schema"].get("schema") or {"type": "object"}}
    return config


def _tools(chat: Json) -> Json:
    tools = [_tool(tool, f"tools[{index}]") for index, tool in enumerate(chat.get("tools") or [])]
    if not tools:
        return {}
    choice = _tool_choice(chat.get("tool_choice"))
    if chat.get("parallel_tool_calls") is False and choice.get("type") != "none":
        choice = {"type": "auto", **choice, "disable_parallel_tool_use": True}
    return {"tools": tools, "tool_choice": choice}


def _tool(tool: Json, param: str) -> Json:
    if "custom" in tool:
        raise wrong(f"{param}.type", "this model takes function tools only", "このモデルで使えるツールは function だけです")
    function = tool.get("function")
    if function is None:  # one of Anthropic's own tools, such as its web search
        return tool
    described: Json = {
        "name": function["name"],
        "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
    }
    if function.get("description"):
        described["description"] = function["description"]
    if function.get("strict"):
        described["strict"] = True
    return described | {name: value for name, value in tool.items() if name not in ("type", "function")}


def _tool_choice(choice: Any) -> Json:
    if choice is None:
        return {}
    if isinstance(choice, str) and choice in _TOOL_CHOICES:
        return {"type": _TOOL_CHOICES[choice]}
    if isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        return {"type": "tool", "name": choice["function"]["name"]}
    raise wrong(
        "tool_choice",
        "must be auto, none, required or name a function",
        "auto、none、required または関数名を指定してください",
    )
