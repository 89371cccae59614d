"""One tenant's index in memory, brought up to date from the truth before each search."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from msgspec import Struct

from kyozon.ports.knowledge_index import Indexed, IndexedChunk, KnowledgeFeed
from kyozon.retrieval.directory import Entry, Scope
from kyozon.retrieval.index import Found, Index, Piece, Query

_PAGE = 1000
_CHUNKS_AT_ONCE = 1000
_ENTRY = 2048
"""Bytes, roughly, of what is known of a document beside its passages (1.4 KiB with four attributes)."""


class Asked(Struct, frozen=True):
    """What is looked for: each query with its vector by each embedder that was asked; `most` for each of them."""

    queries: tuple[tuple[str, Mapping[str, tuple[float, ...]]], ...]
    most: int
    dense_weight: float | None = None


class Shelf:
    """What its tenant's documents say. One at a time looks or changes it; the others of its tenant wait.

    All work on arrays is done in a thread, beside the event loop. It starts empty and reads everything once; what it holds
    is never written anywhere. `nbytes` is what it took in memory after the last change or search.
    """

    def __init__(self, tenant: str, feed: KnowledgeFeed) -> None:
        self._tenant = tenant
        self._feed = feed
        self._index = Index()
        self._version = self._erased = 0
        self._made_from: dict[str, tuple[str, str, int]] = {}
        self._turn = asyncio.Lock()
        self.nbytes = 0

    async def search(self, version: int, asked: Asked, scope: Scope) -> tuple[Found, ...]:
        """The best of each query, as the truth was at `version` or later; the same chunk once, with its best score."""
        async with self._turn:
            await self._catch_up(version)
            found: tuple[Found, ...] = await _aside(self._look, asked, scope)
            return found

    async def catch_up(self, version: int) -> None:
        """Read what there is up to `version`, ahead of the first search."""
        async with self._turn:
            await self._catch_up(version)
            await _aside(self._index.settle)

    async def erase(self, version: int) -> None:
        """Let nothing be left of documents that went up to `version`. Searches go on while their words are taken out."""
        async with self._turn:
            since = max(self._version, self._erased)
            if since < version and self._made_from:
                await _aside(self._remove, await self._feed.gone(self._tenant, since))
            self._erased = max(version, self._erased)
            traces = await _aside(self._index.traces)
        if traces is None:
            return
        erased = await _aside(traces.erased)
        async with self._turn:
            self._index.erase(traces, erased)
            self._weigh()

    async def _catch_up(self, version: int) -> None:
        """Read what changed, if anything did. Changes of a tenant are counted one by one: up to `version`, all have come.

        What is read may be newer than that. Then it is read once more the next time, since its version is higher.
        """
        if self._version >= version:
            return
        # Nothing has gone of what holds nothing yet. A reading that broke off has left something.
        gone = await self._feed.gone(self._tenant, self._version) if self._made_from else ()
        since, after = self._version, "\U0010ffff"
        while changed := await self._feed.changes(self._tenant, since, after, _PAGE):
            for part in _parts(changed, self._made_from):
                await self._take(part)
            since, after = changed[-1].version, changed[-1].id
        await _aside(self._remove, gone)
        self._version = version

    async def _take(self, changed: Sequence[Indexed]) -> None:
        """Take in some changes; the words of those documents alone that are not known yet."""
        new = [one for one in changed if one.label is not None and self._made_from.get(one.id) != _made_from(one)]
        chunks = await self._feed.chunks(self._tenant, [one.id for one in new]) if new else ()
        await _aside(self._put, changed, {name: list(own) for name, own in groupby(chunks, lambda chunk: chunk.document)})

    def _put(self, changed: Sequence[Indexed], chunks: Mapping[str, Sequence[IndexedChunk]]) -> None:
        new = []
        for one in changed:
            if one.label is None:  # nobody can be cleared for what nobody knows
                self._remove((one.id,))
                continue
            entry = Entry(one.id, one.collection, one.label, one.readers, one.attributes)
            if one.id in chunks:
                new.append((entry, [_piece(chunk) for chunk in chunks[one.id]]))
                self._made_from[one.id] = _made_from(one)
            elif one.id in self._index:
                self._index.describe(entry)
        self._index.put_all(new)
        self._weigh()

    def _remove(self, documents: Sequence[str]) -> None:
        for document in documents:
            self._index.remove(document)
            self._made_from.pop(document, None)

    def _weigh(self) -> None:
        self.nbytes = self._index.nbytes + _ENTRY * len(self._made_from)

    def _look(self, asked: Asked, scope: Scope) -> tuple[Found, ...]:
        best: dict[tuple[str, int], Found] = {}
        for text, vectors in asked.queries:
            known = {embedder: np.array(vector, np.float32) for embedder, vector in vectors.items()}
            for found in self._index.search(Query(text, known, asked.most, asked.dense_weight), scope):
                key = (found.document, found.ordinal)
                if key not in best or found.score > best[key].score:
                    best[key] = found
        self._weigh()
        ordered = sorted(best.values(), key=lambda found: (-found.score, found.document, found.ordinal))
        return tuple(ordered[: asked.most])


def _parts(changed: Sequence[Indexed], known: Mapping[str, tuple[str, str, int]]) -> list[Sequence[Indexed]]:
    """In turn, so many that no more than about a thousand chunks, or one document's, are read at once."""
    parts: list[list[Indexed]] = [[]]
    room = _CHUNKS_AT_ONCE
    for one in changed:
        cost = 0 if known.get(one.id) == _made_from(one) else one.chunks
        if parts[-1] and cost > room:
            parts.append([])
            room = _CHUNKS_AT_ONCE
        parts[-1].append(one)
        room -= cost
    return list(parts)


def _made_from(one: Indexed) -> tuple[str, str, int]:
    return one.content, one.embedder, one.chunks


def _piece(chunk: IndexedChunk) -> Piece:
    return Piece(chunk.ordinal, chunk.text, chunk.embedder, chunk.windows, chunk.vectors)


async def _aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """The result of work in a thread. It is waited for even when the caller is gone, so that the next one finds it done."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
