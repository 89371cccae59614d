"""Reading OpenAI-compatible answers: usage, text, finish; reasoning set apart where a vendor mixes it in."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.errors import KyozonError, StreamBroken, UpstreamFailed
from kyozon.domain.models import Quirks
from kyozon.domain.requests import Json
from kyozon.domain.usage import Usage
from kyozon.metering.normalise import from_openai
from kyozon.ports.provider import Answer, Piece
from kyozon.providers import shared_cache
from kyozon.providers.outgoing import decode
from kyozon.providers.reasoning import Split, ThinkSplitter, from_parts, plain, split_whole
from kyozon.providers.sse import NOT_JSON
from kyozon.providers.transport import error_detail, failure

_BAD_GATEWAY = 502


class _Delta(Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: Any = None


class _Choice(Struct):
    index: int = 0
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: Any = None


class _Chunk(Struct):
    """What is read of a chunk, or of a whole answer; everything else passes by as bytes."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_chunks = msgspec.json.Decoder(_Chunk)


class StreamReader:
    """Turns the events of one stream into pieces. Bytes pass untouched unless reasoning must be set apart in them.

    Attributes:
        finished: whether a finish reason has come, so that the answer is whole even without the end marker.
    """

    def __init__(self, provider: str, quirks: Quirks) -> None:
        self._provider = provider
        self._quirks = quirks
        self._splitters: dict[int, ThinkSplitter] = {}
        self._begun = False
        self.finished = False

    def piece(self, data: bytes) -> Piece:
        """The piece for one event.

        Raises:
            StreamBroken: the event is no JSON object, or an error that came after the answer had begun.
            UpstreamFailed, RejectedUpstream: the first event is an error.
        """
        if self._quirks.hides_cache:
            data = shared_cache.hidden(data)
        try:
            chunk = _chunks.decode(data)
        except NOT_JSON as error:
            raise StreamBroken(self._provider, f"an event is not a chat completion chunk ({error})") from error
        if chunk.error is not None:
            raise self._failure(chunk.error)
        choices = chunk.choices or []
        self._begun = self._begun or bool(choices)
        finish = next((choice.finish_reason for choice in choices if choice.finish_reason), None)
        self.finished = self.finished or finish is not None
        usage = _usage(chunk.usage)
        return Piece(
            payload=self._set_apart(data) if any(self._mixed(choice) for choice in choices) else data,
            text="".join(_text(choice.delta) for choice in choices if choice.delta is not None),
            usage=usage,
            usage_only=usage is not None and not choices,
            finish=None if finish is None else str(finish),
        )

    def _failure(self, error: Any) -> KyozonError:
        if self._begun:
            return StreamBroken(self._provider, _error_text(error))
        return reported_failure(self._provider, error)

    def _mixed(self, choice: _Choice) -> bool:
        delta = choice.delta
        if delta is None or isinstance(delta.content, list) or _reasons_apart(delta, self._quirks):
            return _reasons_apart(delta, self._quirks)
        return self._quirks.think_tags and not self._splitter(choice.index).passes

    def _splitter(self, index: int) -> ThinkSplitter:
        if index not in self._splitters:
            self._splitters[index] = ThinkSplitter(opened=self._quirks.think_opened)
        return self._splitters[index]

    def _set_apart(self, data: bytes) -> bytes:
        chunk = msgspec.json.decode(data)
        for choice in chunk["choices"]:
            delta = choice.get("delta")
            if isinstance(delta, dict):
                _by_field(delta, self._quirks)
                if self._quirks.think_tags:
                    self._by_tags(choice, delta)
        return msgspec.json.encode(chunk)

    def _by_tags(self, choice: Json, delta: Json) -> None:
        index = choice.get("index", 0)
        if delta.get("reasoning_content"):  # the server sets thinking apart itself, so the text does not start inside it
            self._splitters[index] = ThinkSplitter()
        splitter = self._splitter(index)
        split = splitter.feed(plain(delta.get("content")))
        if choice.get("finish_reason"):
            rest = splitter.finish()
            split = Split(split.reasoning + rest.reasoning, split.answer + rest.answer)
        if "content" in delta or split.answer:
            delta["content"] = split.answer
        if split.reasoning:
            delta["reasoning_content"] = split.reasoning


class Whole(Struct, frozen=True):
    """A whole answer decoded; `changed` says that it no longer reads as the provider sent it."""

    completion: Json
    changed: bool


def read_whole(provider: str, quirks: Quirks, payload: bytes) -> Whole:
    """A whole answer with its reasoning set apart.

    Raises:
        UpstreamFailed, RejectedUpstream: the body is no completion, or an error under status 200.
    """
    completion = decode(provider, payload)
    if completion.get("error") is not None:
        raise reported_failure(provider, completion["error"])
    if not isinstance(completion.get("choices"), list):
        raise UpstreamFailed(provider, _BAD_GATEWAY, "its answer has no choices")
    changes = [_by_field(message, quirks) + _by_whole_tags(message, quirks) for message in _messages(completion)]
    hidden = quirks.hides_cache and shared_cache.hide(completion)
    return Whole(completion, hidden or any(changes))


def as_sent(quirks: Quirks, payload: bytes) -> Answer | None:
    """The answer that passes on as it came, in one reading; None where something in it must be changed or refused."""
    if quirks.hides_cache or quirks.think_tags:
        return None
    try:
        found = _chunks.decode(payload)
    except NOT_JSON:
        return None
    choices = found.choices
    if found.error is not None or choices is None or any(_reasons_apart(choice.message, quirks) for choice in choices):
        return None
    finish = next((choice.finish_reason for choice in choices if choice.finish_reason), None)
    return Answer(
        payload=payload,
        usage=_usage(found.usage),
        text="".join([_text(choice.message) for choice in choices if choice.message is not None]),
        finish=None if finish is None else str(finish),
    )


def answer_from(whole: Whole, payload: bytes) -> Answer:
    """The answer with what the ledger needs: `payload` as it came where nothing was changed in it."""
    choices = [choice for choice in whole.completion["choices"] if isinstance(choice, dict)]
    finish = next((choice["finish_reason"] for choice in choices if choice.get("finish_reason")), None)
    return Answer(
        payload=msgspec.json.encode(whole.completion) if whole.changed else payload,
        usage=_usage(whole.completion.get("usage")),
        text="".join(_text(msgspec.convert(message, _Delta)) for message in _messages(whole.completion)),
        finish=None if finish is None else str(finish),
    )


def reported_failure(provider: str, error: Any) -> KyozonError:
    """The failure that a provider reports inside an answer of status 200; its `code` is a status where it is a number."""
    code = error.get("code") if isinstance(error, Mapping) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else _BAD_GATEWAY  # noqa: PLR2004 - HTTP's own numbers
    return failure(provider, status, _error_text(error))


def _error_text(error: Any) -> str:
    return error_detail(msgspec.json.encode({"error": error}))


def _messages(completion: Json) -> list[Json]:
    choices = [choice for choice in completion["choices"] if isinstance(choice, dict)]
    return [choice["message"] for choice in choices if isinstance(choice.get("message"), dict)]


def _by_field(message: Json, quirks: Quirks) -> bool:
    """Set reasoning apart that stands in a field or in parts of its own; says whether the message changed."""
    if quirks.reasoning_field == "parts" and isinstance(message.get("content"), list):
        split = from_parts(message["content"])
        message["content"] = split.answer
        if split.reasoning:
            message["reasoning_content"] = split.reasoning
        return True
    if quirks.reasoning_field == "reasoning" and message.get("reasoning") and not message.get("reasoning_content"):
        message["reasoning_content"] = plain(message["reasoning"])
        return True
    return False


def _by_whole_tags(message: Json, quirks: Quirks) -> bool:
    content = message.get("content")
    if not quirks.think_tags or not isinstance(content, str):
        return False
    split = split_whole(content, opened=quirks.think_opened and not message.get("reasoning_content"))
    if split.answer == content:
        return False
    message["content"] = split.answer
    if split.reasoning:
        message["reasoning_content"] = split.reasoning
    return True


def _reasons_apart(said: _Delta | None, quirks: Quirks) -> bool:
    """Whether reasoning stands in a field or in parts of its own that callers do not know."""
    if said is None:
        return False
    if isinstance(said.content, list):
        return quirks.reasoning_field == "parts"
    return bool(said.reasoning) and not said.reasoning_content and quirks.reasoning_field == "reasoning"


def _text(said: _Delta) -> str:
    """Everything the model said: reasoning, answer, arguments of tool calls."""
    parts = [plain(said.reasoning_content or said.reasoning), plain(said.content)]
    for call in said.tool_calls if isinstance(said.tool_calls, list) else []:
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            parts.append(plain(function.get("arguments")))
    return "".join(parts)


def _usage(raw: Any) -> Usage | None:
    return from_openai(raw) if isinstance(raw, Mapping) else None
