"""Which requests may share an answer: the partition of the answer cache, computed before anything is compared.

Whoever is answered from the cache could have had this very answer from a model: the same tenant and people, the same label
under the same policy, the same model with the same parameters, the same words before the question.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.cache import Partition
from kyozon.domain.decisions import Decision
from kyozon.domain.requests import ChatRequest, Json

# Told to providers for their own ends; the answer is the same with another or none. Whom it names is in the principals.
_NOT_SHAPING = frozenset(
    {"messages", "system", "model", "metadata", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"}
)
_END_USERS = ("user", "safety_identifier")
_ACTS = ("tools", "functions", "mcp_servers", "container", "web_search_options")
_WHOLE = frozenset({"stop", "end_turn", "stop_sequence"})


PartitionOf = Callable[[Decision, ChatRequest, str], Partition]


def partition_of(decision: Decision, request: ChatRequest, model: str) -> Partition:
    """The partition of a chat request that `model` (a card's id) answers.

    The principals are the key, its user and the end users that the body names. The user alone would not do: keys made for
    several applications may all be one administrator's.
    """
    body = request.body
    parameters = {name: value for name, value in body.items() if name not in _NOT_SHAPING and value is not None}
    context, _ = _split(body["messages"])
    return Partition(
        tenant=decision.tenant,
        principals=(decision.user, decision.key_id, *sorted(_end_users(body))),
        label=f"{decision.label} {decision.label.integrity}",
        policy_version=decision.policy_version,
        kind=f"{decision.kind} {request.dialect}",
        model=model,
        parameters_sha256=_sha256(parameters),
        context_sha256=_sha256([body.get("system"), context]),
    )


def question_sha256(request: ChatRequest) -> str:
    """The last user turn, whatever it consists of: with the partition it says the whole request."""
    return _sha256(_split(request.body["messages"])[1])


def question_text(request: ChatRequest) -> str | None:
    """The words of the last user turn; None where there is none, or where it is not of words alone."""
    turn = _split(request.body["messages"])[1]
    content = turn.get("content") if turn else None
    if isinstance(content, str):
        return content
    texts = [_text(part) for part in content] if isinstance(content, list) else [None]
    return None if None in texts else "\n".join(map(str, texts))


def _text(part: Any) -> str | None:
    return str(part.get("text")) if isinstance(part, dict) and part.get("type") == "text" else None


def why_not_cached(request: ChatRequest) -> str | None:
    """Why neither this request nor its answer is for the cache; None where both are.

    Tools act and look things up: an old answer would act again, or tell old news. Whoever sets a temperature, or asks for
    several choices, asks for different answers. A request that states no temperature may be answered twice alike.
    """
    chat, body = request.chat, request.body
    if any(fields.get(name) not in (None, []) for name in _ACTS for fields in (chat, body)):
        return "tools"
    if any(message.get("role") in ("tool", "function") or message.get("tool_calls") for message in chat["messages"]):
        return "tools"
    if body.get("temperature"):
        return "temperature"
    if (chat.get("n") or 1) != 1:
        return "choices"
    return "audio" if chat.get("audio") or "audio" in (chat.get("modalities") or ()) else None


def worth_keeping(finish: str | None, payloads: Iterable[bytes]) -> bool:
    """Whether an answer came to its own end and is no refusal, as far as its shape tells."""
    return finish in _WHOLE and not any(map(_refuses, payloads))


def _split(messages: list[Json]) -> tuple[list[Json], Json | None]:
    """The last user turn, and all that stands before it."""
    last = messages[-1]
    return (messages[:-1], last) if last.get("role") == "user" else (messages, None)


def _end_users(body: Json) -> set[str]:
    """Whom an application that serves many people with one key says it asks for."""
    metadata = body.get("metadata")
    named = [body.get(name) for name in _END_USERS] + [metadata.get("user_id") if isinstance(metadata, dict) else None]
    return {str(name) for name in named if name is not None}


class _Said(Struct):
    refusal: Any = None


class _Choice(Struct):
    message: _Said | None = None
    delta: _Said | None = None


class _Body(Struct):
    choices: list[_Choice] = []


_body = msgspec.json.Decoder(_Body)


def _refuses(payload: bytes) -> bool:
    try:
        choices = _body.decode(payload).choices
    except msgspec.DecodeError:
        return True
    return any(said.refusal for choice in choices for said in (choice.message, choice.delta) if said is not None)


def _sha256(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
