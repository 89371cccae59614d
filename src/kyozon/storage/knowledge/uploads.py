"""Uploads and their parts in PostgreSQL, until they are files or have expired."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import StoredFile
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.uploads import NewUpload, Upload, UploadPart
from kyozon.ports.uploads import Completion
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.knowledge.files import insert

_ADD = "INSERT INTO upload VALUES ($1, $2, $3, $4, $5, $6, $7)"
_GET = "SELECT * FROM upload WHERE tenant = $1 AND owner = $2 AND id = $3"
# Held when a part is there, and before all are counted: of two that came at once the second one counts the first. Both hold
# the upload's key already, by their parts' reference to it, and so would wait for each other if either wanted that alone.
_HOLD = "SELECT id FROM upload WHERE id = $1 AND status = 'pending' AND expires_at > $2 FOR NO KEY UPDATE"
_THERE = "SELECT sum(bytes) FROM upload_part WHERE upload_id = $1"
_PART = "INSERT INTO upload_part VALUES ($1, $2, $3, $4)"
_PIECE = "INSERT INTO upload_piece VALUES ($1, $2, $3)"
_PARTS = "SELECT id, bytes FROM upload_part WHERE upload_id = $1"
_BODY = "SELECT body FROM upload_piece WHERE part_id = $1 AND ordinal = $2"
_CLOSE = """
UPDATE upload SET status = $2, body = body || jsonb_build_object('file', $3::text)
WHERE id = $1 AND status = 'pending' RETURNING id
"""
_MOVE = "INSERT INTO file_piece SELECT $1, $3 + ordinal, body FROM upload_piece WHERE part_id = $2"
_DROP = "DELETE FROM upload_part WHERE upload_id = $1"
_TIDY_PARTS = "DELETE FROM upload_part p USING upload u WHERE u.id = p.upload_id AND u.expires_at < $1"
_TIDY = "DELETE FROM upload WHERE expires_at < $1"


class _NoRoomError(Exception):
    """Raised to roll back."""


class _Body(Struct):
    """What of an upload no query asks for."""

    new: NewUpload
    label: Label
    file: str | None = None


_body = msgspec.json.Decoder(_Body)


class PostgresUploads:
    """`ports.uploads.UploadStore` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, upload: Upload) -> None:
        """Keep a new upload."""
        own = to_text(upload.tenant), upload.id, to_text(upload.owner), upload.created_at, upload.expires_at
        body = to_json(_Body(upload.new, upload.label))
        async with self._database.reading() as connection:
            await connection.execute(_ADD, *own, upload.status, body)

    async def get(self, tenant: str, owner: str, upload_id: str) -> Upload | None:
        """The upload of that id, where it is this owner's."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_GET, to_text(tenant), to_text(owner), to_text(upload_id))
        return None if row is None else _upload(row)

    async def add_part(self, part: UploadPart, most: int, pieces: AsyncIterator[bytes]) -> bool:
        """Keep a part whole, or nothing of it; False where there is no room for it, or the upload takes none any more."""
        with suppress(_NoRoomError):
            async with self._database.writing_slowly() as connection:
                await connection.execute(_PART, part.id, part.upload, part.created_at, part.bytes)
                ordinal = 0
                async for piece in pieces:
                    await connection.execute(_PIECE, part.id, ordinal, piece)
                    ordinal += 1
                if await connection.fetchval(_HOLD, part.upload, part.created_at) is None:
                    raise _NoRoomError
                if await connection.fetchval(_THERE, part.upload) > most:
                    raise _NoRoomError
            return True
        return False

    async def complete(self, upload: Upload, wanted: Completion) -> StoredFile | None:
        """Make a pending upload a file; a piece of it is in memory at a time."""
        async with self._database.writing_slowly() as connection:
            if await connection.fetchval(_CLOSE, upload.id, "completed", wanted.file.id) is None:
                return None
            sizes = {row["id"]: row["bytes"] for row in await connection.fetch(_PARTS, upload.id)}
            _check_parts(upload, wanted, sizes)
            sha256 = await _hashed(connection, wanted)
            file = structs.replace(wanted.file, bytes=upload.new.bytes, sha256=sha256)
            await insert(connection, file, wanted.label, wanted.event)
            ordinal = 0
            for part in wanted.parts:
                ordinal += int((await connection.execute(_MOVE, file.id, part, ordinal)).rpartition(" ")[2])
            await connection.execute(_DROP, upload.id)
        return file

    async def cancel(self, upload: Upload) -> bool:
        """Cancel a pending upload and let go of its parts."""
        async with self._database.writing() as connection:
            if await connection.fetchval(_CLOSE, upload.id, "cancelled", None) is None:
                return False
            await connection.execute(_DROP, upload.id)
        return True

    async def tidy(self, at: datetime, forgotten: datetime) -> int:
        """Let go of what has expired; how many parts and uploads are gone."""
        async with self._database.writing() as connection:
            done = [await connection.execute(_TIDY_PARTS, at), await connection.execute(_TIDY, forgotten)]
        return sum(int(one.rpartition(" ")[2]) for one in done)


def _check_parts(upload: Upload, wanted: Completion, sizes: Mapping[str, int]) -> None:
    if len(set(wanted.parts)) != len(wanted.parts) or not sizes.keys() >= set(wanted.parts):
        raise InvalidRequest(
            Text(
                f"part_ids must name parts of upload {upload.id}, each once.",
                f"part_ids には、アップロード {upload.id} のパートを重複なく指定してください。",
            ),
            "part_ids",
        )
    found = sum(sizes[part] for part in wanted.parts)
    if found != upload.new.bytes:
        raise InvalidRequest(
            Text(
                f"the parts have {found:,} bytes in all, and the upload was begun for {upload.new.bytes:,}: add or name "
                "what is missing, or begin anew.",
                f"パートの合計は {found:,} バイトですが、アップロードは {upload.new.bytes:,} バイトとして始められました。"
                "不足分を追加するか、最初からやり直してください。",
            ),
            "part_ids",
        )


async def _hashed(connection: Any, wanted: Completion) -> str:
    """The SHA-256 of the parts in their order; raises `InvalidRequest` where their MD5 is not the one that was stated."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    for part in wanted.parts:
        ordinal = 0
        while (piece := await connection.fetchval(_BODY, part, ordinal)) is not None:
            sha256.update(piece)
            md5.update(piece)
            ordinal += 1
    if wanted.md5 is not None and wanted.md5.lower() != md5.hexdigest():
        raise InvalidRequest(
            Text(
                "what arrived has another MD5 than stated: order part_ids as in the file, or send the parts again.",
                "受け取った内容の MD5 が指定と異なります。"
                "part_ids をファイル内の順に並べるか、パートを送り直してください。",
            ),
            "md5",
        )
    return sha256.hexdigest()


def _upload(row: Any) -> Upload:
    body = _body.decode(row["body"])
    times = row["created_at"], row["expires_at"]
    return Upload(row["id"], row["tenant"], row["owner"], *times, row["status"], body.new, body.label, body.file)
