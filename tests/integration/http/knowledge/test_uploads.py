"""Large files in parts over real HTTP, with OpenAI's own client."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import openai as sdk
import pytest
from openai import AsyncOpenAI
from openai.types import Upload

from kyozon.bootstrap.world import WORLD
from kyozon.storage.knowledge.uploads import PostgresUploads
from tests.fakes.library import Library

WORDS = b"".join(b"%07d\n" % line for line in range(400_000))  # 3.2 MB
MD5 = hashlib.md5(WORDS, usedforsecurity=False).hexdigest()
LEFT = "SELECT (SELECT count(*) FROM upload_part) + (SELECT count(*) FROM upload_piece)"


async def _begun(client: AsyncOpenAI, size: int = len(WORDS), label: str = "internal") -> Upload:
    return await client.uploads.create(
        bytes=size,
        filename="lines.txt",
        mime_type="text/plain",
        purpose="user_data",
        extra_headers={"x-kyozon-label": label},
    )


async def _part(client: AsyncOpenAI, upload: Upload, data: bytes) -> str:
    return (await client.uploads.parts.create(upload.id, data=data)).id


async def test_the_sdk_cuts_a_file_up_and_gets_it_back_whole(house: Library, ann: AsyncOpenAI, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(WORDS)
    upload = await ann.uploads.upload_file_chunked(
        file=path, mime_type="text/plain", purpose="assistants", part_size=1_500_000, md5=MD5
    )
    assert upload.file is not None
    assert upload.to_dict() == {
        "id": upload.id,
        "object": "upload",
        "bytes": len(WORDS),
        "created_at": upload.created_at,
        "filename": "lines.txt",
        "purpose": "assistants",
        "mime_type": "text/plain",
        "status": "completed",
        "expires_at": upload.created_at + 3600,
        "file": upload.file.to_dict(),
    }
    Upload.model_validate(upload.to_dict())  # the client itself takes anything
    assert upload.file == await ann.files.retrieve(upload.file.id)
    assert (await ann.files.content(upload.file.id)).content == WORDS
    assert await house.shelf.count(LEFT) == 0
    sha256 = hashlib.sha256(WORDS).hexdigest()
    assert await house.shelf.count("SELECT count(*) FROM file WHERE sha256 = $1", sha256) == 1


async def test_parts_come_in_any_order_and_some_not_at_all(house: Library, ann: AsyncOpenAI) -> None:
    upload = await _begun(ann, label="internal+hr")
    assert (upload.status, upload.file, upload.purpose) == ("pending", None, "user_data")
    second, first, _ = [await _part(ann, upload, data) for data in (WORDS[2_000_000:], WORDS[:2_000_000], b"not wanted")]
    done = await ann.uploads.complete(upload.id, part_ids=[first, second], md5=MD5.upper())
    assert done.file is not None
    assert (await ann.files.content(done.file.id)).content == WORDS
    assert str(await house.provenance.label("default", (done.file.id,))) == "internal+hr"
    assert await house.shelf.count(LEFT) == 0


async def test_completing_again_gives_the_same_file(house: Library, ann: AsyncOpenAI) -> None:
    """OpenAI's client asks again when an answer is lost."""
    upload = await _begun(ann)
    part = await _part(ann, upload, WORDS)
    several = await asyncio.gather(*(ann.uploads.complete(upload.id, part_ids=[part]) for _ in range(4)))
    several.append(await ann.uploads.complete(upload.id, part_ids=[part]))
    assert len({done.file.id for done in several if done.file}) == 1
    assert await house.shelf.count("SELECT count(*) FROM file") == 1
    assert several[0].file is not None
    await ann.files.delete(several[0].file.id)
    with pytest.raises(sdk.NotFoundError):
        await ann.uploads.complete(upload.id, part_ids=[part])


async def test_what_does_not_fit_leaves_the_upload_as_it_was(house: Library, ann: AsyncOpenAI) -> None:
    upload, other = await _begun(ann), await _begun(ann)
    first, second = await _part(ann, upload, WORDS[:-10]), await _part(ann, upload, WORDS[-10:])
    foreign = await _part(ann, other, WORDS[-10:])
    for parts in ([first], [first, second, second], [first, foreign], [first, "part_none"], [first, first]):
        with pytest.raises(sdk.BadRequestError) as raised:
            await ann.uploads.complete(upload.id, part_ids=parts)
        assert raised.value.param == "part_ids"
    with pytest.raises(sdk.BadRequestError) as raised:
        await ann.uploads.complete(upload.id, part_ids=[second, first], md5=MD5)
    assert raised.value.param == "md5"
    assert await house.shelf.count("SELECT count(*) FROM file") == 0
    assert (await ann.uploads.complete(upload.id, part_ids=[first, second], md5=MD5)).status == "completed"


async def test_what_is_cancelled_is_over(house: Library, ann: AsyncOpenAI) -> None:
    upload = await _begun(ann)
    part = await _part(ann, upload, WORDS)
    assert (await ann.uploads.cancel(upload.id)).status == "cancelled"
    assert await house.shelf.count(LEFT) == 0
    for attempt in (
        ann.uploads.cancel(upload.id),
        ann.uploads.complete(upload.id, part_ids=[part]),
        ann.uploads.parts.create(upload.id, data=b"."),
    ):
        with pytest.raises(sdk.BadRequestError, match="cancelled"):
            await attempt


async def test_a_file_that_would_be_too_large_is_not_begun(ann: AsyncOpenAI) -> None:
    with pytest.raises(sdk.APIStatusError) as raised:
        await _begun(ann, size=(512 << 20) + 1)
    assert (raised.value.status_code, raised.value.code) == (413, "request_too_large")


async def test_parts_that_come_at_once_are_counted_together(house: Library, ann: AsyncOpenAI) -> None:
    upload, data = await _begun(ann, size=10), b"." * (20 << 20)
    results = await asyncio.gather(*(_part(ann, upload, data) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 3  # 64 MiB more than the file
    refused = [result for result in results if isinstance(result, sdk.BadRequestError)]
    assert ["many more bytes" in one.message for one in refused] == [True, True]
    assert await house.shelf.count("SELECT sum(bytes) FROM upload_part") == 3 * len(data)


async def test_what_expires_goes(house: Library, ann: AsyncOpenAI) -> None:
    upload = await _begun(ann)
    await _part(ann, upload, WORDS)
    store = PostgresUploads(house.shelf.database)
    now = WORLD.now()

    async def tidied(hours: float) -> int:
        at: datetime = now + timedelta(hours=hours)
        return await store.tidy(at, at - timedelta(days=1))

    assert await tidied(0.9) == 0
    async with house.shelf.database.writing() as connection:
        await connection.execute("UPDATE upload SET expires_at = $1", now)
    for attempt in (ann.uploads.complete(upload.id, part_ids=["part_x"]), ann.uploads.parts.create(upload.id, data=b".")):
        with pytest.raises(sdk.BadRequestError, match="expired"):
            await attempt
    assert await tidied(0.1) == 1
    assert await house.shelf.count(LEFT) == 0
    with pytest.raises(sdk.BadRequestError, match="expired"):
        await ann.uploads.cancel(upload.id)
    assert await tidied(24.1) == 1
    with pytest.raises(sdk.NotFoundError):
        await ann.uploads.cancel(upload.id)
