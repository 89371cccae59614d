"""Gemini's answers and stream events, turned into OpenAI's chat completions. Pure."""

from typing import Any

import msgspec

from kyozon.domain.requests import Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_gemini
from kyozon.ports.provider import Answer, Piece
from kyozon.providers.completions import Head, chunk, completion, spoken, tool_call, usage_chunk

FINISH = {
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "CONTINUATION": "length",
}
"""Gemini's finish reasons in OpenAI's words; one that is not here means `stop`, or `tool_calls` after calls."""


def to_completion(response: Json, created: int) -> Answer:
    """A whole response as a chat completion. `created` is in seconds since 1970.

    Thoughts become `reasoning_content`. Thought signatures stand where Google's own OpenAI-compatible endpoint has them:
    in `extra_content.google.thought_signature` of the tool call or message. A blocked prompt is an answer that ends with
    `content_filter` and whose `refusal` says so.
    """
    usage = _usage(response)
    choices = [_choice(response, candidate) for candidate in _candidates(response)]
    return Answer(
        payload=completion(_head(response, created), choices, usage),
        usage=usage,
        text="".join(spoken(choice["message"]) for choice in choices),
        finish=choices[0]["finish_reason"],
    )


def _choice(response: Json, candidate: Json) -> Json:
    delta = _delta(response, candidate, 0)
    message = {"role": "assistant", "content": None if "tool_calls" in delta else "", "refusal": None} | delta
    return {
        "index": candidate.get("index", 0),
        "message": message,
        "logprobs": _logprobs(candidate),
        "finish_reason": _finish(candidate, called="tool_calls" in delta),
    }


def _head(response: Json, created: int) -> Head:
    return Head(response.get("responseId", ""), response.get("modelVersion", ""), created)


def _usage(response: Json) -> Usage | None:
    raw = response.get("usageMetadata")
    return from_gemini(raw) if raw else None


def _candidates(response: Json) -> list[Json]:
    """The candidates; for a blocked prompt, which has none, one that says so."""
    found: list[Json] = response.get("candidates") or []
    reason = (response.get("promptFeedback") or {}).get("blockReason")
    if not found and reason:
        return [{"index": 0, "finishReason": "SAFETY", "blocked": f"The provider blocked the prompt ({reason})."}]
    return found


def _finish(candidate: Json, *, called: bool) -> str:
    return FINISH.get(candidate["finishReason"] or "", "tool_calls" if called else "stop")


def _delta(response: Json, candidate: Json, calls_before: int) -> Json:
    """The parts of a candidate, as a message without its role. `calls_before` counts the calls of earlier chunks."""
    parts: list[Json] = (candidate.get("content") or {}).get("parts") or []
    delta: Json = {}
    if thoughts := "".join(part.get("text", "") for part in parts if part.get("thought")):
        delta["reasoning_content"] = thoughts
    answer = [part for part in parts if not part.get("thought")]
    if text := "".join(part.get("text", "") for part in answer):
        delta["content"] = text
    for part in answer:
        if "functionCall" not in part and "thoughtSignature" in part:
            delta |= _signed(part)
    if calls := [part for part in answer if "functionCall" in part]:
        place = f"{response.get('responseId', '')}_{candidate.get('index', 0)}"
        delta["tool_calls"] = [_call(part, f"{place}_{calls_before + number}") for number, part in enumerate(calls)]
    if "blocked" in candidate:
        delta["refusal"] = candidate["blocked"]
    return delta


def _call(part: Json, made_up: str) -> Json:
    """A function call; `made_up` stands in for an id where the model gave none."""
    call = part["functionCall"]
    arguments = msgspec.json.encode(call.get("args") or {}).decode()
    return tool_call(call.get("id") or f"call_{made_up}", call["name"], arguments) | _signed(part)


def _signed(part: Json) -> Json:
    signature = part.get("thoughtSignature")
    return {"extra_content": {"google": {"thought_signature": signature}}} if signature else {}


def _logprobs(candidate: Json) -> Json | None:
    result = candidate.get("logprobsResult")
    if not result:
        return None
    chosen = result.get("chosenCandidates") or []
    tops = result.get("topCandidates") or [{}] * len(chosen)
    pairs = zip(chosen, tops, strict=True)
    return {"content": [_token(one) | {"top_logprobs": [_token(other) for other in _listed(top)]} for one, top in pairs]}


def _listed(top: Json) -> list[Json]:
    found: list[Json] = top.get("candidates") or []
    return found


def _token(candidate: Json) -> Json:
    token = candidate.get("token", "")
    return {"token": token, "logprob": candidate.get("logProbability", 0.0), "bytes": list(token.encode())}


class Chunks:
    """Turns stream events into chunks of a chat completion. `created` is in seconds since 1970."""

    def __init__(self, created: int) -> None:
        self._created = created
        self._head = Head("", "", created)
        self._usage: Usage | None = None
        self._calls: dict[int, int] = {}
        self._finished: set[int] = set()

    @property
    def ended(self) -> bool:
        """Whether every candidate has finished: Gemini has no other end marker."""
        return bool(self._calls) and self._finished == set(self._calls)

    def feed(self, event: Json) -> list[Piece]:
        """The chunks for one event."""
        self._head = self._head if self._head.id else _head(event, self._created)
        self._usage = _usage(event) or self._usage
        return [piece for candidate in _candidates(event) for piece in self._candidate(event, candidate)]

    def last(self) -> Piece:
        """The chunk with the usage, after everything."""
        return usage_chunk(self._head, self._usage or Usage())

    def _candidate(self, event: Json, candidate: Json) -> list[Piece]:
        index = candidate.get("index", 0)
        pieces = []
        if index not in self._calls:
            self._calls[index] = 0
            pieces.append(chunk(self._head, {"role": "assistant", "content": ""}, index))
        if delta := _delta(event, candidate, self._calls[index]):
            self._number(delta, index)
            pieces.append(chunk(self._head, delta, index, logprobs=_logprobs(candidate)))
        if candidate.get("finishReason"):
            self._finished.add(index)
            finish = _finish(candidate, called=self._calls[index] > 0)
            pieces.append(chunk(self._head, {}, index, finish))
        return pieces

    def _number(self, delta: dict[str, Any], index: int) -> None:
        for call in delta.get("tool_calls", []):
            call["index"] = self._calls[index]
            self._calls[index] += 1
