"""Documents: files put into collections, seen by those who may, taken out again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.ingestion import Work
from kyozon.domain.knowledge import Attributes, Chunk, Chunking, Collection, Document
from kyozon.domain.language import Text
from kyozon.ports.knowledge import Attachment, Chosen, Counts, DocumentStore, Page
from kyozon.services.knowledge.attributes import taken
from kyozon.services.knowledge.collections import CollectionService, checked_chunking
from kyozon.services.knowledge.files import FileService
from kyozon.services.knowledge.rights import gone_by, no_batch, no_document, reader_of, told
from kyozon.services.provenance import Provenance
from kyozon.services.world import World

_MOST_OF_BATCH = 2000


class Attaching(Struct, frozen=True):
    """How a file is put into a collection. `replaces` names a file of it, whose document goes when this one comes."""

    attributes: Attributes = {}
    chunking: Chunking | None = None
    replaces: str | None = None


class Batch(Struct, frozen=True):
    """Documents that were put into a collection together, as the caller sees them; `work` is None where none is left."""

    id: str
    collection: str
    created_at: datetime
    counts: Counts
    work: Work | None = None


class DocumentService:
    """The documents of collections. Of those that a caller may not see there is no count, no title and no error of its own.

    Whoever brought a file may always see it: a document that is open to some names is open to him, too.
    """

    def __init__(
        self,
        store: DocumentStore,
        files: FileService,
        collections: CollectionService,
        provenance: Provenance,
        world: World,
    ) -> None:
        self._store = store
        self._files = files
        self._collections = collections
        self._provenance = provenance
        self._world = world

    async def attach(self, caller: Caller, collection: str, file: str, attaching: Attaching) -> Document:
        """Put a file of the caller's into a collection, where it is taken in soon.

        Raises:
            NotFound: the caller has no such file, or may not know of the collection, or of what is to be replaced.
            NotAllowed: he may not write to the collection.
            InvalidRequest: attributes, readers or chunking are out of bounds.
        """
        (document,) = await self._attach(caller, collection, ((file, attaching),), None)
        return document

    async def attach_batch(self, caller: Caller, collection: str, wanted: Sequence[tuple[str, Attaching]]) -> Batch:
        """Put several files into a collection, all or none; raises as `attach`."""
        if not 1 <= len(wanted) <= _MOST_OF_BATCH or len({file for file, _ in wanted}) < len(wanted):
            raise InvalidRequest(
                Text(
                    f"a batch has 1 to {_MOST_OF_BATCH} files, each of them once.",
                    f"一括登録は 1〜{_MOST_OF_BATCH} 件です。同じファイルは 1 回だけ指定してください。",
                ),
                "file_ids",
            )
        batch = self._world.new_id("vsfb")
        await self._attach(caller, collection, wanted, batch)
        return await self.batch(caller, collection, batch)

    async def get(self, caller: Caller, collection: str, file: str) -> Document:
        """A document that the caller may see; raises `NotFound`."""
        await self._collections.held(caller, collection)
        found = await self._store.get(reader_of(caller), collection, file)
        if found is None:
            raise no_document(collection, file)
        return found

    async def list(self, caller: Caller, chosen: Chosen, page: Page) -> tuple[tuple[Document, ...], bool]:
        """The documents that the caller may see, and whether there are more; raises `NotFound` for the collection."""
        await self._collections.held(caller, chosen.collection)
        return await self._store.list(reader_of(caller), chosen, page)

    async def counts(self, caller: Caller, collections: Sequence[str], batch: str | None = None) -> Mapping[str, Counts]:
        """How many documents of each of the collections the caller may see."""
        return await self._store.counts(reader_of(caller), collections, batch)

    async def work(self, caller: Caller, counts: Mapping[str, Counts], batch: str | None = None) -> Mapping[str, Work]:
        """The work on the documents that the caller may see, of those of the counted collections that are not done."""
        busy = [name for name, found in counts.items() if found.in_progress]
        return await self._store.work(reader_of(caller), busy, batch) if busy else {}

    async def batch(self, caller: Caller, collection: str, batch: str) -> Batch:
        """Documents that were put there together; raises `NotFound` where the caller may see none of them."""
        oldest, _ = await self.list(caller, Chosen(collection, batch=batch), Page(limit=1, ascending=True))
        if not oldest:
            raise no_batch(collection, batch)
        counts = await self.counts(caller, (collection,), batch)
        work = await self.work(caller, counts, batch)
        return Batch(batch, collection, oldest[0].created_at, counts[collection], work.get(collection))

    async def cancel(self, caller: Caller, collection: str, batch: str) -> Batch:
        """Stop taking in what the caller may see of a batch; raises `NotFound` and `NotAllowed`."""
        await self._collections.held(caller, collection, "write")
        await self.batch(caller, collection, batch)
        waiting: list[Document] = []
        page, more = Page(limit=_MOST_OF_BATCH, ascending=True), True
        while more:
            found, more = await self.list(caller, Chosen(collection, "in_progress", batch), page)
            waiting += found
            page = structs.replace(page, after=found[-1].file if found else None)
        event = told(self._world, caller, "document:cancelled", batch, collection=collection, documents=len(waiting))
        await self._store.cancel(waiting, event)
        return await self.batch(caller, collection, batch)

    async def update(self, caller: Caller, collection: str, file: str, attributes: Attributes) -> Document:
        """Give a document other attributes; who may read it changes where they say so.

        Raises:
            NotFound: the caller may not see it.
            NotAllowed: he may not write to the collection.
            InvalidRequest: attributes or readers are out of bounds.
        """
        await self._collections.held(caller, collection, "write")
        found = await self.get(caller, collection, file)
        rest, readers = taken(attributes)
        event = told(self._world, caller, "document:changed", found.id, collection=collection)
        changed = await self._store.change(found, rest, readers, event)
        if changed is None:
            raise no_document(collection, file)
        return changed

    async def detach(self, caller: Caller, collection: str, file: str) -> Document:
        """Take a document out of its collection, with all that was kept of it; raises `NotFound` and `NotAllowed`."""
        await self._collections.held(caller, collection, "write")
        found = await self.get(caller, collection, file)
        event = told(self._world, caller, "document:detached", found.id, collection=collection)
        if not await self._store.detach(found, event):
            raise no_document(collection, file)
        return found

    async def chunks(self, caller: Caller, collection: str, file: str) -> tuple[Chunk, ...]:
        """What a document was split into, once it is on record that it goes to the caller; raises `NotFound`."""
        found = await self.get(caller, collection, file)
        await self._provenance.hand_over(caller, (found.id,))
        return await self._store.chunks(reader_of(caller), collection, file)

    async def _attach(
        self, caller: Caller, collection: str, wanted: Sequence[tuple[str, Attaching]], batch: str | None
    ) -> tuple[Document, ...]:
        into = (await self._collections.held(caller, collection, "write")).collection
        if into.expired(self._world.now()):
            raise gone_by(into)
        attachments = [await self._attachment(caller, into, one, batch) for one in wanted]
        name = attachments[0].document.id if batch is None else batch
        event = told(self._world, caller, "document:attached", name, collection=collection, documents=len(attachments))
        return await self._store.attach(caller.tenant, collection, attachments, event)

    async def _attachment(
        self, caller: Caller, into: Collection, wanted: tuple[str, Attaching], batch: str | None
    ) -> Attachment:
        name, attaching = wanted
        file = await self._files.get(caller, name)
        attributes, readers = taken(attaching.attributes)
        replaced = None if attaching.replaces is None else await self.get(caller, into.id, attaching.replaces)
        document = Document(
            id=self._world.new_id("doc"),
            tenant=into.tenant,
            collection=into.id,
            file=file.id,
            filename=file.filename,
            created_at=self._world.now(),
            attributes=attributes,
            readers=readers or frozenset(),
            chunking=into.chunking if attaching.chunking is None else checked_chunking(attaching.chunking),
            batch=batch,
            label=into.label.join(await self._provenance.label(into.tenant, (file.id,))),
        )
        return Attachment(document, into.label, caller.key.id, None if replaced is None else replaced.id)
