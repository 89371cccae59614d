"""Where files, collections, documents and groups are kept, and who may see them: asked anew with every statement."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.ingestion import Work
from kyozon.domain.knowledge import Attributes, Chunk, Collection, Document, DocumentStatus, Reader, Share, StoredFile
from kyozon.domain.labels import Label

Access = Literal["read", "write", "own"]
"""What somebody may do with a collection. Its owner and admin keys may share and delete it, too."""


class Page(Struct, frozen=True):
    """A part of a list: the `limit` entries next to the one named, in the order in which they were made or the opposite."""

    after: str | None = None
    before: str | None = None
    limit: int = 20
    ascending: bool = False


class Counts(Struct, frozen=True):
    """How many documents there are for somebody in each state, and how many bytes of text the completed ones have."""

    in_progress: int = 0
    completed: int = 0
    cancelled: int = 0
    failed: int = 0
    bytes: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.in_progress + self.completed + self.cancelled + self.failed


class Held(Struct, frozen=True):
    """A collection as somebody sees it, and what he may do with it. Its shares are shown to those who may give them."""

    collection: Collection
    access: Access


class CollectionChange(Struct, frozen=True):
    """What is to be different; None leaves it as it is. `expires_days` 0 says that it does not expire any more."""

    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    expires_days: int | None = None


class Chosen(Struct, frozen=True):
    """Which documents of a collection: in one state, of one batch, or all."""

    collection: str
    status: DocumentStatus | None = None
    batch: str | None = None


class Attachment(Struct, frozen=True):
    """A document to be, under which label of its own, by which key, and the document that goes when it comes."""

    document: Document
    label: Label
    key_id: str
    replaces: str | None = None


class FileStore(Protocol):
    """Files in pieces. Every method of these stores may raise `StorageUnavailable`."""

    async def add(
        self, file: StoredFile, label: Label, pieces: AsyncIterator[bytes], most: int, event: AuditEvent
    ) -> StoredFile:
        """Keep a file of at most so many bytes, whole or not at all; as it is kept, with its length and hash.

        Raises:
            TooLarge: there are more bytes.
        """
        ...

    async def get(self, reader: Reader, file: str) -> StoredFile | None:
        """A file that is the reader's to see: his own, or any for an admin key; within the clearance."""
        ...

    async def list(self, reader: Reader, purpose: str | None, page: Page) -> tuple[tuple[StoredFile, ...], bool]:
        """Files as `get` gives them, and whether there are more."""
        ...

    def pieces(self, tenant: str, file: str) -> AsyncIterator[bytes]:
        """The bytes, a piece at a time; ends early where the file goes meanwhile."""
        ...

    async def delete(self, tenant: str, file: str, event: AuditEvent) -> bool:
        """Delete a file, its documents and everything that was kept of either; False where it is not there.

        Raises:
            NotAllowed: a legal hold stands over the tenant.
        """
        ...

    async def expired(self, at: datetime, most: int) -> Sequence[StoredFile]:
        """Files whose time is over, and that no legal hold keeps."""
        ...


class CollectionStore(Protocol):
    """Collections and whom they are shared with."""

    async def add(self, collection: Collection, event: AuditEvent) -> None:
        """Keep a new one."""
        ...

    async def get(self, reader: Reader, collection: str) -> Held | None:
        """A collection that the reader may see."""
        ...

    async def list(self, reader: Reader, page: Page) -> tuple[tuple[Collection, ...], bool]:
        """Collections that the reader may see, and whether there are more."""
        ...

    async def change(self, tenant: str, collection: str, change: CollectionChange, event: AuditEvent) -> bool:
        """Change one; False where it is not there."""
        ...

    async def delete(self, tenant: str, collection: str, event: AuditEvent) -> bool:
        """Delete one with its documents, not their files; False where it is not there."""
        ...

    async def share(self, tenant: str, collection: str, share: Share, event: AuditEvent) -> bool:
        """Share one, in the place of a share with the same name; False where it is not there."""
        ...

    async def unshare(self, tenant: str, collection: str, share: Share, event: AuditEvent) -> bool:
        """End a share, whatever its right; False where there is none."""
        ...

    async def used(self, tenant: str, collections: Sequence[str], at: datetime) -> None:
        """Say that collections were used, which those that expire count from; what has expired stays so."""
        ...

    async def expired(self, at: datetime, most: int) -> Sequence[Collection]:
        """Collections that nobody has used for as long as they say and that still hold something, without their shares."""
        ...

    async def empty(self, tenant: str, collection: str, at: datetime, event: AuditEvent) -> bool:
        """Delete what was made of the files of an expired collection; its documents stay on its list, as cancelled.

        False where it has not expired by then, or is not there.
        """
        ...


class DocumentStore(Protocol):
    """Files in collections. A reader sees those of his collections that are open to him and within his clearance.

    A document that is open to some names is open to whoever brought its file, too, and to admin keys.
    """

    async def attach(
        self, tenant: str, collection: str, attachments: Sequence[Attachment], event: AuditEvent
    ) -> tuple[Document, ...]:
        """Put files into a collection, all or none; whoever takes documents in is told.

        A file that is in it already stays the document it is, with new attributes and readers where such are named; one
        that failed or was cancelled is begun anew.

        Raises:
            NotFound: the collection, or one of the files, went meanwhile.
        """
        ...

    async def get(self, reader: Reader, collection: str, file: str) -> Document | None:
        """A document that the reader may see."""
        ...

    async def list(self, reader: Reader, chosen: Chosen, page: Page) -> tuple[tuple[Document, ...], bool]:
        """Documents that the reader may see, and whether there are more; `page` names files."""
        ...

    async def counts(self, reader: Reader, collections: Sequence[str], batch: str | None) -> Mapping[str, Counts]:
        """How many documents of each of the collections the reader may see."""
        ...

    async def work(self, reader: Reader, collections: Sequence[str], batch: str | None) -> Mapping[str, Work]:
        """The work on those documents of each of the collections that the reader may see; what failed is none."""
        ...

    async def change(
        self, document: Document, attributes: Attributes, readers: frozenset[str] | None, event: AuditEvent
    ) -> Document | None:
        """Give a document other attributes and, where they are named, readers; as it is then, None where it went."""
        ...

    async def detach(self, document: Document, event: AuditEvent) -> bool:
        """Delete a document and everything that was kept of it; its file stays. False where it is not there."""
        ...

    async def cancel(self, documents: Sequence[Document], event: AuditEvent) -> None:
        """Stop taking in those of the documents that are in progress."""
        ...

    async def chunks(self, reader: Reader, collection: str, file: str) -> tuple[Chunk, ...]:
        """What a document was split into, in order; nothing where the reader may not see it."""
        ...

    async def forget_gone(self, most: int) -> int:
        """Let go of so many names of documents that went, where nobody can need to hear of it any more; how many."""
        ...


class GroupStore(Protocol):
    """Who is in which group of a tenant."""

    async def add(self, tenant: str, group: str, member: str, event: AuditEvent) -> bool:
        """Put somebody into a group; False where he is in it."""
        ...

    async def remove(self, tenant: str, group: str, member: str, event: AuditEvent) -> bool:
        """Take somebody out; False where he is not in it."""
        ...

    async def all(self, tenant: str) -> Mapping[str, Sequence[str]]:
        """Members by group."""
        ...
