"""Random owners, groups, shares, readers, labels and clearances: who sees what is as a simple oracle says."""

import random
from itertools import product

from msgspec import Struct

from kyozon.domain.callers import Caller
from kyozon.domain.errors import NotFound
from kyozon.domain.knowledge import Collection, Document, Share
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.ports.knowledge import Chosen, Page
from kyozon.services.provenance import Wish
from kyozon.storage.database import Database
from tests.fakes.bookshelf import Bookshelf, person

USERS, GROUPS, ROLES, COMPARTMENTS = ("ann", "ben", "cai"), ("legal", "hr"), ("review", "audit"), ("pii", "jp-only")
LEVELS = tuple(Level)
ADMIN = person("root", admin=True)
ROUNDS, DOCUMENTS = 4, 6


class World(Struct):
    """What was made, and who is in which group."""

    collections: list[tuple[Collection, set[Share]]]
    documents: list[tuple[Document, str, Label, set[str]]]
    members: set[tuple[str, str]]


def names_of(world: World, caller: Caller) -> set[str]:
    groups = {f"group:{group}" for group, member in world.members if member == caller.key.user}
    return {f"user:{caller.key.user}", *groups, *(f"role:{role}" for role in caller.key.roles)}


def may_read(world: World, caller: Caller, collection: Collection, shares: set[Share]) -> bool:
    named = {"everyone:", *names_of(world, caller)}
    shared = any(f"{share.kind}:{share.name}" in named for share in shares)
    opened = caller.key.admin or caller.key.user == collection.owner or shared
    return caller.tenant == collection.tenant and opened and collection.label.within(caller.key.clearance)


def expected(world: World, caller: Caller, index: int) -> set[str]:
    """The files that a caller sees in a collection."""
    collection, shares = world.collections[index]
    if not may_read(world, caller, collection, shares):
        return set()
    return {
        document.file
        for document, owner, label, readers in world.documents
        if document.collection == collection.id
        and (not readers or caller.key.admin or (readers | {f"user:{owner}"}) & names_of(world, caller))
        and label.join(collection.label).within(caller.key.clearance)
    }


def some_label(chance: random.Random, levels: tuple[Level, ...] = LEVELS) -> Label:
    return Label(chance.choice(levels), frozenset(name for name in COMPARTMENTS if chance.random() < 0.2))


def some_share(chance: random.Random) -> Share:
    kind = chance.choice(("user", "group", "role", "everyone"))
    name = {"user": USERS, "group": GROUPS, "role": ROLES, "everyone": ("",)}[kind]
    return Share(kind, chance.choice(name), chance.choice(("read", "write")))  # type: ignore[arg-type]


def some_caller(chance: random.Random) -> Caller:
    compartments = chance.choice([frozenset({"*"}), frozenset(), frozenset({"pii"}), frozenset(COMPARTMENTS)])
    clearance = Clearance(chance.choice(LEVELS), compartments)
    roles = frozenset(role for role in ROLES if chance.random() < 0.4)
    tenant = "elsewhere" if chance.random() < 0.1 else "default"
    return person(chance.choice(USERS), clearance, roles=roles, tenant=tenant, admin=chance.random() < 0.15)


async def made(shelf: Bookshelf, chance: random.Random) -> World:
    world = World([], [], set())
    for group, member in product(GROUPS, USERS):
        if chance.random() < 0.4:
            await shelf.groups.add(ADMIN, group, member)
            world.members.add((group, member))
    for maker in map(person, chance.choices(USERS, k=3)):
        shares = {(share.kind, share.name): share for share in (some_share(chance) for _ in range(chance.randrange(3)))}
        made = await shelf.collection(maker, *shares.values(), label=some_label(chance, LEVELS[:3]))
        world.collections.append((made, set(shares.values())))
    for _ in range(DOCUMENTS):
        collection, _shares = chance.choice(world.collections)
        owner, label = chance.choice(USERS), some_label(chance)
        names = (
            [f"user:{name}" for name in USERS] + [f"group:{name}" for name in GROUPS] + [f"role:{name}" for name in ROLES]
        )
        readers = set(chance.sample(names, chance.choice((0, 0, 1, 2))))
        bringer = person(owner, admin=True)
        document = await shelf.document(bringer, collection, label=label, readers=",".join(readers))
        world.documents.append((document, owner, label, readers))
    return world


async def seen(shelf: Bookshelf, caller: Caller, collection: str) -> set[str]:
    counts = (await shelf.documents.counts(caller, (collection,)))[collection]
    try:
        found, more = await shelf.documents.list(caller, Chosen(collection), Page(limit=2))
        while more:
            page, more = await shelf.documents.list(caller, Chosen(collection), Page(limit=2, after=found[-1].file))
            found += page
    except NotFound:
        found = ()
    assert counts.total == len(found)
    return {document.file for document in found}


async def changed(shelf: Bookshelf, chance: random.Random, world: World) -> None:
    """Something about rights is different from now on."""
    what = chance.choice(("group", "share", "readers", "label"))
    index = chance.randrange(DOCUMENTS)
    document, owner, label, readers = world.documents[index]
    if what == "group":
        member = chance.choice(GROUPS), chance.choice(USERS)
        if member in world.members:
            await shelf.groups.remove(ADMIN, *member)
        else:
            await shelf.groups.add(ADMIN, *member)
        world.members ^= {member}
    elif what == "share":
        collection, shares = chance.choice(world.collections)
        share = chance.choice(sorted(shares, key=str)) if shares and chance.random() < 0.6 else some_share(chance)
        same = {other for other in shares if (other.kind, other.name) == (share.kind, share.name)}
        if same:
            await shelf.collections.unshare(ADMIN, collection.id, share)
            shares -= same
        else:
            await shelf.collections.share(ADMIN, collection.id, share)
            shares.add(share)
    elif what == "readers":
        new = set(chance.sample(["user:ann", "user:ben", "group:legal", "role:audit"], chance.choice((0, 1, 2))))
        await shelf.documents.update(ADMIN, document.collection, document.file, {"kyozon:readers": ",".join(new)})
        world.documents[index] = document, owner, label, new
    else:
        higher = label.join(Label(label.level, frozenset({"pii"})))
        await shelf.provenance.raise_label(Wish("default", document.file, higher, "ann", "found a name in it"))
        world.documents[index] = document, owner, higher, readers


async def test_who_sees_what_is_as_the_oracle_says_before_and_after_each_change(database: Database) -> None:
    shelf, chance = Bookshelf(database), random.Random(20261122)  # noqa: S311 - the same worlds each time
    world = await made(shelf, chance)
    shown = hidden = 0

    for _ in range(ROUNDS * 6):
        for caller, index in product([some_caller(chance) for _ in range(3)], range(3)):
            wanted, collection = expected(world, caller, index), world.collections[index][0]
            assert await seen(shelf, caller, collection.id) == wanted
            there = {one.id for one in (await shelf.collections.list(caller, Page()))[0]}
            assert (collection.id in there) == may_read(world, caller, *world.collections[index])
            shown, hidden = shown + len(wanted), hidden + (not wanted)
        await changed(shelf, chance, world)

    assert shown > 20
    assert hidden > 20
