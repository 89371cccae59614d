"""The stores in memory, over which random lives are played, do what those in PostgreSQL do: the same to every reader."""

import random
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.callers import Caller
from kyozon.domain.errors import NotAllowed, NotFound
from kyozon.domain.knowledge import Collection, Document, Search, Share
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.ports.knowledge import Chosen, Counts, Page
from kyozon.services.knowledge.collections import CollectionService, NewCollection
from kyozon.services.knowledge.documents import Attaching, DocumentService
from kyozon.services.knowledge.files import FileService, NewFile
from kyozon.services.knowledge.groups import GroupService
from kyozon.services.knowledge.rights import reader_of
from kyozon.services.knowledge.searching import SearchService
from kyozon.services.provenance import Provenance, Wish
from kyozon.storage.database import Database
from kyozon.storage.knowledge.feed import PostgresKnowledgeFeed
from tests.fakes.bookshelf import INTERNAL, PUBLIC, person
from tests.fakes.ingestion import Papers
from tests.fakes.installation import FakeInstallation
from tests.fakes.library import Library

ADMIN = person("root", admin=True)
LOW = Clearance(Level.INTERNAL)
PEOPLE = (
    person("ann"),
    person("ben", roles=frozenset({"audit"})),
    person("cai", LOW),
    person("ann", LOW),
    ADMIN,
    person("ann", tenant="elsewhere"),
)
SHARES = (Share("user", "ben"), Share("group", "legal", "write"), Share("role", "audit"), Share("everyone"))
STEPS = 24
WHAT = ("collection", *["document"] * 4, "share", "unshare", "group", "readers", "raise", "detach", "delete")


class Side(Struct):
    """The services over one kind of store, and what has been made there, in the order in which it was."""

    files: FileService
    collections: CollectionService
    documents: DocumentService
    groups: GroupService
    search: SearchService
    provenance: Provenance
    take_in: Any
    gathered: list[Collection] = []
    put: list[Document] = []


def in_memory() -> Side:
    papers = Papers(house := FakeInstallation())
    papers.knowledge.keys |= {one.key.id: one.key for one in (*PEOPLE[:3], ADMIN)}
    services = papers.files, papers.collections, papers.documents, papers.groups, papers.search

    async def take_in(_: Document, __: str) -> None:
        await papers.take_in()

    return Side(*services, house.provenance, take_in)


def in_postgres(database: Database) -> Side:
    library = Library(database)
    shelf = library.shelf
    parts = library.embeddings, library.provenance, shelf.collections, library.ranking()
    search = SearchService(PostgresKnowledgeFeed(database), *parts)
    services = shelf.files, shelf.collections, shelf.documents, shelf.groups, search
    return Side(*services, library.provenance, shelf.taken_in)


async def words(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


async def tried(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except (NotFound, NotAllowed) as failure:
        return type(failure).__name__


async def seen(side: Side, caller: Caller) -> bytes:
    """Everything that somebody sees; names as numbers in the order in which things were made."""
    found: list[Any] = [await tried(side.collections.list(caller, Page(limit=100)))]
    found.append(await tried(side.files.list(caller, None, Page(limit=3))))
    found.append(await tried(side.groups.all(caller)))
    for one in side.gathered:
        found.append(await tried(side.collections.held(caller, one.id)))
        first = side.put[0].file if side.put else None
        for page in (Page(limit=2), Page(limit=2, ascending=True), Page(limit=1, before=first), Page(limit=1, after=first)):
            found += [await tried(side.documents.list(caller, Chosen(one.id), page))]
        found.append(await tried(side.documents.counts(caller, (one.id,))))
        found.append(await tried(side.documents.work(caller, {one.id: Counts(in_progress=1)})))
        searched = await tried(side.search.search(caller, Search((one.id,), ("word",), dense_weight=0.0)))
        found.append(searched if isinstance(searched, str) else [(p.document, p.score, p.label) for p in searched.passages])
    for paper in side.put:
        found.append(await tried(side.documents.get(caller, paper.collection, paper.file)))
        found.append(
            [chunk.text for chunk in await side.documents._store.chunks(reader_of(caller), paper.collection, paper.file)]
        )
    told = msgspec.json.encode([plain(one) for one in msgspec.to_builtins(found, order="sorted")])
    names = [one.id for one in side.gathered] + [name for paper in side.put for name in (paper.id, paper.file)]
    for number, name in enumerate(names):
        told = told.replace(name.encode(), f"#{number}#".encode())
    return told


def plain(value: Any) -> Any:
    """Without times, and what is made of the contents of a file: neither is the same twice."""
    passing = {"created_at", "last_active_at", "sha256", "bytes"}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if key not in passing}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


async def step(side: Side, chance: random.Random, number: int) -> None:
    """One thing that happens, the same on each side: all chance is drawn before anything is done."""
    what, who, pick = chance.choice(WHAT), chance.choice(PEOPLE[:3]), chance.randrange(1 << 16)
    label = chance.choice((PUBLIC, INTERNAL, Label(Level.CONFIDENTIAL)))
    share, member = chance.choice(SHARES), chance.choice(("ann", "ben", "cai"))
    readers = chance.choice(("", "", "user:ben", "group:legal,user:cai", "role:audit"))
    if what == "collection" or not side.gathered:
        new = NewCollection(f"Papers {number}", PUBLIC, "embedder", shares=(share,))
        side.gathered.append(await side.collections.create(who, new))
        return
    shelf = side.gathered[pick % len(side.gathered)]
    owner = next(one for one in PEOPLE if one.key.user == shelf.owner)
    if what == "document" or not side.put:
        await _put(side, owner, shelf, f"word {number}", label if label.within(owner.key.clearance) else PUBLIC, readers)
        return
    paper = side.put[pick % len(side.put)]
    if what == "share":
        await side.collections.share(ADMIN, shelf.id, share)
    elif what == "unshare":
        await tried(side.collections.unshare(ADMIN, shelf.id, share))
    elif what == "group":
        if not await side.groups.add(ADMIN, "legal", member):
            await side.groups.remove(ADMIN, "legal", member)
    elif what == "readers":
        await tried(
            side.documents.update(ADMIN, paper.collection, paper.file, {"kyozon:readers": readers, "n": float(number)})
        )
    elif what == "raise":
        value = paper.file if pick % 3 else paper.id
        await side.provenance.raise_label(Wish("default", value, Label(Level.RESTRICTED), "ann", "a secret"))
    elif what == "detach":
        await tried(side.documents.detach(ADMIN, paper.collection, paper.file))
    else:
        await tried(side.files.delete(ADMIN, paper.file))


async def _put(side: Side, owner: Caller, shelf: Collection, text: str, label: Label, readers: str) -> None:
    file = await side.files.add(owner, NewFile(f"{text}.txt", label=label), words(text))
    attaching = Attaching({"kyozon:readers": readers} if readers else {})
    document = await side.documents.attach(owner, shelf.id, file.id, attaching)
    side.put.append(document)
    await side.take_in(document, text)


async def test_everybody_sees_the_same_in_both_after_each_step(database: Database) -> None:
    memory, postgres = in_memory(), in_postgres(database)
    look, *chances = [random.Random(20261122) for _ in range(3)]  # noqa: S311 - the same steps each time
    for number in range(STEPS):
        for side, chance in zip((memory, postgres), chances, strict=True):
            await step(side, chance, number)
        for caller in PEOPLE if number == STEPS - 1 else look.sample(PEOPLE, 1):
            assert await seen(memory, caller) == await seen(postgres, caller)
    assert len(postgres.put) > STEPS // 4
