"""Documents as they wait to be taken in, put into PostgreSQL row by row; and a parser of files that are text."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import InvalidFile, KyozonError
from kyozon.domain.knowledge import Chunking, Parsed
from kyozon.domain.labels import Label, Level
from kyozon.domain.language import Text
from kyozon.domain.provenance import StoredValue
from kyozon.ports.knowledge_parsing import Report
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.provenance import PostgresProvenance
from tests.fakes.installation import api_key

INTERNAL = Label(Level.INTERNAL)
SERVER = "srv_test"
_CHUNKING = Chunking(tokens=12, overlap=0)
_COLLECTION = """
INSERT INTO collection (tenant, id, owner, name, created_at, embedder, body)
VALUES ($1, $2, 'ann', $2, now(), 'embedder', '{}') ON CONFLICT DO NOTHING
"""
_FILE = """
INSERT INTO file (tenant, id, owner, filename, bytes, sha256, purpose, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'user_data', now())
"""
_PIECE = "INSERT INTO file_piece VALUES ($1, $2, $3)"
_DOCUMENT = """
INSERT INTO document (tenant, id, collection_id, file_id, created_at, status, chunking, key_id, replaces)
VALUES ($1, $2, $3, $4, clock_timestamp(), 'in_progress', $5::jsonb, $6, $7)
"""
_PIECE_BYTES = 64


class Waiting:
    """Puts documents of `key`'s user into collection `vs_c`; their names are returned."""

    def __init__(self, database: Database, provenance: Any = None) -> None:
        self.database = database
        self.key = structs.replace(api_key(f"k{secrets.token_hex(3)}"), tenant="default", user="ann")
        self._provenance = [PostgresProvenance(database), *([provenance] if provenance else [])]

    async def start(self) -> None:
        """The server that works, and the key that asks."""
        async with self.database.reading() as connection:
            await connection.execute("INSERT INTO running_server (id) VALUES ($1) ON CONFLICT DO NOTHING", SERVER)
        await PostgresKeyStore(self.database).add(self.key)

    async def add(self, text: str, collection: str = "vs_c", owner: str = "ann", **more: Any) -> str:
        """A document of the words `text`, in pieces of a few bytes."""
        name, tenant = secrets.token_hex(6), more.get("tenant", "default")
        file, document, body = f"file-{name}", f"doc_{name}", text.encode()
        for store in self._provenance:
            await store.add(StoredValue(document, tenant, "document", datetime.now(UTC), INTERNAL))
        async with self.database.writing() as connection:
            await connection.execute(_COLLECTION, tenant, collection)
            digest = hashlib.sha256(body).hexdigest()
            filename = more.get("filename", "words.txt")
            await connection.execute(_FILE, tenant, file, owner, filename, len(body), digest)
            for place, start in enumerate(range(0, len(body), _PIECE_BYTES)):
                await connection.execute(_PIECE, file, place, body[start : start + _PIECE_BYTES])
            key = more.get("key", self.key)
            given = (to_json(_CHUNKING), key.id if isinstance(key, ApiKey) else key, more.get("replaces"))
            await connection.execute(_DOCUMENT, tenant, document, collection, file, *given)
        return document

    async def row(self, document: str) -> Any:
        """A document's row."""
        return await self.one("SELECT * FROM document WHERE id = $1", document)

    async def one(self, query: str, *arguments: Any) -> Any:
        """The first row."""
        async with self.database.reading() as connection:
            return await connection.fetchrow(query, *arguments)

    async def count(self, table: str, document: str) -> int:
        """How many rows a table has of a document."""
        query = f"SELECT count(*) FROM {table} WHERE document_id = $1"  # noqa: S608 - the test's own
        return int((await self.one(query, document))[0])


class WordsParser:
    """Implements `DocumentParser` for text. `parsed` counts; `failure` is raised; it waits where `gate` is shut."""

    def __init__(self) -> None:
        self.parsed: list[str] = []
        self.failure: KyozonError | None = None

    async def parse(self, path: Path, filename: str, report: Report | None = None) -> Parsed:
        text = path.read_text("utf-8")  # noqa: ASYNC240 - a few bytes
        self.parsed.append(text)
        if self.failure is not None:
            raise self.failure
        if not text.strip():
            raise InvalidFile(Text("empty", "空"))
        if report is not None:
            report(1, 1)
        return Parsed(text, title=filename)
