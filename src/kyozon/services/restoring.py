"""The way back: an answer to masked words with the values in place of their tokens, whole or as it arrives."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Self

import msgspec
from msgspec import structs

from kyozon.domain.requests import Dialect, Json
from kyozon.governance.masking.tokens import Unmasking, as_it_is, unmasked
from kyozon.ports.provider import Answer, Piece
from kyozon.services.pieces import close_pieces

_JSON_FIELDS = frozenset({"arguments", "partial_json"})
_LEFT = frozenset({"data", "finish_reason", "id", "model", "object", "role", "signature", "stop_reason", "type"})


def inside_json(value: str) -> str:
    """A value as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(value)[1:-1].decode()


class Restoring:
    """Puts values back. `in_json`: the answer itself is JSON, so that values in it must be written as JSON writes them."""

    def __init__(self, values: Mapping[str, str], *, in_json: bool) -> None:
        self.values = values
        self._in_json = in_json

    def answer(self, answer: Answer) -> Answer:
        """A whole answer, in either dialect."""
        body = self._restored(msgspec.json.decode(answer.payload), "")
        return structs.replace(answer, payload=msgspec.json.encode(body))

    def stream(self, pieces: AsyncIterator[Piece], dialect: Dialect) -> "RestoredStream":
        """A streamed answer in that dialect."""
        rest = _Events(self.unmasking) if dialect == "anthropic" else _Chunks(self.unmasking)
        return RestoredStream(pieces, rest)

    def unmasking(self, field: str) -> Unmasking:
        """For one run of words, which stand in a field of that name."""
        return Unmasking(self.values, self._write(field))

    def _write(self, field: str) -> Any:
        return inside_json if field in _JSON_FIELDS or (self._in_json and field in ("content", "text")) else as_it_is

    def _restored(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            return value if name in _LEFT else unmasked(value, self.values, self._write(name))
        if isinstance(value, dict):
            return {
                key: self._given(one) if key == "input" and isinstance(one, dict) else self._restored(one, key)
                for key, one in value.items()
            }
        return [self._restored(one, name) for one in value] if isinstance(value, list) else value

    def _given(self, value: Any) -> Any:
        """A tool's arguments in Anthropic's dialect, in which no name means what it means in the answer itself."""
        if isinstance(value, str):
            return unmasked(value, self.values)
        if isinstance(value, dict):
            return {key: self._given(one) for key, one in value.items()}
        return [self._given(one) for one in value] if isinstance(value, list) else value


class RestoredStream:
    """The pieces of a stream with values in place of tokens; what may be the beginning of one waits for the next piece."""

    def __init__(self, pieces: AsyncIterator[Piece], rest: "_Events | _Chunks") -> None:
        self._pieces = pieces
        self._rest = rest
        self._ready: list[Piece] = []
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            try:
                self._ready += self._rest.feed(await anext(self._pieces))
            except StopAsyncIteration:
                self._ended = True
                self._ready += self._rest.finish()
        return self._ready.pop(0)

    async def aclose(self) -> None:
        """Close the stream itself."""
        await close_pieces(self._pieces)


class _Chunks:
    """OpenAI's chunks. Each field of each choice, and the arguments of each tool call, is a run of words of its own."""

    def __init__(self, unmasking: Any) -> None:
        self._unmasking = unmasking
        self._runs: dict[tuple[Any, ...], Unmasking] = {}
        self._head: Json = {}

    def feed(self, piece: Piece) -> list[Piece]:
        chunk: Json = msgspec.json.decode(piece.payload)
        self._head = {name: chunk[name] for name in ("id", "object", "created", "model") if name in chunk}
        for choice in chunk.get("choices") or []:
            index, delta = choice.get("index", 0), choice.get("delta")
            if isinstance(delta, dict):
                self._delta((index,), delta)
            if choice.get("finish_reason"):
                choice["delta"] = self._flushed(index, delta or {})
        return [structs.replace(piece, payload=msgspec.json.encode(chunk))]

    def finish(self) -> list[Piece]:
        """What was held back in choices that never came to an end."""
        found = []
        for index in sorted({path[0] for path in self._runs}):
            delta = self._flushed(index, {})
            if delta:
                choice = {"index": index, "delta": delta, "finish_reason": None}
                found.append(Piece(msgspec.json.encode({**self._head, "choices": [choice]})))
        return found

    def _delta(self, path: tuple[Any, ...], delta: Json) -> None:
        for name, value in delta.items():
            if isinstance(value, str) and name not in _LEFT:
                delta[name] = self._run((*path, name), name).feed(value)
            elif isinstance(value, dict):
                self._delta((*path, name), value)
            elif isinstance(value, list):
                for place, one in enumerate(value):
                    if isinstance(one, dict):
                        self._delta((*path, name, one.get("index", place)), one)

    def _run(self, path: tuple[Any, ...], name: str) -> Unmasking:
        if path not in self._runs:
            self._runs[path] = self._unmasking(name)
        return self._runs[path]

    def _flushed(self, index: int, delta: Json) -> Json:
        """A choice's last delta, with everything behind it that was held back."""
        for path in [path for path in self._runs if path[0] == index]:
            left = self._runs.pop(path).finish()
            if left:
                _append(delta, path[1:], left)
        return delta


def _append(delta: Json, path: tuple[Any, ...], text: str) -> None:
    """Add to the words at a path such as `content`, or `tool_calls`, 0, `function`, `arguments`."""
    name, *rest = path
    if not rest:
        delta[name] = (delta.get(name) or "") + text
    elif isinstance(rest[0], int):
        calls = delta[name] = delta.get(name) or []
        call = next((one for one in calls if one.get("index") == rest[0]), None)
        if call is None:
            call = {"index": rest[0]}
            calls.append(call)
        _append(call, tuple(rest[1:]), text)
    else:
        inner = delta.setdefault(name, {})
        _append(inner, tuple(rest), text)


class _Events:
    """Anthropic's events. Each content block is a run of words, which ends with it."""

    def __init__(self, unmasking: Any) -> None:
        self._unmasking = unmasking
        self._runs: dict[int, tuple[str, str, Unmasking]] = {}

    def feed(self, piece: Piece) -> list[Piece]:
        event: Json = msgspec.json.decode(piece.payload)
        kind, index = event.get("type"), event.get("index", 0)
        if kind == "content_block_stop":
            return [*self._flushed(index), piece]
        delta = event.get("delta")
        if kind != "content_block_delta" or not isinstance(delta, dict):
            return [piece]
        for name in ("text", "thinking", "partial_json"):
            if isinstance(delta.get(name), str):
                delta[name] = self._run(index, str(delta.get("type")), name).feed(delta[name])
        return [structs.replace(piece, payload=msgspec.json.encode(event))]

    def finish(self) -> list[Piece]:
        """What was held back in blocks that never came to an end."""
        return [piece for index in list(self._runs) for piece in self._flushed(index)]

    def _run(self, index: int, delta_type: str, name: str) -> Unmasking:
        if index not in self._runs:
            self._runs[index] = delta_type, name, self._unmasking(name)
        return self._runs[index][2]

    def _flushed(self, index: int) -> Iterator[Piece]:
        delta_type, name, run = self._runs.pop(index, ("", "", None))
        left = run.finish() if run is not None else ""
        if left:
            delta = {"type": delta_type, name: left}
            payload = msgspec.json.encode({"type": "content_block_delta", "index": index, "delta": delta})
            yield Piece(payload, "content_block_delta")


def restoring(values: Mapping[str, str], chat: Json) -> Restoring:
    """What puts `values` back into the answer to `chat`."""
    form = chat.get("response_format")
    in_json = isinstance(form, dict) and form.get("type") in ("json_schema", "json_object")
    return Restoring(values, in_json=in_json)
