"""Uploads at rest."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.knowledge import StoredFile
from kyozon.domain.labels import Label
from kyozon.domain.uploads import Upload, UploadPart


class Completion(Struct, frozen=True):
    """What an upload becomes: `parts` in order, of the MD5 `md5` in hexadecimal where one was stated; the file to be."""

    parts: tuple[str, ...]
    md5: str | None
    file: StoredFile
    label: Label
    event: AuditEvent


class UploadStore(Protocol):
    """Uploads and their parts, as long as they are pending. Every method may raise `StorageUnavailable`."""

    async def add(self, upload: Upload) -> None:
        """Keep a new upload."""
        ...

    async def get(self, tenant: str, owner: str, upload_id: str) -> Upload | None:
        """The upload of that id, where it is this owner's."""
        ...

    async def add_part(self, part: UploadPart, most: int, pieces: AsyncIterator[bytes]) -> bool:
        """Keep a part whole, or nothing of it.

        False where its upload is pending no more, or its parts would come to more than `most` bytes with this one.
        """
        ...

    async def complete(self, upload: Upload, wanted: Completion) -> StoredFile | None:
        """Make a pending upload a file, its parts in the order that is wanted, in one step; as it is kept, with its hash.

        None where it is pending no more.

        Raises:
            InvalidRequest: a part is not one of this upload's, or named twice; the parts have other bytes in all than the
                upload said; the MD5 is another one.
        """
        ...

    async def cancel(self, upload: Upload) -> bool:
        """Cancel a pending upload and let go of its parts; False where it was pending no more."""
        ...

    async def tidy(self, at: datetime, forgotten: datetime) -> int:
        """Let go of the parts of uploads that expired before `at`, and of uploads that expired before `forgotten`.

        How many parts and uploads are gone.
        """
        ...
