"""Who sees a collection and what is in it. What one may not see is told in the words of what never was."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, KyozonError, NotAllowed, NotFound, NotPermitted
from kyozon.domain.knowledge import Share
from kyozon.domain.labels import Clearance, Level
from kyozon.ports.knowledge import Chosen, CollectionChange, Counts, Page
from kyozon.services.knowledge.collections import NewCollection
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.provenance import Wish
from kyozon.storage.database import Database
from tests.fakes.bookshelf import CONFIDENTIAL, INTERNAL, PUBLIC, Bookshelf, person

ANN, BEN, CAI = person("ann"), person("ben"), person("cai", roles=frozenset({"review"}))
ADMIN = person("root", admin=True)
LOW = person("ben", clearance=Clearance(Level.INTERNAL))
NOWHERE = "vs_0"


@pytest.fixture
def shelf(database: Database) -> Bookshelf:
    return Bookshelf(database)


async def seen(shelf: Bookshelf, caller: Caller, collection: str) -> list[str]:
    """The files that somebody sees in a collection, by every way there is; none where he may not know of it."""
    try:
        listed, _ = await shelf.documents.list(caller, Chosen(collection), Page())
    except NotFound:
        listed = ()
        assert collection not in [one.id for one in (await shelf.collections.list(caller, Page()))[0]]
    counts = (await shelf.documents.counts(caller, (collection,)))[collection]
    assert counts == Counts(completed=len(listed), bytes=sum(document.bytes for document in listed))
    for document in listed:
        assert await shelf.documents.get(caller, collection, document.file) == document
        assert len(await shelf.documents.chunks(caller, collection, document.file)) == 1
    return [document.file for document in listed]


async def refusal(attempt: Awaitable[object], name: str) -> tuple[type[KyozonError], str, str]:
    """How something is refused, without the name that was asked for."""
    with pytest.raises(KyozonError) as refused:
        await attempt
    text = refused.value.text
    return type(refused.value), text.en.replace(name, "NAME"), text.ja.replace(name, "NAME")


async def test_a_collection_is_open_to_its_owner_admins_and_those_it_is_shared_with(shelf: Bookshelf) -> None:
    private = await shelf.collection(ANN)
    file = (await shelf.document(ANN, private)).file

    assert await seen(shelf, ANN, private.id) == await seen(shelf, ADMIN, private.id) == [file]
    assert await seen(shelf, BEN, private.id) == await seen(shelf, CAI, private.id) == []
    for share, who in ((Share("user", "ben"), BEN), (Share("role", "review"), CAI), (Share("group", "legal"), BEN)):
        await shelf.groups.add(ADMIN, "legal", "ben")
        await shelf.collections.share(ANN, private.id, share)
        assert await seen(shelf, who, private.id) == [file]
        await shelf.collections.unshare(ANN, private.id, share)
        assert await seen(shelf, who, private.id) == []
    await shelf.collections.share(ANN, private.id, Share("everyone"))
    assert await seen(shelf, BEN, private.id) == await seen(shelf, CAI, private.id) == [file]
    assert await seen(shelf, person("ben", tenant="elsewhere"), private.id) == []
    assert await seen(shelf, person("root", tenant="elsewhere", admin=True), private.id) == []


async def test_what_stays_with_its_owner_is_read_by_no_other_member_by_any_endpoint(shelf: Bookshelf) -> None:
    """As it happened elsewhere: what was marked as its owner's alone was read by other members through the API."""
    mine = await shelf.collection(ANN)
    file = (await shelf.document(ANN, mine)).file
    attempts: tuple[Callable[[str, str], Awaitable[Any]], ...] = (
        lambda name, _: shelf.collections.get(BEN, name),
        lambda name, _: shelf.collections.update(BEN, name, CollectionChange("theirs")),
        lambda name, _: shelf.collections.delete(BEN, name),
        lambda name, _: shelf.collections.share(BEN, name, Share("user", "ben")),
        lambda name, _: shelf.collections.unshare(BEN, name, Share("user", "ann")),
        lambda name, _: shelf.documents.list(BEN, Chosen(name), Page()),
        lambda name, file: shelf.documents.get(BEN, name, file),
        lambda name, file: shelf.documents.chunks(BEN, name, file),
        lambda name, file: shelf.documents.attach(BEN, name, file, Attaching()),
        lambda name, file: shelf.documents.update(BEN, name, file, {}),
        lambda name, file: shelf.documents.detach(BEN, name, file),
        lambda name, _: shelf.documents.batch(BEN, name, "vsfb_0"),
        lambda name, _: shelf.documents.cancel(BEN, name, "vsfb_0"),
    )

    for attempt in attempts:
        assert await refusal(attempt(mine.id, file), mine.id) == await refusal(attempt(NOWHERE, file), NOWHERE)
    assert (await shelf.documents.counts(BEN, (mine.id,)))[mine.id] == Counts()
    assert await shelf.collections.list(BEN, Page()) == ((), False)
    assert await seen(shelf, ANN, mine.id) == [file]


async def test_a_shared_collection_does_not_open_another_that_holds_the_same_file(shelf: Bookshelf) -> None:
    """As it happened elsewhere: private knowledge was read by way of something that was shared."""
    private, shared = await shelf.collection(ANN), await shelf.collection(ANN, Share("everyone"))
    document = await shelf.document(ANN, private)
    await shelf.taken_in(await shelf.documents.attach(ANN, shared.id, document.file, Attaching()))

    assert await seen(shelf, BEN, shared.id) == [document.file]
    assert await seen(shelf, BEN, private.id) == []
    with pytest.raises(NotFound):
        await shelf.files.get(BEN, document.file)
    with pytest.raises(NotFound):
        await shelf.documents.attach(BEN, (await shelf.collection(BEN)).id, document.file, Attaching())


async def test_a_share_to_read_changes_nothing_and_one_to_write_shares_nothing(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("user", "ben"), Share("user", "cai", "write"))
    document, his = await shelf.document(ANN, papers), await shelf.file(CAI)

    for refused in (
        shelf.documents.detach(BEN, papers.id, document.file),
        shelf.documents.update(BEN, papers.id, document.file, {}),
        shelf.documents.attach(BEN, papers.id, (await shelf.file(BEN)).id, Attaching()),
        shelf.collections.share(CAI, papers.id, Share("everyone")),
        shelf.collections.delete(CAI, papers.id),
        shelf.collections.update(CAI, papers.id, CollectionChange("theirs")),
    ):
        with pytest.raises(NotAllowed):
            await refused
    await shelf.taken_in(await shelf.documents.attach(CAI, papers.id, his.id, Attaching({"year": 2026.0})))
    assert (await shelf.documents.update(CAI, papers.id, document.file, {"draft": True})).attributes == {"draft": True}
    assert len(await seen(shelf, BEN, papers.id)) == 2
    assert (await shelf.collections.get(BEN, papers.id)).shares == ()
    assert {share.name for share in (await shelf.collections.get(ANN, papers.id)).shares} == {"ben", "cai"}


async def test_a_document_with_readers_is_there_for_them_for_its_bringer_and_for_admins(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("everyone", right="write"))
    open_to_all = (await shelf.document(ANN, papers)).file
    await shelf.groups.add(ADMIN, "legal", "cai")
    for readers in ("user:cai", "group:legal", "role:review", "group:hr, user:cai"):
        bound = (await shelf.document(BEN, papers, readers=readers)).file
        assert await seen(shelf, ANN, papers.id) == [open_to_all], readers
        assert await seen(shelf, CAI, papers.id) == await seen(shelf, ADMIN, papers.id) == [bound, open_to_all]
        assert await seen(shelf, BEN, papers.id) == [bound, open_to_all]
        hidden = refusal(shelf.documents.detach(ANN, papers.id, bound), bound)
        assert await hidden == await refusal(shelf.documents.detach(ANN, papers.id, "file-0"), "file-0")
        await shelf.documents.detach(BEN, papers.id, bound)


async def test_other_attributes_leave_the_readers_and_only_an_empty_list_lifts_them(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("everyone"))
    file = (await shelf.document(ANN, papers, readers="group:legal")).file

    kept = await shelf.documents.update(ANN, papers.id, file, {"year": 2026.0})
    assert (sorted(kept.readers), kept.attributes) == (["group:legal", "user:ann"], {"year": 2026.0})
    assert await seen(shelf, BEN, papers.id) == []
    await shelf.documents.update(ANN, papers.id, file, {"kyozon:readers": ""})
    assert await seen(shelf, BEN, papers.id) == [file]
    again = await shelf.documents.attach(ANN, papers.id, file, Attaching({"kyozon:readers": "user:cai"}))
    assert again.readers == {"user:cai", "user:ann"}
    assert await seen(shelf, BEN, papers.id) == []
    for wrong in ("legal", "group:", "everyone", "user:a b,group:x,nobody", 3.0):
        with pytest.raises(InvalidRequest, match="kyozon:readers"):
            await shelf.documents.update(ANN, papers.id, file, {"kyozon:readers": wrong})


async def test_a_document_above_the_clearance_is_not_there_whoever_asks(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("everyone"), label=INTERNAL)
    low = (await shelf.document(ANN, papers)).file
    high = (await shelf.document(ANN, papers, label=CONFIDENTIAL)).file

    assert await seen(shelf, BEN, papers.id) == [high, low]
    assert await seen(shelf, LOW, papers.id) == [low]
    assert await seen(shelf, person("root", Clearance(Level.INTERNAL), admin=True), papers.id) == [low]
    assert await seen(shelf, person("ben", Clearance(Level.PUBLIC)), papers.id) == []
    assert (await shelf.documents.get(BEN, papers.id, high)).label == CONFIDENTIAL
    await shelf.provenance.raise_label(Wish("default", low, CONFIDENTIAL, "ann", "names a customer"))
    assert await seen(shelf, LOW, papers.id) == []
    with pytest.raises(NotPermitted):
        await shelf.collections.create(LOW, NewCollection("x", label=CONFIDENTIAL))


async def test_leaving_a_group_is_felt_with_the_next_request_and_on_record_without_a_name(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("group", "legal"))
    file = (await shelf.document(ANN, papers)).file

    assert await shelf.groups.add(ADMIN, "legal", "ben")
    assert not await shelf.groups.add(ADMIN, "legal", "ben")
    assert await seen(shelf, BEN, papers.id) == [file]
    assert await shelf.groups.all(ADMIN) == {"legal": ["ben"]}
    await shelf.groups.remove(ADMIN, "legal", "ben")
    assert await seen(shelf, BEN, papers.id) == []
    for refused in (shelf.groups.add(ANN, "legal", "ann"), shelf.groups.remove(ANN, "legal", "x"), shelf.groups.all(ANN)):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(NotFound):
        await shelf.groups.remove(ADMIN, "legal", "ben")
    with pytest.raises(InvalidRequest):
        await shelf.groups.add(ADMIN, "a,b", "ben")


async def test_a_batch_is_whole_and_counts_what_its_reader_sees(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("everyone", right="write"))
    files = [(await shelf.file(ANN)).id for _ in range(3)]
    hidden = Attaching({"kyozon:readers": "user:ann"})

    with pytest.raises(NotFound):
        await shelf.documents.attach_batch(ANN, papers.id, [(files[0], Attaching()), ("file-0", Attaching())])
    assert await shelf.count("SELECT count(*) FROM document") == 0
    batch = await shelf.documents.attach_batch(ANN, papers.id, [(files[0], hidden), *[(f, Attaching()) for f in files[1:]]])

    assert batch.counts == Counts(in_progress=3)
    assert (await shelf.documents.batch(BEN, papers.id, batch.id)).counts == Counts(in_progress=2)
    assert (await shelf.documents.cancel(BEN, papers.id, batch.id)).counts == Counts(cancelled=2)
    assert (await shelf.documents.batch(ANN, papers.id, batch.id)).counts == Counts(in_progress=1, cancelled=2)
    with pytest.raises(NotFound):
        await shelf.documents.batch(ANN, papers.id, "vsfb_0")


async def test_a_batch_that_is_not_there_is_called_a_batch(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN)
    with pytest.raises(NotFound, match="there is no batch of files 'vsfb_0' here") as refused:
        await shelf.documents.batch(ANN, papers.id, "vsfb_0")
    assert refused.value.param == "batch_id"


async def test_a_user_may_have_any_name_that_a_key_may(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN, Share("user", "Ben Smith"))
    file = (await shelf.document(ANN, papers)).file
    assert await seen(shelf, person("Ben Smith"), papers.id) == [file]
    await shelf.collections.unshare(ANN, papers.id, Share("user", "Ben Smith"))
    assert await seen(shelf, person("Ben Smith"), papers.id) == []
    for wrong in (Share("user", " "), Share("user", "b" * 256), Share("role", "two words")):
        with pytest.raises(InvalidRequest):
            await shelf.collections.share(ANN, papers.id, wrong)


async def test_a_file_is_in_a_collection_once_and_begun_anew_where_it_failed(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN)
    first = await shelf.documents.attach(ANN, papers.id, (await shelf.file(ANN)).id, Attaching({"a": "1"}))
    async with shelf.database.reading() as connection:
        await connection.execute("UPDATE document SET status = 'failed'")

    second = await shelf.documents.attach(ANN, papers.id, first.file, Attaching({"b": "2"}))
    third = await shelf.documents.attach(ANN, papers.id, first.file, Attaching())

    assert second.id != first.id
    assert (third.id, third.status, third.attributes) == (second.id, "in_progress", {"b": "2"})
    assert await shelf.count("SELECT count(*) FROM document") == 1


async def test_of_two_who_attach_the_same_file_at_once_both_get_the_same_document(shelf: Bookshelf) -> None:
    papers, file = await shelf.collection(ANN), await shelf.file(ANN)

    found = await asyncio.gather(*[shelf.documents.attach(ANN, papers.id, file.id, Attaching()) for _ in range(5)])

    assert len({document.id for document in found}) == 1
    assert await shelf.count("SELECT count(*) FROM document") == 1


async def test_a_file_that_goes_while_it_is_attached_is_in_no_collection(shelf: Bookshelf) -> None:
    papers, files = await shelf.collection(ANN), [await shelf.file(ANN) for _ in range(6)]

    done = await asyncio.gather(
        *[shelf.documents.attach(ANN, papers.id, file.id, Attaching()) for file in files],
        *[shelf.files.delete(ANN, file.id) for file in files],
        return_exceptions=True,
    )

    assert all(not isinstance(one, Exception) or isinstance(one, NotFound) for one in done)
    assert await shelf.count("SELECT (SELECT count(*) FROM document) + (SELECT count(*) FROM file)") == 0


async def test_what_is_done_to_collections_is_on_record_under_pseudonyms(shelf: Bookshelf) -> None:
    papers = await shelf.collection(ANN)
    await shelf.collections.share(ANN, papers.id, Share("user", "ben"))
    await shelf.collections.unshare(ANN, papers.id, Share("user", "ben"))
    await shelf.collections.update(ANN, papers.id, CollectionChange("New", expires_days=3))
    document = await shelf.document(ANN, papers)
    await shelf.documents.update(ANN, papers.id, document.file, {})
    await shelf.documents.detach(ANN, papers.id, document.file)
    await shelf.collections.delete(ANN, papers.id)

    async with shelf.database.reading() as connection:
        rows = await connection.fetch("SELECT action, body FROM audit_event ORDER BY id")
    assert [row["action"] for row in rows] == [
        *("collection:created", "collection:shared", "collection:unshared", "collection:changed", "file:uploaded"),
        *("document:attached", "document:changed", "document:detached", "collection:deleted"),
    ]
    assert all('"ben"' not in row["body"] and "Papers" not in row["body"] for row in rows)
    assert (await shelf.provenance.label("default", (document.id,))) == PUBLIC
