"""OpenAI's Responses API on its way out: the response object with every field filled, and the events of a stream. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.knowledge import Citation, Passage
from kyozon.domain.requests import Json
from kyozon.governance.links import LinkRules, neutralised
from kyozon.http.responses_request import RESULTS, ResponseShape
from kyozon.metering.normalise import from_openai
from kyozon.services.knowledge.answering import Prepared, Told


class Frame(Struct, frozen=True):
    """What a response says besides its output: its name, when it began, what was asked."""

    id: str
    created: int
    body: Json
    shape: ResponseShape
    links: LinkRules | None = None

    @property
    def suffix(self) -> str:
        """What the names of its items end with."""
        return self.id.removeprefix("resp_")

    @property
    def stored(self) -> bool:
        """Whether it is kept."""
        return self.shape.store is not False

    @property
    def results(self) -> bool:
        """Whether the passages that were found go along."""
        return RESULTS in (self.shape.include or [])


def response_of(frame: Frame, told: Told, completed: int) -> Json:
    """The whole response."""
    output = [*search_items(frame, told.prepared), *message_items(frame, told), *call_items(frame, told)]
    incomplete = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(told.finish or "")
    found = _blank(frame, "incomplete" if incomplete else "completed", told.model or frame.shape.model)
    found |= {"output": output, "usage": _usage(told.usage), "kyozon": _kyozon(told)}
    found |= {"incomplete_details": {"reason": incomplete}} if incomplete else {"completed_at": completed}
    return found


def begun(frame: Frame, model: str) -> Json:
    """The response while it is being made."""
    return _blank(frame, "in_progress", model or frame.shape.model)


def failed(frame: Frame, model: str, code: str, message: str) -> Json:
    """The response that could not be finished."""
    return _blank(frame, "failed", model or frame.shape.model) | {"error": {"code": code, "message": message}}


def search_items(frame: Frame, prepared: Prepared) -> list[Json]:
    """The search that was made, as the call of the tool that OpenAI has for it."""
    if not prepared.queries:
        return []
    results = [_result(passage) for passage in prepared.passages] if frame.results else None
    return [
        {
            "id": f"fs_{frame.suffix}",
            "type": "file_search_call",
            "status": "completed",
            "queries": list(prepared.queries),
            "results": results,
        }
    ]


def message_items(frame: Frame, told: Told) -> list[Json]:
    """What is said, with its citations."""
    if told.calls and not told.text:
        return []
    part = {"type": "output_text", "text": told.text, "annotations": annotations(frame, told), "logprobs": []}
    return [_message(frame, "incomplete" if told.finish == "length" else "completed", [part])]


def call_items(frame: Frame, told: Told) -> list[Json]:
    """The functions that the model wants called."""
    return [
        {
            "id": f"fc_{frame.suffix}{place}",
            "type": "function_call",
            "status": "completed",
            "call_id": call["id"],
            "name": call["name"],
            "arguments": call["arguments"],
        }
        for place, call in enumerate(told.calls)
    ]


def annotations(frame: Frame, told: Told) -> list[Json]:
    """The citations, in OpenAI's shape and Kyozon's own fields: the quoted words and where in the document they stand."""
    citations = told.composed.citations if told.composed is not None else ()
    return [_annotation(number, citation, frame.links) for number, citation in enumerate(citations, 1)]


class ResponseEvents:
    """The events of a streamed response, as name and JSON, numbered as they are made.

    Call `start`, `delta` for each piece of text, then `end`, and `over` with the whole response; or `broken`.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._number = 0
        self._items = 0
        self._message = f"msg_{frame.suffix}"
        self._opened = False

    def start(self, prepared: Prepared, model: str) -> Iterator[tuple[str, bytes]]:
        """That it has begun, and the search that was made."""
        response = begun(self._frame, model)
        yield self._event("response.created", response=response)
        yield self._event("response.in_progress", response=response)
        for item in search_items(self._frame, prepared):
            where = {"output_index": self._items}
            yield self._event("response.output_item.added", item=item | {"status": "in_progress", "results": None}, **where)
            for stage in ("in_progress", "searching", "completed"):
                yield self._event(f"response.file_search_call.{stage}", item_id=item["id"], **where)
            yield self._event("response.output_item.done", item=item, **where)
            self._items += 1

    def delta(self, text: str) -> Iterator[tuple[str, bytes]]:
        """A piece of what is said."""
        yield from self._open()
        yield self._said("response.output_text.delta", delta=text, logprobs=[])

    def end(self, told: Told) -> Iterator[tuple[str, bytes]]:
        """The citations, and the end of each item."""
        for item in message_items(self._frame, told):
            yield from self._open()
            (part,) = item["content"]
            for place, found in enumerate(part["annotations"]):
                yield self._said("response.output_text.annotation.added", annotation_index=place, annotation=found)
            yield self._said("response.output_text.done", text=part["text"], logprobs=[])
            yield self._said("response.content_part.done", part=part)
            yield self._event("response.output_item.done", output_index=self._items, item=item)
            self._items += 1
        for item in call_items(self._frame, told):
            blank = item | {"status": "in_progress", "arguments": ""}
            where = {"item_id": item["id"], "output_index": self._items}
            yield self._event("response.output_item.added", output_index=self._items, item=blank)
            yield self._event("response.function_call_arguments.delta", delta=item["arguments"], **where)
            done = {"name": item["name"], "arguments": item["arguments"]}
            yield self._event("response.function_call_arguments.done", **done, **where)
            yield self._event("response.output_item.done", output_index=self._items, item=item)
            self._items += 1

    def over(self, response: Json) -> Iterator[tuple[str, bytes]]:
        """The whole response."""
        yield self._event(f"response.{response['status']}", response=response)

    def broken(self, response: Json) -> Iterator[tuple[str, bytes]]:
        """That it could not be finished."""
        yield self._event("response.failed", response=response)

    def _open(self) -> Iterator[tuple[str, bytes]]:
        if self._opened:
            return
        self._opened = True
        item = _message(self._frame, "in_progress", [])
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield self._event("response.output_item.added", output_index=self._items, item=item)
        yield self._said("response.content_part.added", part=part)

    def _said(self, name: str, /, **fields: Any) -> tuple[str, bytes]:
        return self._event(name, item_id=self._message, output_index=self._items, content_index=0, **fields)

    def _event(self, name: str, /, **fields: Any) -> tuple[str, bytes]:
        number, self._number = self._number, self._number + 1
        return name, msgspec.json.encode({"type": name, "sequence_number": number, **fields})


def _message(frame: Frame, status: str, content: list[Json]) -> Json:
    return {"id": f"msg_{frame.suffix}", "type": "message", "role": "assistant", "status": status, "content": content}


def _result(passage: Passage) -> Json:
    return {
        "file_id": passage.file,
        "filename": passage.filename,
        "score": passage.score,
        "text": passage.chunk.text,
        "attributes": passage.attributes,
    }


def _annotation(number: int, citation: Citation, links: LinkRules | None) -> Json:
    """`index` is where in the text the mark stands; `start` and `end` are characters of the document's text."""
    anchor = citation.anchor
    return {
        "type": "file_citation",
        "index": citation.at,
        "file_id": citation.file,
        "filename": citation.filename,
        "number": number,
        "quote": citation.quote if links is None else neutralised(citation.quote, links),
        "page": anchor.page,
        "last_page": anchor.last_page,
        "section": list(anchor.section),
        "start": anchor.start,
        "end": anchor.end,
        "scanned": anchor.scanned,
    }


def _kyozon(told: Told) -> Json | None:
    """How far the answer is supported; claims without a citation have no support in what was found."""
    composed = told.composed
    if composed is None:
        return None
    claims = [{"start": one.start, "end": one.end, "citations": list(one.citations)} for one in composed.claims]
    return {
        "answer": composed.kind,
        "question": told.prepared.question,
        "claims": claims,
        "unsupported": composed.unsupported,
        "decision": told.decision_id or None,
    }


def _usage(raw: Json | None) -> Json:
    usage = from_openai(raw or {})
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def _blank(frame: Frame, status: str, model: str) -> Json:
    shape, body = frame.shape, frame.body
    reasoning, text = shape.reasoning or {}, shape.text or {}
    return {
        "id": frame.id,
        "object": "response",
        "created_at": frame.created,
        "status": status,
        "completed_at": None,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": shape.instructions,
        "max_output_tokens": shape.max_output_tokens,
        "max_tool_calls": shape.max_tool_calls,
        "metadata": shape.metadata or {},
        "model": model,
        "output": [],
        "parallel_tool_calls": shape.parallel_tool_calls is not False,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "previous_response_id": shape.previous_response_id,
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "store": frame.stored,
        "temperature": 1.0 if shape.temperature is None else shape.temperature,
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": shape.tool_choice or "auto",
        "tools": [_tool(tool) for tool in shape.tools or []],
        "top_logprobs": 0,
        "top_p": 1.0 if shape.top_p is None else shape.top_p,
        "truncation": "disabled",
        "usage": None,
        "user": body.get("user"),
    }


def _tool(tool: Json) -> Json:
    """A tool as it was sent, with what OpenAI always says of one."""
    if tool.get("type") == "function":
        return {"strict": True, "parameters": None, "description": None, **tool}
    return tool
