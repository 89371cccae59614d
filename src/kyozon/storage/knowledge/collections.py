"""Collections and their shares in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.knowledge import Chunking, Collection, Reader, Share
from kyozon.domain.labels import Label
from kyozon.ports.knowledge import CollectionChange, Held, Page
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.knowledge import holding, rights
from kyozon.storage.knowledge.drafts import discard
from kyozon.storage.knowledge.forgetting import forget_answers
from kyozon.storage.knowledge.paging import part


class _Body(Struct):
    """The columns of a collection that nothing is looked up by."""

    label: Label
    chunking: Chunking
    description: str
    metadata: dict[str, str]
    expires_days: int | None


_body = msgspec.json.Decoder(_Body)
_shares = msgspec.json.Decoder(tuple[Share, ...])

_INSERT = """
INSERT INTO collection (tenant, id, owner, name, created_at, last_active_at, expires_at, embedder, body)
VALUES ($1, $2, $3, $4, $5, $6, $6::timestamptz + make_interval(days => $7), $8, $9::jsonb)
"""
_COLLECTIONS = f"""
SELECT c.*, {rights.ACCESS} AS access, CASE WHEN c.owner = $2 OR $4 THEN (
    SELECT jsonb_agg(jsonb_build_object('kind', s.kind, 'name', s.name, 'right', s.right) ORDER BY s.kind, s.name)
    FROM collection_share s WHERE s.collection_id = c.id) END AS shares
FROM collection c WHERE {rights.COLLECTION}
"""  # noqa: S608 - constants
_ONE = f"{_COLLECTIONS} AND c.id = $7"
_LIST = f"{_COLLECTIONS} AND ($7::text IS NULL OR c.id > $7) AND ($8::text IS NULL OR c.id < $8)"
_CHANGE = """
UPDATE collection SET name = coalesce($3, name), body = body || $4::jsonb,
    expires_at = last_active_at + make_interval(days => ((body || $4::jsonb)->>'expires_days')::int)
WHERE tenant = $1 AND id = $2 RETURNING id
"""
_LOCK = "SELECT id FROM collection WHERE tenant = $1 AND id = $2 FOR UPDATE"
_DOCUMENTS = "DELETE FROM document WHERE tenant = $1 AND collection_id = $2 RETURNING id"
_IN = "SELECT id FROM document WHERE tenant = $1 AND collection_id = $2"
_DELETE = "DELETE FROM collection WHERE tenant = $1 AND id = $2"
# Whoever deletes the collection at this moment is waited for.
_HELD = "SELECT id FROM collection WHERE tenant = $1 AND id = $2 FOR KEY SHARE"
_SHARE = """
INSERT INTO collection_share (collection_id, kind, name, "right") VALUES ($1, $2, $3, $4)
ON CONFLICT (collection_id, kind, name) DO UPDATE SET "right" = excluded.right
"""
_UNSHARE = "DELETE FROM collection_share WHERE collection_id = $1 AND kind = $2 AND name = $3 RETURNING name"
_PERSON = "SELECT subject_of($1, $2)"
# Hours are exact enough for what is counted in days: not each search need write.
_USED = """
UPDATE collection SET last_active_at = $3,
    expires_at = $3::timestamptz + make_interval(days => (body->>'expires_days')::int)
WHERE tenant = $1 AND id = ANY($2) AND (last_active_at IS NULL OR last_active_at < $3::timestamptz - interval '1 hour')
    AND (expires_at IS NULL OR expires_at > $3)
"""
_EXPIRED = """
SELECT c.*, NULL AS shares FROM collection c WHERE c.expires_at <= $1 AND EXISTS (
    SELECT FROM document d WHERE d.collection_id = c.id AND d.status IN ('in_progress', 'completed')
) ORDER BY c.expires_at LIMIT $2
"""
_LOCK_EXPIRED = "SELECT id FROM collection WHERE tenant = $1 AND id = $2 AND expires_at <= $3 FOR UPDATE"
_FOUND_IN = "SELECT id FROM document WHERE collection_id = $1 AND version > 0"
# They are not deleted, so that no trigger says it: indexes hear of them as of documents that went.
_GONE = """
WITH changed AS MATERIALIZED (SELECT knowledge_changed($1) AS version)
INSERT INTO document_gone (tenant, id, version) SELECT $1, d.id, changed.version FROM unnest($2::text[]) AS d (id), changed
ON CONFLICT (tenant, id) DO UPDATE SET version = excluded.version
"""
_EMPTY = """
UPDATE document SET status = 'cancelled', version = 0, content = '', chunks = 0, bytes = 0, embedded_for = '',
    replaces = NULL, claimed_by = NULL, claimed_until = NULL, progress = '{}'
WHERE collection_id = $1 AND status IN ('in_progress', 'completed') RETURNING id
"""


class PostgresCollections:
    """`ports.knowledge.CollectionStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, collection: Collection, event: AuditEvent) -> None:
        """Keep a new one."""
        body = _Body(
            collection.label, collection.chunking, collection.description, collection.metadata, collection.expires_days
        )
        whose = (to_text(collection.tenant), collection.id, to_text(collection.owner), to_text(collection.name))
        times = (collection.created_at, collection.last_active_at or collection.created_at, collection.expires_days)
        async with self._database.writing() as connection:
            await connection.execute(_INSERT, *whose, *times, collection.embedder, to_json(body))
            for share in collection.shares:
                await connection.execute(_SHARE, collection.id, share.kind, to_text(share.name), share.right)
            await write(connection, event)

    async def get(self, reader: Reader, collection: str) -> Held | None:
        """A collection that the reader may see."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_ONE, *rights.reader_arguments(reader), to_text(collection))
        return None if row is None else Held(_collection(row), row["access"])

    async def list(self, reader: Reader, page: Page) -> tuple[tuple[Collection, ...], bool]:
        """Collections that the reader may see."""
        async with self._database.reading() as connection:
            rows, more = await part(connection, (_LIST, "c.id"), rights.reader_arguments(reader), page)
        return tuple(map(_collection, rows)), more

    async def change(self, tenant: str, collection: str, change: CollectionChange, event: AuditEvent) -> bool:
        """Change one."""
        named = structs.asdict(change)
        name = named.pop("name")
        body = {key: value for key, value in named.items() if value is not None}
        if change.expires_days == 0:
            body["expires_days"] = None
        whose = (to_text(tenant), to_text(collection), None if name is None else to_text(name))
        async with self._database.writing() as connection:
            if await connection.fetchval(_CHANGE, *whose, to_json(body)) is None:
                return False
            await write(connection, event)
        return True

    async def delete(self, tenant: str, collection: str, event: AuditEvent) -> bool:
        """Delete one with its documents."""
        whose = to_text(tenant), to_text(collection)
        async with self._database.writing() as connection:
            if await connection.fetchval(_LOCK, *whose) is None:
                return False
            await connection.execute(holding.OF_COLLECTION, whose[1])
            documents = [row["id"] for row in await connection.fetch(_DOCUMENTS, *whose)]
            await forget_answers(connection, tenant, documents)
            await connection.execute(_DELETE, *whose)
            await write(connection, event)
        return True

    async def empty(self, tenant: str, collection: str, at: datetime, event: AuditEvent) -> bool:
        """Delete what was made of the files of an expired one."""
        whose = to_text(tenant), to_text(collection)
        async with self._database.writing() as connection:
            if await connection.fetchval(_LOCK_EXPIRED, *whose, at) is None:
                return False
            await connection.execute(holding.OF_COLLECTION, whose[1])
            found = [row["id"] for row in await connection.fetch(_FOUND_IN, whose[1])]
            if found:
                await connection.execute(_GONE, whose[0], found)
            emptied = [row["id"] for row in await connection.fetch(_EMPTY, whose[1])]
            await discard(connection, emptied)
            await forget_answers(connection, tenant, emptied)
            await write(connection, event)
        return True

    async def share(self, tenant: str, collection: str, share: Share, event: AuditEvent) -> bool:
        """Share one."""
        async with self._database.writing() as connection:
            await _hold_person(connection, tenant, share)
            if await connection.fetchval(_HELD, to_text(tenant), to_text(collection)) is None:
                return False
            await connection.execute(_SHARE, to_text(collection), share.kind, to_text(share.name), share.right)
            await write(connection, await _told(connection, share, event))
        return True

    async def unshare(self, tenant: str, collection: str, share: Share, event: AuditEvent) -> bool:
        """End a share; answers that were kept are forgotten: whom they were kept for may have read by the share."""
        async with self._database.writing() as connection:
            await _hold_person(connection, tenant, share)
            if await connection.fetchval(_HELD, to_text(tenant), to_text(collection)) is None:
                return False
            if await connection.fetchval(_UNSHARE, to_text(collection), share.kind, to_text(share.name)) is None:
                return False
            documents = [row["id"] for row in await connection.fetch(_IN, to_text(tenant), to_text(collection))]
            await forget_answers(connection, tenant, documents)
            await write(connection, await _told(connection, share, event))
        return True

    async def used(self, tenant: str, collections: Sequence[str], at: datetime) -> None:
        """Say that collections were used."""
        async with self._database.reading() as connection:
            await connection.execute(_USED, to_text(tenant), [to_text(name) for name in collections], at)

    async def expired(self, at: datetime, most: int) -> Sequence[Collection]:
        """Collections that nobody has used for as long as they say."""
        async with self._database.reading() as connection:
            return [_collection(row) for row in await connection.fetch(_EXPIRED, at, most)]


async def _hold_person(connection: Any, tenant: str, share: Share) -> None:
    if share.kind == "user":
        await connection.execute(holding.PERSON, to_text(tenant), to_text(share.name))


async def _told(connection: Any, share: Share, event: AuditEvent) -> AuditEvent:
    """The event with whom it was shared: a person by pseudonym, since the log names one person alone."""
    name = share.name
    if share.kind == "user":
        name = await connection.fetchval(_PERSON, to_text(event.tenant), to_text(name))
    return structs.replace(event, detail={**event.detail, "kind": share.kind, "name": name, "right": share.right})


def _collection(row: Any) -> Collection:
    body = _body.decode(row["body"])
    return Collection(
        id=row["id"],
        tenant=row["tenant"],
        name=row["name"],
        owner=row["owner"],
        created_at=row["created_at"],
        label=body.label,
        embedder=row["embedder"],
        chunking=body.chunking,
        shares=() if row["shares"] is None else _shares.decode(row["shares"]),
        description=body.description,
        metadata=body.metadata,
        expires_days=body.expires_days,
        last_active_at=row["last_active_at"],
        next_embedder=row["next_embedder"],
    )
