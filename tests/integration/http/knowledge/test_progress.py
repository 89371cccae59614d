"""How soon files on their way will be there, with OpenAI's own client."""

from typing import Any

import pytest
from openai import AsyncOpenAI

from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import Progress
from kyozon.storage.encoding import to_json
from tests.fakes.library import Library

_TOLD = """
UPDATE document SET progress = $2::jsonb, claimed_by = CASE WHEN status = 'in_progress' THEN 'srv/1' END WHERE file_id = $1
"""
_READING = Progress("reading", 3, 6, 2.0)
_HALF = Progress("embedding", 4, 9, 12.0, 15.04)
_DONE = Progress("embedding", 9, 9, 20.0, 0.0)


async def _file(client: AsyncOpenAI, bytes_: int) -> str:
    public = {"x-kyozon-label": "public"}
    return (await client.files.create(file=("a.txt", b"x" * bytes_), purpose="assistants", extra_headers=public)).id


async def _told(house: Library, file: str, progress: Progress) -> None:
    """What whoever takes it in has said of it."""
    async with house.shelf.database.writing() as connection:
        await connection.execute(_TOLD, file, to_json(progress))


async def _taken_in(house: Library, store: str, file: str) -> None:
    caller = Caller(house.key_store.by_id["key_ann"])
    await house.shelf.taken_in(await house.shelf.documents.get(caller, store, file), "words")


def _progress(found: Any) -> Any:
    return found.to_dict().get("progress")


@pytest.fixture
async def store(ann: AsyncOpenAI) -> str:
    """A vector store of hers."""
    return (await ann.vector_stores.create(extra_headers={"x-kyozon-label": "public"})).id


async def test_a_file_says_how_long_it_will_take_once_that_can_be_known(
    house: Library, ann: AsyncOpenAI, store: str
) -> None:
    file = await _file(ann, 100)
    await ann.vector_stores.files.create(store, file_id=file)
    told = {}
    for name, progress in (("reading", _READING), ("embedding", _HALF)):
        await _told(house, file, progress)
        told[name] = _progress(await ann.vector_stores.files.retrieve(file, vector_store_id=store))
    assert told["reading"] == {"stage": "reading", "done": 3, "total": 6, "share": 0.05, "seconds_left": None}
    assert told["embedding"] == {"stage": "embedding", "done": 4, "total": 9, "share": 0.5, "seconds_left": 15.0}
    assert _progress(await ann.vector_stores.retrieve(store)) == {"share": 0.5, "seconds_left": 15.0}
    await _taken_in(house, store, file)
    assert _progress(await ann.vector_stores.files.retrieve(file, vector_store_id=store)) is None
    assert _progress(await ann.vector_stores.retrieve(store)) is None


async def test_of_many_files_those_that_are_done_tell_how_long_the_others_take(
    house: Library, ann: AsyncOpenAI, store: str
) -> None:
    done, doing, *waiting = [await _file(ann, 100) for _ in range(4)]
    batch = await ann.vector_stores.file_batches.create(store, file_ids=[done, doing, *waiting])
    assert _progress(batch) == {"share": 0.0, "seconds_left": None}
    await _taken_in(house, store, done)
    assert _progress(await ann.vector_stores.retrieve(store)) == {"share": 0.25, "seconds_left": None}
    await _told(house, done, _DONE)
    await _told(house, doing, _HALF)
    expected = {"share": 0.375, "seconds_left": 50.0}  # two and a half files, one after the other, of 20 s each
    assert _progress(await ann.vector_stores.retrieve(store)) == expected
    assert _progress(await ann.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store)) == expected
    assert [_progress(one) async for one in ann.vector_stores.list()] == [expected]
    gone = await ann.vector_stores.file_batches.cancel(batch.id, vector_store_id=store)
    assert _progress(gone) is None


async def test_files_that_somebody_may_not_see_have_no_say(house: Library, ann: AsyncOpenAI, ben: AsyncOpenAI) -> None:
    store = (await ann.vector_stores.create(extra_headers={"x-kyozon-label": "public"})).id
    kyozon = ann.with_options(base_url=str(ann.base_url).replace("/v1/", "/kyozon/v1/"))
    await kyozon.put(f"/collections/{store}/shares", body={"kind": "user", "name": "ben"}, cast_to=object)
    hers, shared = await _file(ann, 900), await _file(ann, 100)
    await ann.vector_stores.files.create(store, file_id=hers, attributes={"kyozon:readers": "user:ann"})
    await ann.vector_stores.files.create(store, file_id=shared)
    await _told(house, shared, _HALF)
    assert _progress(await ben.vector_stores.retrieve(store)) == {"share": 0.5, "seconds_left": 15.0}
    assert _progress(await ann.vector_stores.retrieve(store)) == {"share": 0.05, "seconds_left": None}
