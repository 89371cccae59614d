"""Files, collections, documents and groups in memory, and who may see them: said once more, in Python."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import ApiKey
from kyozon.domain.ingestion import Work
from kyozon.domain.knowledge import (
    DOCUMENT,
    FILE,
    Attributes,
    Chunk,
    Collection,
    Document,
    Passage,
    Reader,
    Share,
    StoredFile,
)
from kyozon.domain.labels import Label
from kyozon.domain.provenance import StoredValue
from kyozon.governance.provenance import LOWEST, closure, joined
from kyozon.ports.knowledge import Access, Attachment, Chosen, CollectionChange, Counts, Held, Page
from kyozon.ports.knowledge_index import Indexed, IndexedChunk, Reach
from kyozon.ports.knowledge_ingestion import Vectors
from tests.fakes.provenance import MemoryProvenance

T = TypeVar("T")


class Knowledge:
    """What the stores hold together. `keys` are those that documents are attached with."""

    def __init__(self, provenance: MemoryProvenance) -> None:
        self.provenance = provenance
        self.keys: dict[str, ApiKey] = {}
        self.files: dict[str, StoredFile] = {}
        self.bodies: dict[str, bytes] = {}
        self.collections: dict[str, Collection] = {}
        self.documents: dict[str, Document] = {}
        self.attached: dict[str, Attachment] = {}
        self.chunks: dict[str, tuple[Chunk, ...]] = {}
        self.vectors: dict[tuple[str, int], Vectors] = {}
        self.members: set[tuple[str, str, str]] = set()
        self.events: list[AuditEvent] = []
        self._versions: dict[str, int] = {}
        self._changed: dict[str, int] = {}
        self._gone: dict[str, tuple[str, int]] = {}
        self._noticed = 0

    def label(self, tenant: str, value: str) -> Label | None:
        """The effective label; None is unknown."""
        return joined(self.provenance._parts(tenant, value))

    def groups(self, reader: Reader) -> frozenset[str]:
        mine = (reader.tenant, reader.user)
        return frozenset(group for tenant, group, member in self.members if (tenant, member) == mine)

    def access(self, reader: Reader, collection: str) -> Access | None:
        """What the reader may do with a collection, None where it is not there for him."""
        found = self.collections.get(collection)
        if found is None or found.tenant != reader.tenant or not found.label.within(reader.clearance):
            return None
        if reader.admin or found.owner == reader.user:
            return "own"
        known = structs.replace(reader, groups=self.groups(reader)).names | {"everyone:"}
        rights = {share.right for share in found.shares if f"{share.kind}:{share.name}" in known}
        return "write" if "write" in rights else "read" if rights else None

    def upstream_open_to(self, reader: Reader, value: str) -> bool:
        """Whether every document that a stored value was made from is there for the reader."""
        stored, tenant = self.provenance, reader.tenant
        found = [stored._value(tenant, name) for name in closure(value, lambda made: stored._sources(tenant, made))]
        needed = [one.id for one in found if one is not None and one.kind == DOCUMENT]
        return all(name in self.documents and self.open_to(reader, self.documents[name]) for name in needed)

    def open_to(self, reader: Reader, document: Document) -> bool:
        """Whether the reader may see a document."""
        if self.access(reader, document.collection) is None:
            return False
        names = structs.replace(reader, groups=self.groups(reader)).names
        if not (reader.admin or not document.readers or document.readers & names):
            return False
        label = self.label(document.tenant, document.id)
        return label is not None and label.within(reader.clearance)

    def seen(self, reader: Reader, chosen: Chosen) -> list[Document]:
        """The documents of a collection that the reader may see, as he sees them, oldest first."""
        found = [self.documents[name] for name in sorted(self.documents)]
        wanted = [one for one in found if one.collection == chosen.collection and chosen.status in (None, one.status)]
        mine = [one for one in wanted if chosen.batch in (None, one.batch) and self.open_to(reader, one)]
        return [structs.replace(one, label=self.label(one.tenant, one.id) or LOWEST) for one in mine]

    def readers_of(self, document: Document, readers: Iterable[str]) -> frozenset[str]:
        """With whoever brought the file, where there are any."""
        named = frozenset(readers)
        return named | {f"user:{self.files[document.file].user}"} if named else named

    def change(self, document: str) -> None:
        """Count a change of a document that is found."""
        one = self.documents[document]
        if one.status == "completed":
            self._changed[document] = self._next(one.tenant)

    def drop(self, documents: Iterable[str]) -> None:
        """Delete documents with everything that was kept of them."""
        for name in list(documents):
            one = self.documents.pop(name)
            del self.attached[name]
            self.discard(name)
            if self._changed.pop(name, 0):
                self._gone[name] = one.tenant, self._next(one.tenant)

    def discard(self, document: str) -> None:
        """Delete what a document was made into."""
        for chunk in self.chunks.pop(document, ()):
            self.vectors.pop((document, chunk.ordinal), None)

    def version(self, tenant: str) -> int:
        """The count of changes, after what was relabelled has counted."""
        new, self._noticed = self.provenance.relabelled[self._noticed :], len(self.provenance.relabelled)
        for change in new:
            for name, one in list(self.documents.items()):
                if one.tenant == change.tenant and change.value in self._made_from(one.tenant, name):
                    self.change(name)
        return self._versions.get(tenant, 0)

    def changed(self, tenant: str, since: int, after: str) -> list[tuple[int, str]]:
        found = sorted((version, name) for name, version in self._changed.items() if self.documents[name].tenant == tenant)
        return [one for one in found if one > (since, after)]

    def gone(self, tenant: str, since: int) -> list[str]:
        return [name for name, (owner, version) in self._gone.items() if owner == tenant and version > since]

    def _next(self, tenant: str) -> int:
        self._versions[tenant] = self._versions.get(tenant, 0) + 1
        return self._versions[tenant]

    def _made_from(self, tenant: str, value: str) -> frozenset[str]:
        return frozenset(closure(value, lambda made: self.provenance._sources(tenant, made)))


class MemoryFiles:
    """Implements `FileStore`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge

    async def add(
        self, file: StoredFile, label: Label, pieces: AsyncIterator[bytes], most: int, event: AuditEvent
    ) -> StoredFile:
        body = b"".join([piece async for piece in pieces])
        assert len(body) <= most
        await self._all.provenance.add(StoredValue(file.id, file.tenant, FILE, file.created_at, label))
        self._all.bodies[file.id] = body
        self._all.files[file.id] = structs.replace(file, bytes=len(body), sha256=f"of {body!r}")
        self._all.events.append(event)
        return self._all.files[file.id]

    async def get(self, reader: Reader, file: str) -> StoredFile | None:
        found = self._all.files.get(file)
        return found if found is not None and self._sees(reader, found) else None

    async def list(self, reader: Reader, purpose: str | None, page: Page) -> tuple[tuple[StoredFile, ...], bool]:
        every = [self._all.files[name] for name in sorted(self._all.files)]
        return part([(one.id, one) for one in every if purpose in (None, one.purpose) and self._sees(reader, one)], page)

    async def pieces(self, tenant: str, file: str) -> AsyncIterator[bytes]:
        found = self._all.files.get(file)
        if found is not None and found.tenant == tenant:
            yield self._all.bodies[file]

    async def delete(self, tenant: str, file: str, event: AuditEvent) -> bool:
        found = self._all.files.get(file)
        if found is None or found.tenant != tenant:
            return False
        self._all.drop([name for name, one in self._all.documents.items() if one.file == file])
        del self._all.files[file], self._all.bodies[file]
        self._all.events.append(event)
        return True

    async def expired(self, at: datetime, most: int) -> Sequence[StoredFile]:
        late = [one for one in self._all.files.values() if one.expires_at is not None and one.expires_at <= at]
        return late[:most]

    def _sees(self, reader: Reader, file: StoredFile) -> bool:
        label = self._all.label(file.tenant, file.id)
        mine = file.tenant == reader.tenant and (reader.admin or file.user == reader.user)
        return mine and label is not None and label.within(reader.clearance)


class MemoryCollections:
    """Implements `CollectionStore`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge

    async def add(self, collection: Collection, event: AuditEvent) -> None:
        self._all.collections[collection.id] = collection
        self._all.events.append(event)

    async def get(self, reader: Reader, collection: str) -> Held | None:
        access = self._all.access(reader, collection)
        if access is None:
            return None
        found = self._all.collections[collection]
        shares = tuple(sorted(found.shares, key=lambda share: (share.kind, share.name)))
        return Held(structs.replace(found, shares=shares if access == "own" else ()), access)

    async def list(self, reader: Reader, page: Page) -> tuple[tuple[Collection, ...], bool]:
        held = [(name, await self.get(reader, name)) for name in sorted(self._all.collections)]
        return part([(name, one.collection) for name, one in held if one is not None], page)

    async def change(self, tenant: str, collection: str, change: CollectionChange, event: AuditEvent) -> bool:
        found = self._own(tenant, collection)
        if found is None:
            return False
        new = {name: value for name, value in structs.asdict(change).items() if value is not None}
        self._all.collections[collection] = structs.replace(found, **new)
        self._all.events.append(event)
        return True

    async def delete(self, tenant: str, collection: str, event: AuditEvent) -> bool:
        if self._own(tenant, collection) is None:
            return False
        self._all.drop([name for name, one in self._all.documents.items() if one.collection == collection])
        del self._all.collections[collection]
        self._all.events.append(event)
        return True

    async def share(self, tenant: str, collection: str, share: Share, event: AuditEvent) -> bool:
        return self._shared(tenant, collection, share, event, share)

    async def unshare(self, tenant: str, collection: str, share: Share, event: AuditEvent) -> bool:
        found = self._own(tenant, collection)
        there = found is not None and any((one.kind, one.name) == (share.kind, share.name) for one in found.shares)
        return there and self._shared(tenant, collection, share, event)

    async def used(self, tenant: str, collections: Sequence[str], at: datetime) -> None:
        for name in collections:
            found = self._own(tenant, name)
            if found is not None:
                self._all.collections[name] = structs.replace(found, last_active_at=at)

    async def expired(self, at: datetime, most: int) -> Sequence[Collection]:
        raise NotImplementedError

    async def empty(self, tenant: str, collection: str, at: datetime, event: AuditEvent) -> bool:
        raise NotImplementedError

    def _shared(self, tenant: str, collection: str, old: Share, event: AuditEvent, *new: Share) -> bool:
        found = self._own(tenant, collection)
        if found is None:
            return False
        rest = [one for one in found.shares if (one.kind, one.name) != (old.kind, old.name)]
        self._all.collections[collection] = structs.replace(found, shares=(*rest, *new))
        self._all.events.append(event)
        return True

    def _own(self, tenant: str, collection: str) -> Collection | None:
        found = self._all.collections.get(collection)
        return found if found is not None and found.tenant == tenant else None


class MemoryDocuments:
    """Implements `DocumentStore`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge

    async def attach(
        self, tenant: str, collection: str, attachments: Sequence[Attachment], event: AuditEvent
    ) -> tuple[Document, ...]:
        assert self._all.collections[collection].tenant == tenant
        kept = tuple([await self._attached(one) for one in attachments])
        self._all.events.append(event)
        return kept

    async def get(self, reader: Reader, collection: str, file: str) -> Document | None:
        found = (one for one in self._all.seen(reader, Chosen(collection)) if one.file == file)
        return next(found, None)

    async def list(self, reader: Reader, chosen: Chosen, page: Page) -> tuple[tuple[Document, ...], bool]:
        after, before = [await self._bound(reader, chosen.collection, file) for file in (page.after, page.before)]
        seen = [(one.id, one) for one in self._all.seen(reader, chosen)]
        return part(seen, structs.replace(page, after=after, before=before))

    async def counts(self, reader: Reader, collections: Sequence[str], batch: str | None) -> Mapping[str, Counts]:
        found = {}
        for name in collections:
            seen = self._all.seen(reader, Chosen(name, batch=batch))
            done = [one.bytes for one in seen if one.status == "completed"]
            states = Counter[str](one.status for one in seen)
            found[name] = Counts(**states, bytes=sum(done))
        return found

    async def forget_gone(self, most: int) -> int:
        raise NotImplementedError

    async def work(self, reader: Reader, collections: Sequence[str], batch: str | None) -> Mapping[str, Work]:
        found = {}
        for name in collections:
            sizes = Counter[str]()
            for one in self._all.seen(reader, Chosen(name, batch=batch)):
                sizes[one.status] += self._all.files[one.file].bytes
            found[name] = Work(done=sizes["completed"], waiting=sizes["in_progress"])
        return found

    async def change(
        self, document: Document, attributes: Attributes, readers: frozenset[str] | None, event: AuditEvent
    ) -> Document | None:
        there = self._all.documents.get(document.id)
        if there is None:
            return None
        named = there.readers if readers is None else self._all.readers_of(there, readers)
        self._all.documents[document.id] = structs.replace(there, attributes=dict(attributes), readers=named)
        self._all.change(document.id)
        self._all.events.append(event)
        return self._all.documents[document.id]

    async def detach(self, document: Document, event: AuditEvent) -> bool:
        if document.id not in self._all.documents:
            return False
        self._all.drop([document.id])
        self._all.events.append(event)
        return True

    async def cancel(self, documents: Sequence[Document], event: AuditEvent) -> None:
        for one in documents:
            there = self._all.documents.get(one.id)
            if there is not None and there.status == "in_progress":
                self._all.documents[one.id] = structs.replace(there, status="cancelled")
                self._all.discard(one.id)
        self._all.events.append(event)

    async def chunks(self, reader: Reader, collection: str, file: str) -> tuple[Chunk, ...]:
        found = await self.get(reader, collection, file)
        return self._all.chunks[found.id] if found is not None and found.status == "completed" else ()

    async def _attached(self, one: Attachment) -> Document:
        document = one.document
        same = (document.collection, document.file)
        for there in [each for each in self._all.documents.values() if (each.collection, each.file) == same]:
            if there.status in ("in_progress", "completed"):
                named = there.readers if not document.readers else self._all.readers_of(there, document.readers)
                attributes = document.attributes or there.attributes
                self._all.documents[there.id] = structs.replace(
                    there, attributes=attributes, readers=named, batch=document.batch or there.batch
                )
                self._all.change(there.id)
                return self._all.documents[there.id]
            self._all.drop([there.id])
        await self._all.provenance.add(self._value(one))
        readers = self._all.readers_of(document, document.readers)
        self._all.documents[document.id] = structs.replace(document, readers=readers)
        self._all.attached[document.id] = one
        return self._all.documents[document.id]

    def _value(self, one: Attachment) -> StoredValue:
        document = one.document
        return StoredValue(document.id, document.tenant, DOCUMENT, document.created_at, one.label, (document.file,))

    async def _bound(self, reader: Reader, collection: str, file: str | None) -> str | None:
        found = None if file is None else await self.get(reader, collection, file)
        return None if found is None else found.id


class MemoryGroups:
    """Implements `GroupStore`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge

    async def add(self, tenant: str, group: str, member: str, event: AuditEvent) -> bool:
        new = (tenant, group, member) not in self._all.members
        self._all.members.add((tenant, group, member))
        self._all.events += [event] if new else []
        return new

    async def remove(self, tenant: str, group: str, member: str, event: AuditEvent) -> bool:
        there = (tenant, group, member) in self._all.members
        self._all.members.discard((tenant, group, member))
        self._all.events += [event] if there else []
        return there

    async def all(self, tenant: str) -> Mapping[str, Sequence[str]]:
        mine = sorted((group, member) for owner, group, member in self._all.members if owner == tenant)
        return {group: [member for name, member in mine if name == group] for group, _ in mine}


class MemoryFeed:
    """Implements `KnowledgeFeed`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._all = knowledge

    async def reach(self, reader: Reader, collections: Sequence[str]) -> Reach:
        version = self._all.version(reader.tenant)
        mine = [name for name in collections if self._all.access(reader, name) is not None]
        known = structs.replace(reader, groups=self._all.groups(reader))
        return Reach(version, known, {name: self._all.collections[name].embedder for name in mine})

    async def recent(self, most: int) -> Sequence[tuple[str, int]]:
        tenants = sorted({one.tenant for one in self._all.collections.values()})
        return [(tenant, self._all.version(tenant)) for tenant in tenants if self._all.version(tenant)][:most]

    async def versions(self, tenants: Sequence[str]) -> Mapping[str, int]:
        return {tenant: version for tenant in tenants if (version := self._all.version(tenant))}

    async def changes(self, tenant: str, since: int, after: str, most: int) -> Sequence[Indexed]:
        found = self._all.changed(tenant, since, after)[:most]
        return [self._indexed(version, self._all.documents[name]) for version, name in found]

    async def gone(self, tenant: str, since: int) -> Sequence[str]:
        return self._all.gone(tenant, since)

    async def chunks(self, tenant: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        mine = [name for name in sorted(documents) if self._all.documents[name].tenant == tenant]
        return [self._chunk(name, chunk) for name in mine for chunk in self._all.chunks[name]]

    async def passages(self, reader: Reader, keys: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Passage]:
        found = {}
        for name, ordinal in keys:
            one = self._all.documents.get(name)
            if one is not None and one.status == "completed" and self._all.open_to(reader, one):
                label = self._all.label(one.tenant, name) or LOWEST
                chunk = self._all.chunks[name][ordinal]
                held = (name, one.collection, one.file, one.filename, chunk, 0.0, dict(one.attributes), label)
                found[name, ordinal] = Passage(*held)
        return found

    def _indexed(self, version: int, one: Document) -> Indexed:
        label, embedder = self._all.label(one.tenant, one.id), self._all.collections[one.collection].embedder
        held = (one.id, version, one.collection, label, one.readers, one.attributes)
        return Indexed(*held, self._all.files[one.file].sha256, embedder, one.chunks)

    def _chunk(self, document: str, chunk: Chunk) -> IndexedChunk:
        one, vectors = self._all.documents[document], self._all.vectors.get((document, chunk.ordinal))
        if vectors is None:
            return IndexedChunk(document, chunk.ordinal, chunk.indexed)
        embedder = self._all.collections[one.collection].embedder
        return IndexedChunk(document, chunk.ordinal, chunk.indexed, embedder, vectors.windows, vectors.packed)


def part(entries: Sequence[tuple[str, T]], page: Page) -> tuple[tuple[T, ...], bool]:
    """A page of entries that are sorted by name."""
    low, high = (page.after, page.before) if page.ascending else (page.before, page.after)
    found = [one for name, one in entries if (low is None or name > low) and (high is None or name < high)]
    backwards = page.before is not None and page.after is None
    if page.ascending == backwards:
        found.reverse()
    kept = found[: page.limit]
    return tuple(reversed(kept) if backwards else kept), len(found) > page.limit
