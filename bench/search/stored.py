"""A database of its own with passages in it, as ingestion leaves them: one tenant for each size."""

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.search.passages import EMBEDDER, OF_A_DOCUMENT, Passages
from kyozon.storage.database import Database
from kyozon.storage.embedded import EmbeddedPostgres
from kyozon.storage.migrate import upgrade

_LABEL = '{"level": "internal", "compartments": []}'
_COLLECTION = """
INSERT INTO collection (tenant, id, owner, name, created_at, embedder, body)
VALUES ($1, 'vs_' || $1, 'u', $1, now(), $2, jsonb_build_object('label', $3::jsonb, 'chunking', '{}'::jsonb))
"""
_VALUES = """
INSERT INTO stored_value (tenant, id, kind, at, label, sha256)
SELECT $1, kind || '_' || $1 || '_' || number, CASE kind WHEN 'doc' THEN 'document' ELSE 'file' END, now(), $3::jsonb, ''
FROM unnest(ARRAY['doc', 'file']) AS kind CROSS JOIN generate_series(0, $2::int - 1) AS number
"""
_SOURCES = """
INSERT INTO value_source (tenant, value, source)
SELECT $1, 'doc_' || $1 || '_' || number, 'file_' || $1 || '_' || number FROM generate_series(0, $2::int - 1) AS number
"""
_FILES = """
INSERT INTO file (tenant, id, owner, filename, bytes, sha256, purpose, created_at)
SELECT $1, 'file_' || $1 || '_' || number, 'u', number || '.txt', 0, '', 'assistants', now()
FROM generate_series(0, $2::int - 1) AS number
"""
_DOCUMENTS = """
INSERT INTO document (tenant, id, collection_id, file_id, created_at, status,
                      attributes, chunking, content, chunks, version)
SELECT $1, 'doc_' || $1 || '_' || number, 'vs_' || $1, 'file_' || $1 || '_' || number, now(), 'completed',
       jsonb_build_object('number', number, 'on', '2026-01-01', 'kind', 'paper'), '{}', number, $3, number + 1
FROM generate_series(0, $2::int - 1) AS number
"""
_VERSION = "INSERT INTO knowledge_version VALUES ($1, $2)"
_CHUNKS = ["document_id", "ordinal", "body", "context", "anchor", "content"]
_VECTORS = ["document_id", "ordinal", "embedder", "windows", "vector"]
_AT_ONCE = 10_000


@asynccontextmanager
async def stored(found: Passages, sizes: Sequence[int]) -> AsyncIterator[Database]:
    """An embedded PostgreSQL that holds the first passages, so many for each tenant, who is called by the number."""
    folder = Path(tempfile.mkdtemp(prefix="kz-bench-"))
    # Started by root, the database runs under an account of its own and must get there.
    folder.chmod(0o711)  # noqa: ASYNC240 - nobody else is served here
    server = EmbeddedPostgres(folder / "postgres")
    try:
        dsn = server.start()
        await upgrade(dsn)
        database = Database(dsn)
        await database.connect()
        try:
            for size in sizes:
                await fill(database, found, size)
            yield database
        finally:
            await database.close()
    finally:
        server.stop()
        shutil.rmtree(folder)


async def fill(database: Database, found: Passages, size: int) -> None:
    """Add a tenant with the first passages."""
    tenant, documents = str(size), size // OF_A_DOCUMENT
    async with database.writing() as connection:
        await connection.execute(_COLLECTION, tenant, EMBEDDER, _LABEL)
        await connection.execute(_VALUES, tenant, documents, _LABEL)
        for statement in (_SOURCES, _FILES):
            await connection.execute(statement, tenant, documents)
        await connection.execute(_DOCUMENTS, tenant, documents, OF_A_DOCUMENT)
        await connection.execute(_VERSION, tenant, documents)
        for begin in range(0, size, _AT_ONCE):
            rows = range(begin, min(begin + _AT_ONCE, size))
            await connection.copy_records_to_table("chunk", records=_chunks(found, tenant, rows), columns=_CHUNKS)
            await connection.copy_records_to_table("chunk_vector", records=_vectors(found, tenant, rows), columns=_VECTORS)
    async with database.reading() as connection:
        await connection.execute("VACUUM ANALYZE", timeout=600)


def _chunks(found: Passages, tenant: str, rows: Iterable[int]) -> list[tuple[Any, ...]]:
    texts = [(row, found.texts[row]) for row in rows]
    return [(*_place(tenant, row), text, "", '{"start": 0, "end": 0}', _hash(text)) for row, text in texts]


def _vectors(found: Passages, tenant: str, rows: Iterable[int]) -> list[tuple[Any, ...]]:
    return [(*_place(tenant, row), EMBEDDER, 1, found.vectors[row].tobytes()) for row in rows]


def _place(tenant: str, row: int) -> tuple[str, int]:
    document, ordinal = divmod(row, OF_A_DOCUMENT)
    return f"doc_{tenant}_{document}", ordinal


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
