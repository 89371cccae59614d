"""The services of documents over a real database, people with keys, and documents that are taken in by hand."""

from collections.abc import AsyncIterator
from typing import Any

from msgspec import structs

from kyozon.bootstrap.world import WORLD
from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import Anchor, Collection, Document, Share, StoredFile
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.services.knowledge.collections import CollectionService, NewCollection
from kyozon.services.knowledge.documents import Attaching, DocumentService
from kyozon.services.knowledge.files import FileService, NewFile
from kyozon.services.knowledge.groups import GroupService
from kyozon.services.provenance import Provenance
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json
from kyozon.storage.knowledge.collections import PostgresCollections
from kyozon.storage.knowledge.documents import PostgresDocuments
from kyozon.storage.knowledge.files import PostgresFiles
from kyozon.storage.knowledge.groups import PostgresGroups
from kyozon.storage.provenance import PostgresProvenance
from tests.fakes.installation import EVERYTHING, FakeInstallation, api_key

PUBLIC, INTERNAL, CONFIDENTIAL = Label(Level.PUBLIC), Label(Level.INTERNAL), Label(Level.CONFIDENTIAL)

_CHUNK = "INSERT INTO chunk VALUES ($1, 0, $2, '', $3::jsonb, sha256(convert_to($2, 'UTF8')))"
_TEXT = "INSERT INTO document_text VALUES ($1, $2, '{}')"
_VECTOR = "INSERT INTO chunk_vector (document_id, ordinal, embedder, vector) VALUES ($1, 0, 'embedder', '\\x0000')"
_DONE = """
UPDATE document SET status = 'completed', chunks = 1, bytes = $2, version = knowledge_changed(tenant) WHERE id = $1
"""


def person(user: str, clearance: Clearance = EVERYTHING, **more: Any) -> Caller:
    """Somebody with a key."""
    return Caller(structs.replace(api_key(user), user=user, clearance=clearance, **more))


async def bytes_of(*pieces: bytes) -> AsyncIterator[bytes]:
    """A file as it arrives."""
    for piece in pieces:
        yield piece


class Bookshelf:
    """Services over `database`. Files and collections are made with few words, and are `public` unless it is said."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.registry = FakeInstallation().registry
        self.provenance = Provenance(PostgresProvenance(database), self.registry, WORLD)
        self.stored, self.gathered = PostgresFiles(database), PostgresCollections(database)
        self.files = FileService(self.stored, self.registry, self.provenance, WORLD, most=1 << 22)
        self.collections = CollectionService(self.gathered, self.registry, WORLD, "embedder")
        self.shelved = PostgresDocuments(database)
        self.documents = DocumentService(self.shelved, self.files, self.collections, self.provenance, WORLD)
        self.groups = GroupService(PostgresGroups(database), WORLD)

    async def file(self, caller: Caller, words: str = "words", label: Label = PUBLIC) -> StoredFile:
        """A file of the caller's."""
        return await self.files.add(caller, NewFile("words.txt", label=label), bytes_of(words.encode()))

    async def collection(self, caller: Caller, *shares: Share, label: Label = PUBLIC) -> Collection:
        """A collection of the caller's."""
        return await self.collections.create(caller, NewCollection("Papers", label=label, shares=shares))

    async def document(
        self, caller: Caller, collection: Collection, words: str = "words", label: Label = PUBLIC, readers: str = ""
    ) -> Document:
        """A file of the caller's in a collection, taken in."""
        file = await self.file(caller, words, label)
        attributes = {"kyozon:readers": readers} if readers else {}
        return await self.taken_in(
            await self.documents.attach(caller, collection.id, file.id, Attaching(attributes)), words
        )

    async def taken_in(self, document: Document, words: str = "words") -> Document:
        """A document of one chunk, as ingestion leaves it."""
        anchor = to_json(Anchor(0, len(words)))
        async with self.database.writing() as connection:
            await connection.execute(_TEXT, document.id, words)
            await connection.execute(_CHUNK, document.id, words, anchor)
            await connection.execute(_VECTOR, document.id)
            await connection.execute(_DONE, document.id, len(words.encode()))
        return document

    async def count(self, query: str, *arguments: Any) -> int:
        """One number."""
        async with self.database.reading() as connection:
            found: int = await connection.fetchval(query, *arguments)
        return found
