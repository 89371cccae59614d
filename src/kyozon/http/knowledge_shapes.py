"""Files, vector stores and their documents in OpenAI's words; what it has no word for stands in fields of Kyozon's own."""

from datetime import datetime
from typing import Any

from kyozon.domain.ingestion import Work
from kyozon.domain.knowledge import Chunking, Collection, Document, Passage, Progress, StoredFile
from kyozon.domain.language import Language, Text
from kyozon.http.answering import plain
from kyozon.ports.knowledge import Counts

POLL_AFTER = {"openai-poll-after-ms": "500"}
"""When to ask again how far something has come: the SDKs follow it."""
_SHARE_DIGITS = 4


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


def work_shape(work: Work) -> dict[str, Any]:
    """How much of the work on files is done, and in how many seconds all of it should be, null while nobody can know."""
    return {"share": round(work.share, _SHARE_DIGITS), "seconds_left": _rounded(work.seconds_left)}


def store_shape(collection: Collection, counts: Counts, work: Work | None, now: datetime) -> dict[str, Any]:
    """A collection as a vector store, with what of it its reader may see; `progress` is that of files on their way."""
    days, expired = collection.expires_days, collection.expired(now)
    shape: dict[str, Any] = {
        "id": collection.id,
        "object": "vector_store",
        "created_at": seconds(collection.created_at),
        "name": collection.name,
        "description": collection.description,
        "usage_bytes": counts.bytes,
        "file_counts": counts_shape(counts),
        "status": "expired" if expired else "in_progress" if counts.in_progress else "completed",
        "expires_after": None if days is None else {"anchor": "last_active_at", "days": days},
        "expires_at": seconds(collection.expires_at),
        "last_active_at": seconds(collection.last_active_at or collection.created_at),
        "metadata": collection.metadata,
        "label": str(collection.label),
    }
    if work is not None:
        shape["progress"] = work_shape(work)
    return shape


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
        shape["progress"] = _progress(document.progress)
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


def _progress(progress: Progress | None) -> dict[str, Any] | None:
    """Pages read or chunks embedded; None while nobody works on the document."""
    if progress is None:
        return None
    return {
        "stage": progress.stage,
        "done": progress.done,
        "total": progress.total,
        "share": round(progress.share, _SHARE_DIGITS),
        "seconds_left": _rounded(progress.seconds_left),
    }


def _rounded(left: float | None) -> float | None:
    return None if left is None else round(left, 1)


def _chunking(chunking: Chunking) -> dict[str, Any]:
    static = {"max_chunk_size_tokens": chunking.tokens, "chunk_overlap_tokens": chunking.overlap}
    return {"type": "static", "static": static}
