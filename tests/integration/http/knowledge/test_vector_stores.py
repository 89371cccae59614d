"""Vector stores over real HTTP, with OpenAI's own client."""

import time
from typing import Any

import openai as sdk
import pytest
from openai import AsyncOpenAI
from openai.types import VectorStore, VectorStoreSearchResponse
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch

from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import Failure
from kyozon.storage.encoding import to_json
from tests.fakes.library import Library

NO_FILES = {"in_progress": 0, "completed": 0, "cancelled": 0, "failed": 0, "total": 0}
AUTO = {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 50}}
FAILED = "UPDATE document SET status = 'failed', failure = $2::jsonb WHERE file_id = $1"
WORDS_ONLY: Any = {"hybrid_search": {"embedding_weight": 0, "text_weight": 1}}


async def _file(client: AsyncOpenAI, words: str = "words", name: str = "a.txt") -> str:
    file = await client.files.create(
        file=(name, words.encode()), purpose="assistants", extra_headers={"x-kyozon-label": "public"}
    )
    return file.id


async def _attached(client: AsyncOpenAI, store: VectorStore, words: str = "words", **more: Any) -> VectorStoreFile:
    return await client.vector_stores.files.create(store.id, file_id=await _file(client, words), **more)


async def _taken_in(house: Library, store: VectorStore, file: str, words: str = "words") -> None:
    """As ingestion does it."""
    caller = Caller(house.key_store.by_id["key_ann"])
    await house.shelf.taken_in(await house.shelf.documents.get(caller, store.id, file), words)


async def test_a_store_says_everything_of_itself(ann: AsyncOpenAI) -> None:
    began = int(time.time())
    store = await ann.vector_stores.create(
        name="社内規程",
        description="就業規則など",
        metadata={"team": "人事"},
        expires_after={"anchor": "last_active_at", "days": 7},
        extra_headers={"x-kyozon-label": "internal+hr"},
    )
    assert began <= store.created_at <= time.time()
    assert store.to_dict() == {
        "id": store.id,
        "object": "vector_store",
        "created_at": store.created_at,
        "name": "社内規程",
        "description": "就業規則など",
        "usage_bytes": 0,
        "file_counts": NO_FILES,
        "status": "completed",
        "expires_after": {"anchor": "last_active_at", "days": 7},
        "expires_at": store.created_at + 7 * 86_400,
        "last_active_at": store.created_at,
        "metadata": {"team": "人事"},
        "label": "internal+hr",
    }
    VectorStore.model_validate(store.to_dict())  # the client itself takes anything
    assert await ann.vector_stores.retrieve(store.id) == store
    changed = await ann.vector_stores.update(store.id, name="規程集", metadata={}, expires_after=None)
    assert (changed.name, changed.metadata, changed.expires_after, changed.expires_at) == ("規程集", {}, None, None)
    kept = await ann.vector_stores.update(store.id, metadata={"team": "総務"})
    assert (kept.name, kept.metadata) == ("規程集", {"team": "総務"})
    gone = await ann.vector_stores.delete(store.id)
    assert gone.to_dict() == {"id": store.id, "object": "vector_store.deleted", "deleted": True}
    with pytest.raises(sdk.NotFoundError):
        await ann.vector_stores.retrieve(store.id)


async def test_stores_are_listed_from_either_end(ann: AsyncOpenAI) -> None:
    made = [(await ann.vector_stores.create(name=str(number))).id for number in range(5)]
    assert [store.id async for store in ann.vector_stores.list(limit=2)] == made[::-1]
    assert [store.id async for store in ann.vector_stores.list(limit=2, order="asc")] == made
    page = await ann.vector_stores.list(limit=2, order="asc", before=made[3])
    assert [store.id for store in page.data] == made[1:3]
    assert page.has_more
    assert page.model_extra == {"object": "list", "first_id": made[1], "last_id": made[2]}
    senseless: list[Any] = [{"limit": 0}, {"limit": 101}, {"order": "up"}, {"after": made[0], "before": made[1]}]
    for wrong in senseless:
        with pytest.raises(sdk.BadRequestError):
            await ann.vector_stores.list(**wrong)


async def test_a_file_is_followed_until_it_can_be_found(house: Library, ann: AsyncOpenAI) -> None:
    store = await ann.vector_stores.create()
    file = await _attached(ann, store, attributes={"year": 2024, "final": True, "author": "山田"})
    assert file.to_dict() == {
        "id": file.id,
        "object": "vector_store.file",
        "created_at": file.created_at,
        "vector_store_id": store.id,
        "status": "in_progress",
        "usage_bytes": 0,
        "last_error": None,
        "attributes": {"year": 2024.0, "final": True, "author": "山田"},
        "chunking_strategy": AUTO,
        "filename": "a.txt",
        "label": "internal",
        "progress": None,
    }
    VectorStoreFile.model_validate(file.to_dict())
    raw = await ann.vector_stores.files.with_raw_response.retrieve(file.id, vector_store_id=store.id)
    assert raw.headers["openai-poll-after-ms"] == "500"
    assert (await ann.vector_stores.retrieve(store.id)).status == "in_progress"
    await _taken_in(house, store, file.id, "経費は月末まで")
    done = await ann.vector_stores.files.poll(file.id, vector_store_id=store.id)
    assert (done.status, done.usage_bytes) == ("completed", len("経費は月末まで".encode()))
    whole = await ann.vector_stores.retrieve(store.id)
    assert (whole.status, whole.usage_bytes) == ("completed", done.usage_bytes)
    assert whole.file_counts.to_dict() == {**NO_FILES, "completed": 1, "total": 1}
    content = await ann.vector_stores.files.content(file.id, vector_store_id=store.id)
    assert [(part.type, part.text) for part in content.data] == [("text", "経費は月末まで")]
    changed = await ann.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"year": 2025})
    assert changed.attributes == {"year": 2025.0}
    gone = await ann.vector_stores.files.delete(file.id, vector_store_id=store.id)
    assert gone.to_dict() == {"id": file.id, "object": "vector_store.file.deleted", "deleted": True}
    assert (await ann.files.retrieve(file.id)).id == file.id
    assert (await ann.vector_stores.files.list(store.id)).data == []


async def test_why_a_file_failed_is_said_in_the_callers_language(house: Library, ann: AsyncOpenAI) -> None:
    store = await ann.vector_stores.create()
    file = await _attached(ann, store)
    failure = Failure("unsupported_file", "it is encrypted.", "暗号化されています。")
    async with house.shelf.database.writing() as connection:
        await connection.execute(FAILED, file.id, to_json(failure))
    for language, message in (("en", "it is encrypted."), ("ja", "暗号化されています。")):
        client = ann.with_options(default_headers={"accept-language": language})
        found = await client.vector_stores.files.retrieve(file.id, vector_store_id=store.id)
        assert VectorStoreFile.model_validate(found.to_dict()).status == "failed"
        assert found.last_error is not None
        assert found.last_error.to_dict() == {"code": "unsupported_file", "message": message}


async def test_files_are_split_as_is_wished(ann: AsyncOpenAI) -> None:
    static: Any = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 20}}
    file = await _file(ann)
    store = await ann.vector_stores.create(file_ids=[file], chunking_strategy=static)
    inherited = await ann.vector_stores.files.retrieve(file, vector_store_id=store.id)
    auto = await _attached(ann, store, chunking_strategy={"type": "auto"})
    assert [one.to_dict()["chunking_strategy"] for one in (inherited, auto)] == [static, static]
    plain = await ann.vector_stores.create()
    own = await _attached(ann, plain, chunking_strategy=static)
    assert own.to_dict()["chunking_strategy"] == static
    for sizes in ((99, 0), (4097, 0), (200, 101), (200, -1)):
        wrong = dict(zip(("max_chunk_size_tokens", "chunk_overlap_tokens"), sizes, strict=True))
        with pytest.raises(sdk.BadRequestError):
            await _attached(ann, plain, chunking_strategy={"type": "static", "static": wrong})


async def test_a_batch_is_counted_listed_and_cancelled(house: Library, ann: AsyncOpenAI) -> None:
    store = await ann.vector_stores.create()
    files = [await _file(ann, name=f"{number}.txt") for number in range(3)]
    batch = await ann.vector_stores.file_batches.create(store.id, file_ids=files, attributes={"kind": "manual"})
    assert batch.to_dict() == {
        "id": batch.id,
        "object": "vector_store.files_batch",
        "created_at": batch.created_at,
        "vector_store_id": store.id,
        "status": "in_progress",
        "file_counts": {**NO_FILES, "in_progress": 3, "total": 3},
        "progress": {"share": 0.0, "seconds_left": None},
    }
    VectorStoreFileBatch.model_validate(batch.to_dict())
    await _taken_in(house, store, files[1])
    await _attached(ann, store)  # not of the batch
    seen = [one async for one in ann.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, order="asc")]
    assert [(one.id, one.attributes) for one in seen] == [(file, {"kind": "manual"}) for file in files]
    ready = ann.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="completed")
    assert [one.id async for one in ready] == [files[1]]
    cancelled = await ann.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert cancelled.status == "cancelled"
    assert cancelled.file_counts.to_dict() == {**NO_FILES, "cancelled": 2, "completed": 1, "total": 3}
    polled = await ann.vector_stores.file_batches.poll(batch.id, vector_store_id=store.id)
    assert polled == cancelled
    own: Any = [{"file_id": files[0], "attributes": {"n": 1}}, {"file_id": files[2], "chunking_strategy": AUTO}]
    again = await ann.vector_stores.file_batches.create(store.id, files=own)
    assert again.file_counts.total == 2
    assert (await ann.vector_stores.files.retrieve(files[0], vector_store_id=store.id)).attributes == {"n": 1.0}


async def test_a_batch_is_taken_whole_or_not_at_all(ann: AsyncOpenAI) -> None:
    store, file = await ann.vector_stores.create(), await _file(ann)
    with pytest.raises(sdk.NotFoundError, match="file-none"):
        await ann.vector_stores.file_batches.create(store.id, file_ids=[file, "file-none"])
    with pytest.raises(sdk.NotFoundError, match="file-none"):
        await ann.vector_stores.create(file_ids=[file, "file-none"])
    senseless: list[Any] = [{}, {"file_ids": []}, {"file_ids": [file], "files": [{"file_id": file}]}]
    for wrong in senseless:
        with pytest.raises(sdk.BadRequestError):
            await ann.vector_stores.file_batches.create(store.id, **wrong)
    assert [one.id async for one in ann.vector_stores.list()] == [store.id]
    assert (await ann.vector_stores.files.list(store.id)).data == []


async def test_a_new_version_replaces_the_old_one(house: Library, ann: AsyncOpenAI) -> None:
    store = await ann.vector_stores.create()
    old = await _attached(ann, store)
    await _taken_in(house, store, old.id)
    new = await _attached(ann, store, extra_body={"replaces": old.id})
    replaces = (
        "SELECT count(*) FROM document n JOIN document o ON o.id = n.replaces WHERE n.file_id = $1 AND o.file_id = $2"
    )
    assert await house.shelf.count(replaces, new.id, old.id) == 1
    with pytest.raises(sdk.NotFoundError):
        await _attached(ann, store, extra_body={"replaces": "file-none"})


async def test_a_search_finds_passages_and_where_they_stand(house: Library, ann: AsyncOpenAI) -> None:
    store = await ann.vector_stores.create(name="papers", extra_headers={"x-kyozon-label": "public"})
    texts = {"経費の申請は月末までに行う。": "規程", "The office is closed on Sundays.": "notice"}
    files = {}
    for words, kind in texts.items():
        file = await _attached(ann, store, words, attributes={"kind": kind, "year": 2024})
        await _taken_in(house, store, file.id, words)
        files[kind] = file.id
    page = await ann.vector_stores.search(store.id, query="経費の申請", ranking_options=WORDS_ONLY)
    best = page.data[0]
    assert best.to_dict() == {
        "file_id": files["規程"],
        "filename": "a.txt",
        "score": best.score,
        "attributes": {"kind": "規程", "year": 2024.0},
        "content": [{"type": "text", "text": "経費の申請は月末までに行う。"}],
        "vector_store_id": store.id,
        "anchor": {
            "start": 0,
            "end": 14,
            "page": None,
            "last_page": None,
            "section": [],
            "scanned": False,
            "breaks": [],
            "scans": [],
        },
        "label": "public",
    }
    assert 0 < best.score <= 1
    VectorStoreSearchResponse.model_validate(best.to_dict())
    assert page.object == "vector_store.search_results.page"
    told = {"search_query": ["経費の申請"], "has_more": False, "next_page": None, "dense": False, "reranked": False}
    assert page.model_extra == told
    english: Any = {"key": "kind", "type": "eq", "value": "notice"}
    both: Any = {"type": "and", "filters": [english, {"key": "year", "type": "in", "value": [2023, 2024]}]}
    for filters in (english, both):
        found = await ann.vector_stores.search(
            store.id,
            query=["経費の申請", "closed on Sundays"],
            filters=filters,
            ranking_options=WORDS_ONLY,
            rewrite_query=True,
        )
        assert {one.file_id for one in found.data} == {files["notice"]}
    raw = await ann.vector_stores.with_raw_response.search(
        store.id, query="closed", ranking_options=WORDS_ONLY, max_num_results=1
    )
    assert raw.headers["x-kyozon-label"] == "public; integrity=untrusted"
    delivered = "SELECT count(*) FROM delivery WHERE zone = 'caller'"
    assert await house.shelf.count(delivered) == 4


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"query": ""}, "query"),
    ({"query": []}, "query"),
    ({"max_num_results": 0}, "max_num_results"),
    ({"max_num_results": 51}, "max_num_results"),
    ({"filters": {"type": "like", "key": "a", "value": "b"}}, "filters"),
    ({"filters": {"type": "eq", "key": "a"}}, "filters"),
    ({"filters": {"type": "in", "key": "a", "value": "b"}}, "filters"),
    ({"filters": {"type": "eq", "key": "a", "value": ["b"]}}, "filters"),
    ({"filters": {"type": "and", "filters": []}}, "filters"),
    ({"ranking_options": {"score_threshold": 2}}, "ranking_options.score_threshold"),
    (
        {"ranking_options": {"hybrid_search": {"embedding_weight": 0, "text_weight": 0}}},
        "ranking_options.hybrid_search",
    ),
]


async def test_searches_that_mean_nothing(ann: AsyncOpenAI) -> None:
    deep: dict[str, Any] = {"type": "eq", "key": "a", "value": 1}
    for _ in range(9):
        deep = {"type": "and", "filters": [deep]}
    wide = {"type": "or", "filters": [{"type": "eq", "key": "a", "value": 1}] * 101}
    for more, param in (*SENSELESS, ({"filters": deep}, "filters"), ({"filters": wide}, "filters")):
        with pytest.raises(sdk.BadRequestError) as raised:
            await ann.vector_stores.search("vs_none", **{"query": "words", **more})
        assert (raised.value.param, more) == (param, more)
