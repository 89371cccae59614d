"""Uploads: large files in parts. Each is its beginner's alone; an hour after its beginning what is not complete goes."""

from collections.abc import AsyncIterator
from datetime import timedelta

from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.knowledge import StoredFile
from kyozon.domain.language import Text
from kyozon.domain.uploads import NewUpload, Upload, UploadPart
from kyozon.ports.uploads import Completion, UploadStore
from kyozon.services.knowledge.files import MOST_BYTES, FileService, NewFile
from kyozon.services.knowledge.rights import told, too_large
from kyozon.services.world import World

_LASTS = timedelta(hours=1)
_SPARE = 64 << 20
"""How many bytes the parts may come to beyond the file: a part whose answer was lost is sent again."""


class UploadService:
    """Begins uploads, takes their parts, makes them files. One that is not the caller's is not there for him."""

    def __init__(self, store: UploadStore, files: FileService, world: World, most: int = MOST_BYTES) -> None:
        """A file has `most` bytes at most."""
        self._store = store
        self._files = files
        self._world = world
        self._most = most

    async def create(self, caller: Caller, new: NewUpload) -> Upload:
        """Begin an upload.

        Raises:
            InvalidRequest: a file cannot have that name.
            NotPermitted: its label would be above the caller's clearance.
            TooLarge: it has more bytes than a file may have.
        """
        if new.bytes > self._most:
            raise too_large(self._most)
        file, label, now = self._files.draft(caller, _file(new)), self._files.label_of(caller, new.label), self._world.now()
        upload = Upload(
            id=self._world.new_id("upload"),
            tenant=caller.tenant,
            owner=caller.key.user,
            created_at=now,
            expires_at=now + _LASTS,
            status="pending",
            new=structs.replace(new, filename=file.filename),
            label=label,
        )
        await self._store.add(upload)
        return upload

    async def add_part(self, caller: Caller, upload_id: str, size: int, pieces: AsyncIterator[bytes]) -> UploadPart:
        """Take a part of `size` bytes; raises `NotFound`, and `InvalidRequest` where no part, or none so large, fits."""
        upload = self._pending(await self._own(caller, upload_id))
        part = UploadPart(self._world.new_id("part"), upload.id, self._world.now(), size)
        if not await self._store.add_part(part, 2 * upload.new.bytes + _SPARE, pieces):
            self._pending(await self._own(caller, upload_id))
            raise InvalidRequest(
                Text(
                    f"the parts of upload {upload.id} have many more bytes than the {upload.new.bytes:,} that it was begun "
                    "for: complete or cancel it.",
                    f"アップロード {upload.id} のパートが、申告された {upload.new.bytes:,} バイトを大きく超えています。"
                    "完了するか取り消してください。",
                ),
                "data",
            )
        return part

    async def complete(
        self, caller: Caller, upload_id: str, parts: tuple[str, ...], md5: str | None
    ) -> tuple[Upload, StoredFile]:
        """Make the parts a file, in this order; an upload that is complete already gives the file that it became.

        Raises:
            NotFound: there is no such upload for the caller, or its file is gone.
            InvalidRequest: it has expired or was cancelled, or parts, bytes or MD5 are not what they should be.
            NotPermitted: the file's label would be above the caller's clearance.
        """
        upload = await self._own(caller, upload_id)
        if upload.status != "completed":
            self._pending(upload)
            stays = upload.new.keep_seconds
            expires_at = None if stays is None else self._world.now() + timedelta(seconds=stays)
            label = self._files.label_of(caller, upload.label)
            file = structs.replace(self._files.draft(caller, _file(upload.new)), expires_at=expires_at)
            event = told(self._world, caller, "file:uploaded", file.id, label=str(label))
            stored = await self._store.complete(upload, Completion(parts, md5, file, label, event))
            if stored is not None:
                return structs.replace(upload, status="completed", file=stored.id), stored
            upload = await self._own(caller, upload_id)  # another request was faster
        if upload.file is None:
            raise _over(upload.id, upload.status)
        return upload, await self._files.get(caller, upload.file)

    async def cancel(self, caller: Caller, upload_id: str) -> Upload:
        """Let go of a pending upload; raises `NotFound`, and `InvalidRequest` where it is not pending."""
        upload = self._pending(await self._own(caller, upload_id))
        if not await self._store.cancel(upload):
            self._pending(await self._own(caller, upload_id))
        return structs.replace(upload, status="cancelled")

    async def _own(self, caller: Caller, upload_id: str) -> Upload:
        found = await self._store.get(caller.tenant, caller.key.user, upload_id)
        if found is None:
            raise NotFound(
                Text(
                    f"there is no upload {upload_id!r} of yours: POST /v1/uploads begins one.",
                    f"アップロード {upload_id!r} はありません。POST /v1/uploads で開始できます。",
                ),
                "upload_id",
            )
        return found

    def _pending(self, upload: Upload) -> Upload:
        """The upload, where parts may still come; raises `InvalidRequest`."""
        if upload.status != "pending":
            raise _over(upload.id, upload.status)
        if upload.expires_at <= self._world.now():
            raise _over(upload.id, "expired")
        return upload


def _file(new: NewUpload) -> NewFile:
    return NewFile(new.filename, new.purpose, new.label)


def _over(upload_id: str, status: str) -> InvalidRequest:
    return InvalidRequest(
        Text(
            f"upload {upload_id} is {status}: begin another one with POST /v1/uploads.",
            f"アップロード {upload_id} の状態は {status} です。POST /v1/uploads で新しく開始してください。",
        ),
        "upload_id",
    )
