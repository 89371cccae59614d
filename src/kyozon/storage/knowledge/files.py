"""Files in PostgreSQL, in pieces of a mebibyte."""

import hashlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import IO, Any

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.knowledge import FILE, Reader, StoredFile
from kyozon.domain.labels import Label
from kyozon.domain.provenance import StoredValue
from kyozon.ports.knowledge import Page
from kyozon.services.knowledge.rights import too_large
from kyozon.storage import provenance
from kyozon.storage.audit.forgetting import refuse_held
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database, trouble
from kyozon.storage.encoding import to_text
from kyozon.storage.knowledge import holding, rights
from kyozon.storage.knowledge.forgetting import forget_answers
from kyozon.storage.knowledge.paging import part

PIECE = 1 << 20

_INSERT = """
INSERT INTO file (tenant, id, owner, filename, bytes, sha256, purpose, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_PIECE = "INSERT INTO file_piece (file_id, ordinal, body) VALUES ($1, $2, $3)"
_FILES = f"SELECT f.* FROM file f {rights.labels('f.id')} WHERE {rights.FILE}"  # noqa: S608 - constants
_ONE = f"{_FILES} AND f.id = $7"
_LIST = f"""
{_FILES} AND ($7::text IS NULL OR f.purpose = $7) AND ($8::text IS NULL OR f.id > $8) AND ($9::text IS NULL OR f.id < $9)
"""
_BODY = """
SELECT p.body FROM file_piece p JOIN file f ON f.id = p.file_id
WHERE f.tenant = $1 AND f.id = $2 AND p.ordinal = $3
"""
_LOCK = "SELECT id FROM file WHERE tenant = $1 AND id = $2 FOR UPDATE"
_DOCUMENTS = "DELETE FROM document WHERE tenant = $1 AND file_id = $2 RETURNING id"
_DELETE = "DELETE FROM file WHERE tenant = $1 AND id = $2"
_EXPIRED = """
SELECT * FROM file f WHERE expires_at <= $1 AND NOT EXISTS (
    SELECT FROM legal_hold h WHERE h.lifted_at IS NULL AND (h.tenant IS NULL OR h.tenant = f.tenant)
) ORDER BY expires_at LIMIT $2
"""


class PostgresFiles:
    """`ports.knowledge.FileStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, file: StoredFile, label: Label, pieces: AsyncIterator[bytes], most: int, event: AuditEvent
    ) -> StoredFile:
        """Keep a file. Whoever sends slowly fills a nameless file on disk meanwhile, and no transaction waits for him."""
        with trouble(), tempfile.TemporaryFile() as spool:
            file = await _spooled(file, pieces, most, spool)
            async with self._database.writing_slowly() as connection:
                await insert(connection, file, label, event)
                spool.seek(0)
                for ordinal, body in enumerate(iter(lambda: spool.read(PIECE), b"")):
                    await connection.execute(_PIECE, file.id, ordinal, body)
        return file

    async def get(self, reader: Reader, file: str) -> StoredFile | None:
        """A file that is the reader's to see."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_ONE, *rights.reader_arguments(reader), to_text(file))
        return None if row is None else _file(row)

    async def list(self, reader: Reader, purpose: str | None, page: Page) -> tuple[tuple[StoredFile, ...], bool]:
        """Files that are the reader's to see."""
        arguments = (*rights.reader_arguments(reader), None if purpose is None else to_text(purpose))
        async with self._database.reading() as connection:
            rows, more = await part(connection, (_LIST, "f.id"), arguments, page)
        return tuple(map(_file, rows)), more

    async def pieces(self, tenant: str, file: str) -> AsyncIterator[bytes]:
        """The bytes; each piece is read when it is wanted."""
        ordinal = 0
        while True:
            async with self._database.reading() as connection:
                body = await connection.fetchval(_BODY, to_text(tenant), to_text(file), ordinal)
            if body is None:
                return
            yield body
            ordinal += 1

    async def delete(self, tenant: str, file: str, event: AuditEvent) -> bool:
        """Delete a file and its documents."""
        whose = to_text(tenant), to_text(file)
        async with self._database.writing() as connection:
            if await connection.fetchval(_LOCK, *whose) is None:
                return False
            await refuse_held(connection, whose[0])
            await connection.execute(holding.OF_FILE, whose[1])
            documents = [row["id"] for row in await connection.fetch(_DOCUMENTS, *whose)]
            await forget_answers(connection, tenant, documents)
            await connection.execute(_DELETE, *whose)
            await write(connection, event)
        return True

    async def expired(self, at: datetime, most: int) -> Sequence[StoredFile]:
        """Files whose time is over, and that no legal hold keeps."""
        async with self._database.reading() as connection:
            return [_file(row) for row in await connection.fetch(_EXPIRED, at, most)]


async def insert(connection: Any, file: StoredFile, label: Label, event: AuditEvent) -> None:
    """Add a file without its pieces to what `connection` has under way.

    What is append-only keeps a name and a label of it. Its hash, which tells who has a copy that it was here, goes with it.
    """
    await provenance.add(connection, StoredValue(file.id, file.tenant, FILE, file.created_at, label))
    named = (to_text(file.tenant), file.id, to_text(file.user), to_text(file.filename), file.bytes, file.sha256)
    await connection.execute(_INSERT, *named, to_text(file.purpose), file.created_at, file.expires_at)
    await write(connection, event)


async def _spooled(file: StoredFile, pieces: AsyncIterator[bytes], most: int, spool: IO[bytes]) -> StoredFile:
    digest, size = hashlib.sha256(), 0
    async for piece in pieces:
        size += len(piece)
        if size > most:
            raise too_large(most)
        digest.update(piece)
        spool.write(piece)
    return structs.replace(file, bytes=size, sha256=digest.hexdigest())


def _file(row: Any) -> StoredFile:
    return StoredFile(
        id=row["id"],
        tenant=row["tenant"],
        user=row["owner"],
        filename=row["filename"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        purpose=row["purpose"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
