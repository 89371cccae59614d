"""Vector stores that nobody has used for their days, with OpenAI's own client."""

import openai as sdk
import pytest
from openai import AsyncOpenAI

from kyozon.bootstrap.world import WORLD
from kyozon.domain.callers import Caller
from kyozon.services.knowledge.expiring import Expiring
from kyozon.storage.knowledge.uploads import PostgresUploads
from tests.fakes.library import Library

_IDLE = """
UPDATE collection SET last_active_at = last_active_at - interval '8 days', expires_at = expires_at - interval '8 days'
WHERE id = $1
"""


async def test_its_files_are_still_listed_so_that_it_can_be_made_anew(house: Library, ann: AsyncOpenAI) -> None:
    public = {"x-kyozon-label": "public"}
    week = {"anchor": "last_active_at", "days": 7}
    file = await ann.files.create(file=("a.txt", b"words"), purpose="assistants", extra_headers=public)
    store = await ann.vector_stores.create(file_ids=[file.id], expires_after=week, extra_headers=public)  # type: ignore[arg-type]
    caller = Caller(house.key_store.by_id["key_ann"])
    await house.shelf.taken_in(await house.shelf.documents.get(caller, store.id, file.id), "words")
    assert (await ann.vector_stores.retrieve(store.id)).status == "completed"
    assert len((await ann.vector_stores.search(store.id, query="words")).data) == 1
    async with house.shelf.database.writing() as connection:
        await connection.execute(_IDLE, store.id)

    for emptied in (False, True):  # it has expired from that moment on, whoever tidies up and when
        if emptied:
            shelf = house.shelf
            await Expiring(shelf.stored, shelf.gathered, shelf.shelved, PostgresUploads(shelf.database), WORLD).expire()
        found = await ann.vector_stores.retrieve(store.id)
        assert (found.status, found.file_counts.completed) == ("expired", 0 if emptied else 1)
        with pytest.raises(sdk.BadRequestError, match="has expired") as refused:
            await ann.vector_stores.search(store.id, query="words")
        assert refused.value.param == "vector_store_id"
        with pytest.raises(sdk.BadRequestError, match="has expired"):
            await ann.vector_stores.files.create(store.id, file_id=file.id)

    files = [one.id async for one in ann.vector_stores.files.list(store.id)]
    assert (await ann.vector_stores.files.content(file.id, vector_store_id=store.id)).data == []
    again = await ann.vector_stores.create(file_ids=files, extra_headers=public)
    assert again.file_counts.in_progress == 1
    assert (await ann.vector_stores.delete(store.id)).deleted


async def test_to_others_it_is_not_there(house: Library, ann: AsyncOpenAI, ben: AsyncOpenAI) -> None:
    week = {"anchor": "last_active_at", "days": 7}
    store = await ann.vector_stores.create(expires_after=week, extra_headers={"x-kyozon-label": "public"})  # type: ignore[arg-type]
    async with house.shelf.database.writing() as connection:
        await connection.execute(_IDLE, store.id)
    told = set()
    for name in (store.id, "vs_none"):
        with pytest.raises(sdk.NotFoundError) as refused:
            await ben.vector_stores.search(name, query="words")
        told.add(refused.value.message.replace(name, "ID"))
    assert len(told) == 1
