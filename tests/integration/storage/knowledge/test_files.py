"""Files: whole or not at all, under a label, their owner's alone, gone without a trace of their words."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kyozon.bootstrap.world import WORLD
from kyozon.domain.errors import InvalidRequest, NotAllowed, NotFound, NotPermitted, TooLarge
from kyozon.domain.knowledge import Share
from kyozon.domain.labels import Clearance, Level, parse_label
from kyozon.ports.knowledge import Page
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.knowledge.expiring import Expiring
from kyozon.services.knowledge.files import NewFile
from kyozon.storage.audit.retention import Retention
from kyozon.storage.database import Database
from kyozon.storage.knowledge.uploads import PostgresUploads
from tests.fakes.bookshelf import CONFIDENTIAL, INTERNAL, PUBLIC, Bookshelf, bytes_of, person

ANN, BEN = person("ann"), person("ben")
ADMIN = person("root", admin=True)
_PLAIN = Attaching()
KEPT = "SELECT (SELECT count(*) FROM file) + (SELECT count(*) FROM file_piece) + (SELECT count(*) FROM stored_value)"


@pytest.fixture
def shelf(database: Database) -> Bookshelf:
    return Bookshelf(database)


async def test_a_file_comes_back_byte_by_byte_whatever_its_pieces_were(shelf: Bookshelf) -> None:
    body = bytes(range(256)) * 10_000  # two and a half mebibytes

    file = await shelf.files.add(
        ANN, NewFile("C:\\papers\\計画.pdf"), bytes_of(body[:7], body[7:1_500_000], body[1_500_000:])
    )
    pieces = [piece async for piece in await shelf.files.content(ANN, file.id)]

    assert b"".join(pieces) == body
    assert max(map(len, pieces)) == 1 << 20
    assert (file.filename, file.bytes, file.sha256) == ("計画.pdf", len(body), hashlib.sha256(body).hexdigest())
    assert file.id.startswith("file-")
    assert await shelf.files.get(ANN, file.id) == file


async def test_a_file_that_breaks_off_or_is_too_large_leaves_nothing(shelf: Bookshelf) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the client has left")

    with pytest.raises(RuntimeError):
        await shelf.files.add(ANN, NewFile("a.txt"), breaks())
    with pytest.raises(TooLarge, match="4 MiB"):
        await shelf.files.add(ANN, NewFile("a.txt"), bytes_of(*[bytes(1 << 20)] * 5))
    with pytest.raises(InvalidRequest):
        await shelf.files.add(ANN, NewFile("papers/"), bytes_of(b"x"))

    assert await shelf.count(KEPT) == 0


async def test_a_file_is_labelled_as_a_request_would_be(shelf: Bookshelf) -> None:
    floor = person("cai", default_label=PUBLIC, label_floor=parse_label("internal+pii"))
    low = person("dan", clearance=Clearance(Level.INTERNAL))

    undeclared = await shelf.files.add(floor, NewFile("a.txt"), bytes_of(b"a"))
    declared = await shelf.files.add(floor, NewFile("a.txt", label=CONFIDENTIAL), bytes_of(b"a"))

    labels = await shelf.provenance.labels("default", (undeclared.id, declared.id))
    assert [str(labels[name]) for name in (undeclared.id, declared.id)] == ["internal+pii", "confidential+pii"]
    with pytest.raises(NotPermitted, match="clearance"):
        await shelf.files.add(low, NewFile("a.txt", label=CONFIDENTIAL), bytes_of(b"a"))


async def test_no_user_lists_or_opens_the_files_of_another(shelf: Bookshelf) -> None:
    """As it happened elsewhere: every user could list all files, and have the assistant answer with another one's."""
    mine, his = await shelf.file(ANN), await shelf.file(BEN)

    assert (await shelf.files.list(BEN, None, Page()))[0] == (his,)
    for attempt in (shelf.files.get, shelf.files.content, shelf.files.delete):
        with pytest.raises(NotFound) as refused:
            await attempt(BEN, mine.id)
        with pytest.raises(NotFound) as never_was:
            await attempt(BEN, "file-0")
        assert refused.value.text.en.replace(mine.id, "file-0") == never_was.value.text.en
        assert refused.value.text.ja.replace(mine.id, "file-0") == never_was.value.text.ja
    assert set((await shelf.files.list(ADMIN, None, Page()))[0]) == {mine, his}
    stranger = person("ann", tenant="elsewhere", admin=True)
    assert await shelf.files.list(stranger, None, Page()) == ((), False)
    with pytest.raises(NotFound):
        await shelf.files.get(stranger, mine.id)


async def test_ones_own_file_is_not_there_for_a_key_that_may_not_read_it(shelf: Bookshelf) -> None:
    secret = await shelf.file(ANN, label=CONFIDENTIAL)

    for low in (person("ann", Clearance(Level.INTERNAL)), person("ann", Clearance(Level.INTERNAL), admin=True)):
        assert await shelf.files.list(low, None, Page()) == ((), False)
        with pytest.raises(NotFound):
            await shelf.files.get(low, secret.id)


async def test_lists_are_read_in_pages_both_ways_and_a_name_that_never_was_bounds_like_any_other(shelf: Bookshelf) -> None:
    files = [(await shelf.file(ANN)).id for _ in range(5)]

    async def page(**said: object) -> tuple[list[int], bool]:
        found, more = await shelf.files.list(ANN, None, Page(**said))  # type: ignore[arg-type]
        return [files.index(file.id) for file in found], more

    assert await page(limit=2) == ([4, 3], True)
    assert await page(limit=2, after=files[3]) == ([2, 1], True)
    assert await page(limit=2, after=files[1]) == ([0], False)
    assert await page(limit=2, before=files[1]) == ([3, 2], True)
    assert await page(limit=2, before=files[3]) == ([4], False)
    assert await page(limit=3, ascending=True, after=files[0]) == ([1, 2, 3], True)
    assert await page(limit=2, ascending=True, before=files[3]) == ([1, 2], True)
    assert await page(ascending=True, after=files[0], before=files[3]) == ([1, 2], False)
    assert await page(limit=2, after=files[3] + "0") == ([3, 2], True)
    assert await shelf.files.list(ANN, "vision", Page()) == ((), False)


async def test_handing_out_a_file_is_on_record_before_its_first_byte(shelf: Bookshelf) -> None:
    file = await shelf.file(ANN, label=INTERNAL)

    await shelf.files.content(ANN, file.id)

    (delivery,) = (await shelf.provenance.exposure("default", file.id)).deliveries
    assert (delivery.delivery.zone, delivery.delivery.user, delivery.permitted_now) == ("caller", "ann", True)
    assert delivery.delivery.sha256 == ""


async def test_a_deleted_file_is_gone_from_every_collection_and_only_its_name_and_label_stay(shelf: Bookshelf) -> None:
    one, other = await shelf.collection(ANN), await shelf.collection(ANN, Share("everyone"))
    document = await shelf.document(ANN, one)
    await shelf.taken_in(await shelf.documents.attach(ANN, other.id, document.file, _PLAIN))

    await shelf.files.delete(ANN, document.file)

    for table in ("file", "file_piece", "document", "document_text", "chunk", "chunk_vector"):
        assert await shelf.count(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608 - constants
    assert await shelf.count("SELECT count(*) FROM document_gone") == 2
    kept = (await shelf.provenance.own("default", document.file), await shelf.provenance.own("default", document.id))
    assert [(value.kind, str(value.label), value.sha256) for value in kept] == [
        ("file", "public", ""),
        ("document", "public", ""),
    ]


async def test_a_legal_hold_keeps_files_whoever_deletes_them(shelf: Bookshelf) -> None:
    file = await shelf.files.add(ANN, NewFile("a.txt", expires_at=WORLD.now() - timedelta(days=1)), bytes_of(b"a"))
    retention = Retention(shelf.database, WORLD)
    hold = await retention.place("default", "a case")

    with pytest.raises(NotAllowed, match=hold.id):
        await shelf.files.delete(ANN, file.id)
    await Expiring(shelf.stored, shelf.gathered, shelf.shelved, PostgresUploads(shelf.database), WORLD).expire()
    assert await shelf.files.get(ANN, file.id) == file

    await retention.lift(hold.id)
    await shelf.files.delete(ANN, file.id)
