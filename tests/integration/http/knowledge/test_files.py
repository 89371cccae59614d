"""Files over real HTTP, with OpenAI's own client."""

import time
from typing import Any

import aiohttp
import openai as sdk
import pytest
from openai import AsyncOpenAI
from openai.types import FileObject

from tests.fakes.library import Library
from tests.fakes.served import served

NAME = "社内規程 第1版.txt"
WORDS = ("経費は月末までに申請する。\n" * 100_000).encode()  # 3.9 MB: more than is held in memory, more than one piece


async def test_a_file_comes_back_as_it_was_sent(ann: AsyncOpenAI) -> None:
    began = int(time.time())
    file = await ann.files.create(file=(NAME, WORDS), purpose="assistants")
    assert file.id.startswith("file-")
    assert began <= file.created_at <= time.time()
    assert file.to_dict() == {
        "id": file.id,
        "object": "file",
        "bytes": len(WORDS),
        "created_at": file.created_at,
        "filename": NAME,
        "purpose": "assistants",
        "status": "processed",
        "status_details": None,
        "expires_at": None,
    }
    FileObject.model_validate(file.to_dict())  # the client itself takes anything
    assert await ann.files.retrieve(file.id) == file
    assert (await ann.files.wait_for_processing(file.id)).status == "processed"
    content = await ann.files.content(file.id)
    assert content.content == WORDS
    assert content.response.headers["content-type"] == "application/octet-stream"
    assert content.response.headers["x-kyozon-label"] == "internal; integrity=untrusted"
    assert (await ann.files.delete(file.id)).to_dict() == {"id": file.id, "object": "file", "deleted": True}
    with pytest.raises(sdk.NotFoundError):
        await ann.files.retrieve(file.id)


async def test_the_label_is_the_senders_to_state(house: Library, ann: AsyncOpenAI) -> None:
    stated = {"x-kyozon-label": "internal+hr"}
    file = await ann.files.create(file=("a.txt", b"words"), purpose="user_data", extra_headers=stated)
    assert str(await house.provenance.label("default", (file.id,))) == "internal+hr"
    with pytest.raises(sdk.BadRequestError, match="label"):
        await ann.files.create(file=("a.txt", b"words"), purpose="user_data", extra_headers={"x-kyozon-label": "secret"})


async def test_a_list_goes_on_where_it_ended(ann: AsyncOpenAI) -> None:
    made = [(await ann.files.create(file=(f"{n}.txt", b"."), purpose="user_data")).id for n in range(5)]
    other = (await ann.files.create(file=("b.jsonl", b"{}"), purpose="batch")).id
    assert [file.id async for file in ann.files.list(limit=2)] == [other, *reversed(made)]
    assert [file.id async for file in ann.files.list(limit=2, order="asc", purpose="user_data")] == made
    page = await ann.files.list(limit=2, order="asc", after=made[1])
    assert [file.id for file in page.data] == made[2:4]
    assert page.has_more
    assert page.model_extra == {"object": "list", "first_id": made[2], "last_id": made[3]}
    assert (await ann.files.list(purpose="vision")).model_extra == {"object": "list", "first_id": None, "last_id": None}


async def test_a_file_stays_as_long_as_it_is_told(ann: AsyncOpenAI) -> None:
    file = await ann.files.create(
        file=("a.txt", b"words"), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert file.expires_at is not None
    assert 3599 <= file.expires_at - file.created_at <= 3601
    for wrong in ({"anchor": "created_at", "seconds": 3599}, {"anchor": "created_at", "seconds": 2_592_001}):
        with pytest.raises(sdk.BadRequestError) as raised:
            await ann.files.create(file=("a.txt", b"."), purpose="user_data", expires_after=wrong)  # type: ignore[arg-type]
        assert raised.value.param == "expires_after"


def _form(*fields: tuple[str, str | bytes, str | None]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # as curl and browsers write names
    for name, value, filename in fields:
        form.add_field(name, value, filename=filename, content_type="text/plain" if filename else None)
    return form


PURPOSE = ("purpose", "user_data", None)
FORMS: list[tuple[Any, str | None]] = [
    ([("file", b"words", "a.txt")], "purpose"),
    ([("file", b"words", "a.txt"), ("purpose", "world domination", None)], "purpose"),
    ([PURPOSE], "file"),
    ([PURPOSE, ("file", "words", None)], "file"),
    ([PURPOSE, ("data", b"words", "a.txt")], "file"),
    ([PURPOSE, ("file", b"words", "a.txt"), ("expires_after[seconds]", "3600", None)], "expires_after"),
    ([PURPOSE, ("file", b"words", "a.txt"), ("expires_after[anchor]", "created_at", None)], "expires_after"),
    ([PURPOSE, ("file", b"words", "x" * 256)], "file"),
    ([PURPOSE, ("file", b"a", "a.txt"), ("file", b"b", "b.txt")], "file"),
    ([("file", b"a", "a.txt"), *((f"f{n}", "", None) for n in range(40))], None),
    ([("file", b"a", "a.txt"), ("purpose", "x" * 70_000, None)], None),
]


async def test_forms_that_other_clients_send(url: str) -> None:
    """Curl puts the file where its user does: before the purpose, too."""
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ann"}) as http:
        async with http.post("/v1/files", data=_form(("file", b"words", "社内.txt"), PURPOSE)) as response:
            found = await response.json()
        assert (response.status, found["bytes"], found["filename"]) == (200, 5, "社内.txt")
        for fields, param in FORMS:
            async with http.post("/v1/files", data=_form(*fields)) as response:
                error = (await response.json())["error"]
            assert (response.status, error["param"], fields) == (400, param, fields)
        async with http.get("/v1/files") as response:
            assert len((await response.json())["data"]) == 1


FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
BODIES = [
    ("application/json", b"{}"),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=" + "x" * 5000, b"\xff" * 100),
    (FORM, b""),
    (FORM, b"--x\r\nnonsense"),
    (FORM, b"--x\r\ncontent-disposition: form-data\r\n\r\nwords\r\n--x--\r\n"),
    (FORM, PART + b"cut off"),
    (FORM, PART + b"another end\r\n--y--\r\n"),
]


async def test_bodies_that_are_no_form(url: str) -> None:
    async with aiohttp.ClientSession(url) as http:
        for kind, body in BODIES:
            headers = {"authorization": "Bearer ky-ann", "content-type": kind}
            async with http.post("/v1/files", data=body, headers=headers) as response:
                error = (await response.json())["error"]
            assert (response.status, error["code"], body) == (400, "invalid_request", body)


async def test_a_name_is_a_name_and_no_path(ann: AsyncOpenAI) -> None:
    names = {"../../etc/passwd": "passwd", "C:\\papers\\規程　改.txt": "規程　改.txt", "a\x1b[2J\u202e.txt": "a[2J.txt"}
    for sent, kept in names.items():
        file = await ann.files.create(file=(sent, b"."), purpose="user_data")
        assert file.filename == kept
        read = await ann.files.content(file.id)  # a header with the name in it can be sent
        assert read.content == b"."
    for sent in (" ", "papers/"):
        with pytest.raises(sdk.BadRequestError, match="name"):
            await ann.files.create(file=(sent, b"."), purpose="user_data")


async def test_a_file_may_be_larger_than_a_body_but_not_than_a_file(house: Library) -> None:
    house.max_file_bytes = 3 << 20
    async with (
        served(house, max_body_bytes=1 << 20) as url,
        AsyncOpenAI(api_key="ky-ann", base_url=f"{url}/v1", max_retries=0) as ann,
    ):
        assert (await ann.files.create(file=("a", b"." * (3 << 20)), purpose="user_data")).bytes == 3 << 20
        for size in ((3 << 20) + 1, 5 << 20):
            with pytest.raises(sdk.APIStatusError) as raised:
                await ann.files.create(file=("a", b"." * size), purpose="user_data")
            assert (raised.value.status_code, raised.value.code) == (413, "request_too_large")
            assert "3 MiB" in raised.value.message
        assert len((await ann.files.list()).data) == 1


async def test_who_has_no_key_is_not_listened_to(url: str) -> None:
    async with AsyncOpenAI(api_key="ky-nobody", base_url=f"{url}/v1", max_retries=0) as nobody:
        with pytest.raises(sdk.AuthenticationError):
            await nobody.files.create(file=("a.txt", b"words"), purpose="user_data")
