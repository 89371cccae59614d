"""Files: brought under a label, read by whoever brought them, deleted with everything that was made of them."""

import re
from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import Struct

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import StoredFile
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.ports.knowledge import FileStore, Page
from kyozon.services.knowledge.rights import no_file, own_label, reader_of, told
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.world import World

MOST_BYTES = 512 << 20
_LONGEST_NAME = 255
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing: a terminal would do what they say."""


class NewFile(Struct, frozen=True):
    """A file that is brought. `label` is what its bringer declares, None where he says nothing."""

    filename: str
    purpose: str = "user_data"
    label: Label | None = None
    expires_at: datetime | None = None


class FileService:
    """A caller's own files; an admin key sees those of its tenant. Neither sees one above the key's clearance.

    Others read a file's words by way of a collection that it is in (`DocumentService`), and nothing here.
    """

    def __init__(
        self, store: FileStore, registry: Registry, provenance: Provenance, world: World, most: int = MOST_BYTES
    ) -> None:
        """A file has `most` bytes at most."""
        self._store = store
        self._registry = registry
        self._provenance = provenance
        self._world = world
        self._most = most

    def label_of(self, caller: Caller, declared: Label | None) -> Label:
        """What a file is labelled that the caller brings; raises `NotPermitted` where he could not read it."""
        return own_label(caller, declared, self._registry.installation.default_label)

    def draft(self, caller: Caller, new: NewFile) -> StoredFile:
        """A file as it will be kept, but for its length and hash; raises `InvalidRequest` for a name it cannot have."""
        name = _UNSEEN.sub("", new.filename.replace("\\", "/").rpartition("/")[2]).strip()
        if not name or len(name) > _LONGEST_NAME:
            raise InvalidRequest(
                Text(
                    f"a file needs a name of 1 to {_LONGEST_NAME} characters: send it as the part's filename.",
                    f"ファイル名（1〜{_LONGEST_NAME} 文字）が必要です。パートの filename に指定してください。",
                ),
                "file",
            )
        identifier = self._world.new_id("file").replace("_", "-", 1)
        key, now = caller.key, self._world.now()
        return StoredFile(identifier, key.tenant, key.user, name, 0, "", new.purpose, now, new.expires_at)

    async def add(self, caller: Caller, new: NewFile, pieces: AsyncIterator[bytes]) -> StoredFile:
        """Keep a file as it comes, whole or not at all.

        Raises:
            InvalidRequest: its name cannot be kept.
            NotPermitted: its label would be above the caller's clearance.
            TooLarge: it has more bytes than a file may have.
        """
        label, file = self.label_of(caller, new.label), self.draft(caller, new)
        event = told(self._world, caller, "file:uploaded", file.id, label=str(label))
        return await self._store.add(file, label, pieces, self._most, event)

    async def get(self, caller: Caller, file: str) -> StoredFile:
        """A file of the caller's; raises `NotFound`."""
        found = await self._store.get(reader_of(caller), file)
        if found is None:
            raise no_file(file)
        return found

    async def list(self, caller: Caller, purpose: str | None, page: Page) -> tuple[tuple[StoredFile, ...], bool]:
        """The caller's files, and whether there are more."""
        return await self._store.list(reader_of(caller), purpose, page)

    async def content(self, caller: Caller, file: str) -> AsyncIterator[bytes]:
        """The bytes of a file of the caller's, once it is on record that they go to him; raises `NotFound`."""
        found = await self.get(caller, file)
        await self._provenance.hand_over(caller, (found.id,))
        return self._store.pieces(caller.tenant, found.id)

    async def delete(self, caller: Caller, file: str) -> StoredFile:
        """Delete a file of the caller's, in every collection and with what was kept of it.

        Raises:
            NotFound: he has none of that name.
            NotAllowed: a legal hold stands over his tenant.
        """
        found = await self.get(caller, file)
        if not await self._store.delete(caller.tenant, found.id, told(self._world, caller, "file:deleted", found.id)):
            raise no_file(file)
        return found
