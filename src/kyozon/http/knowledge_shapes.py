"""Files, vector stores and their documents in OpenAI's words; what it has no word for stands in fields of Kyozon's own."""

from datetime import datetime, timedelta
from typing import Any

from kyozon.domain.knowledge import Chunking, Collection, Document, Passage, StoredFile
from kyozon.domain.language import Language, Text
from kyozon.http.answering import plain
from kyozon.ports.knowledge import Counts

POLL_AFTER = {"openai-poll-after-ms": "500"}
"""When to ask again how far something has come: the SDKs follow it."""


def seconds(at: datetime | None) -> int | None:
    """Seconds since 1970."""
    return None if at is None else int(at.timestamp())


def file_shape(file: StoredFile) -> dict[str, Any]:
    """A file; it can be used as soon as it is there."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": seconds(file.created_at),
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
        "expires_at": seconds(file.expires_at),
    }


def counts_shape(counts: Counts) -> dict[str, int]:
    """How many files there are in each state."""
    return {
        "in_progress": counts.in_progress,
        "completed": counts.completed,
        "cancelled": counts.cancelled,
        "failed": counts.failed,
        "total": counts.total,
    }


def store_shape(collection: Collection, counts: Counts) -> dict[str, Any]:
    """A collection as a vector store, with what of it its reader may see."""
    days, used = collection.expires_days, collection.last_active_at or collection.created_at
    return {
        "id": collection.id,
        "object": "vector_store",
        "created_at": seconds(collection.created_at),
        "name": collection.name,
        "description": collection.description,
        "usage_bytes": counts.bytes,
        "file_counts": counts_shape(counts),
        "status": "in_progress" if counts.in_progress else "completed",
        "expires_after": None if days is None else {"anchor": "last_active_at", "days": days},
        "expires_at": None if days is None else seconds(used + timedelta(days=days)),
        "last_active_at": seconds(used),
        "metadata": collection.metadata,
        "label": str(collection.label),
    }


def document_shape(document: Document, language: Language) -> dict[str, Any]:
    """A document as a vector store file; while it is on its way, `progress` says how far it has come."""
    failure = document.failure
    shape: dict[str, Any] = {
        "id": document.file,
        "object": "vector_store.file",
        "created_at": seconds(document.created_at),
        "vector_store_id": document.collection,
        "status": document.status,
        "usage_bytes": document.bytes,
        "last_error": None
        if failure is None
        else {"code": failure.code, "message": Text(failure.en, failure.ja).to(language)},
        "attributes": document.attributes,
        "chunking_strategy": _chunking(document.chunking),
        "filename": document.filename,
        "label": str(document.label),
    }
    if document.status == "in_progress":
        shape["progress"] = plain(document.progress)
    return shape


def passage_shape(passage: Passage) -> dict[str, Any]:
    """A passage as a result of a search, with the place where it stands."""
    anchor = passage.chunk.anchor
    return {
        "file_id": passage.file,
        "filename": passage.filename,
        "score": passage.score,
        "attributes": passage.attributes,
        "content": [{"type": "text", "text": passage.chunk.text}],
        "vector_store_id": passage.collection,
        "anchor": plain(anchor),
        "label": str(passage.label),
    }


def _chunking(chunking: Chunking) -> dict[str, Any]:
    static = {"max_chunk_size_tokens": chunking.tokens, "chunk_overlap_tokens": chunking.overlap}
    return {"type": "static", "static": static}
