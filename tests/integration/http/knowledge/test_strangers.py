"""What one may not see does not exist: every route answers a stranger about it as about what never was, byte for byte."""

from typing import Any

import aiohttp
import pytest
from msgspec import Struct, structs
from openai import AsyncOpenAI
from starlette.routing import Route

from kyozon.domain.callers import Caller
from kyozon.domain.labels import parse_clearance
from kyozon.http.app import all_routes
from tests.fakes.library import Library

FORM = "a form with a file"
MINE = ("/v1/files", "/v1/uploads", "/v1/vector_stores", "/kyozon/v1/collections")


class Things(Struct, frozen=True):
    """The names of what is Ann's: a file in a store, one in none, the store, a batch, an upload and its part."""

    file: str
    loose: str
    store: str
    batch: str
    upload: str
    part: str

    def made_up(self) -> "Things":
        """Names as long as these which nothing has."""
        return Things(*(name[:-6] + "zzzzzz" for name in structs.astuple(self)))


@pytest.fixture
async def things(house: Library, ann: AsyncOpenAI) -> Things:
    label = {"x-kyozon-label": "confidential"}
    files = [
        (await ann.files.create(file=("給与.txt", b"words"), purpose="assistants", extra_headers=label)).id
        for _ in range(2)
    ]
    store = await ann.vector_stores.create(name="給与", extra_headers=label)
    batch = await ann.vector_stores.file_batches.create(store.id, file_ids=files[:1])
    documents, caller = house.shelf.documents, Caller(house.key_store.by_id["key_ann"])
    await house.shelf.taken_in(await documents.get(caller, store.id, files[0]))
    upload = await ann.uploads.create(bytes=5, filename="a.txt", mime_type="text/plain", purpose="assistants")
    part = await ann.uploads.parts.create(upload.id, data=b"words")
    return Things(files[0], files[1], store.id, batch.id, upload.id, part.id)


def asked(things: Things, own_file: str) -> dict[tuple[str, str], tuple[str, Any]]:
    """For each route that takes a name: a path with these names, and a body; `own_file` is the stranger's."""
    store, file = f"/v1/vector_stores/{things.store}", f"/files/{things.file}"
    batch, shares = f"{store}/file_batches/{things.batch}", f"/kyozon/v1/collections/{things.store}"
    upload = f"/v1/uploads/{things.upload}"
    routed = "/v1/vector_stores/{id}"
    return {
        ("GET", "/v1/files/{id}"): (f"/v1/files/{things.loose}", None),
        ("DELETE", "/v1/files/{id}"): (f"/v1/files/{things.loose}", None),
        ("GET", "/v1/files/{id}/content"): (f"/v1/files/{things.loose}/content", None),
        ("POST", "/v1/uploads/{id}/parts"): (f"{upload}/parts", FORM),
        ("POST", "/v1/uploads/{id}/complete"): (f"{upload}/complete", {"part_ids": [things.part]}),
        ("POST", "/v1/uploads/{id}/cancel"): (f"{upload}/cancel", None),
        ("GET", routed): (store, None),
        ("POST", routed): (store, {"name": "mine"}),
        ("DELETE", routed): (store, None),
        ("POST", f"{routed}/search"): (f"{store}/search", {"query": "words"}),
        ("GET", f"{routed}/files"): (f"{store}/files", None),
        ("POST", f"{routed}/files"): (f"{store}/files", {"file_id": own_file}),
        ("GET", f"{routed}/files/{{file_id}}"): (store + file, None),
        ("POST", f"{routed}/files/{{file_id}}"): (store + file, {"attributes": {}}),
        ("DELETE", f"{routed}/files/{{file_id}}"): (store + file, None),
        ("GET", f"{routed}/files/{{file_id}}/content"): (f"{store}{file}/content", None),
        ("POST", f"{routed}/file_batches"): (f"{store}/file_batches", {"file_ids": [own_file]}),
        ("GET", f"{routed}/file_batches/{{batch_id}}"): (batch, None),
        ("POST", f"{routed}/file_batches/{{batch_id}}/cancel"): (f"{batch}/cancel", None),
        ("GET", f"{routed}/file_batches/{{batch_id}}/files"): (f"{batch}/files", None),
        ("GET", "/kyozon/v1/collections/{id}"): (shares, None),
        ("PUT", "/kyozon/v1/collections/{id}/shares"): (f"{shares}/shares", {"kind": "everyone"}),
        ("DELETE", "/kyozon/v1/collections/{id}/shares"): (f"{shares}/shares?kind=everyone", None),
        ("GET", "/kyozon/v1/collections/{id}/embedder"): (f"{shares}/embedder", None),
        ("PUT", "/kyozon/v1/collections/{id}/embedder"): (f"{shares}/embedder", {"embedder": "embedder"}),
    }


async def told(http: aiohttp.ClientSession, method: str, path: str, body: Any) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and the headers that could tell something."""
    if body == FORM:
        form = aiohttp.FormData()
        form.add_field("data", b"words", filename="a")
        sending = http.request(method, path, data=form)
    else:
        sending = http.request(method, path, json=body)
    async with sending as response:
        passing = ("date", "x-request-id", "request-id", "openai-processing-ms")
        headers = {name.lower(): value for name, value in response.headers.items() if name.lower() not in passing}
        return response.status, await response.read(), headers


def plain(answer: tuple[int, bytes, dict[str, str]], names: Things) -> tuple[int, bytes, dict[str, str]]:
    """An answer without the names that were asked for."""
    status, body, headers = answer
    for name in structs.astuple(names):
        body = body.replace(name.encode(), b"NAME")
    return status, body, headers


async def differences(http: aiohttp.ClientSession, things: Things, own_file: str) -> list[Any]:
    """The routes that tell what is there from what is not."""
    made_up, found = things.made_up(), []
    imagined = asked(made_up, own_file)
    for route, (path, body) in asked(things, own_file).items():
        real, never = await told(http, route[0], path, body), await told(http, route[0], *imagined[route])
        if plain(real, things) != plain(never, made_up) or real[0] != 404:
            found.append((route, real, never))
    return found


def test_every_route_with_a_name_in_it_is_asked() -> None:
    nobody = Things("", "", "", "", "", "")
    routes = {
        (method, route.path)
        for route in all_routes()
        if isinstance(route, Route) and route.path.startswith(MINE) and route.param_convertors
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == asked(nobody, "").keys()


async def test_another_user_learns_nothing(house: Library, url: str, things: Things, ben: AsyncOpenAI) -> None:
    """Another user of the tenant, somebody of another tenant who has the same name, and Ann herself with a lower key."""
    own_file = (
        await ben.files.create(file=("b.txt", b"."), purpose="assistants", extra_headers={"x-kyozon-label": "public"})
    ).id
    house.key("abroad", tenant="other")
    house.key_store.by_id["key_abroad"] = structs.replace(house.key_store.by_id["key_abroad"], user="ann", admin=True)
    for name in ("ben", "abroad"):
        async with aiohttp.ClientSession(url, headers={"authorization": f"Bearer ky-{name}"}) as http:
            assert await differences(http, things, own_file) == []
            for listing in ("/v1/files", "/v1/vector_stores"):
                _, body, _ = await told(http, "GET", listing, None)
                assert not any(thing.encode() in body for thing in structs.astuple(things))


async def test_a_lower_key_of_the_owner_learns_nothing_either(house: Library, url: str, things: Things) -> None:
    """But of uploads, which hold no words for anybody to read yet."""
    low = structs.replace(house.key("low"), user="ann", clearance=parse_clearance("internal"))
    house.key_store.by_id[low.id] = low
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-low"}) as http:
        different = await differences(http, things, "file-none")
    assert {route for (_, route), *_ in different} <= {
        "/v1/uploads/{id}/parts",
        "/v1/uploads/{id}/complete",
        "/v1/uploads/{id}/cancel",
    }


async def test_nothing_happened_to_what_strangers_tried(url: str, things: Things, ann: AsyncOpenAI) -> None:
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ben"}) as http:
        await differences(http, things, "file-none")
    assert (await ann.vector_stores.retrieve(things.store)).file_counts.completed == 1
    assert (await ann.files.retrieve(things.loose)).bytes == 5
    assert (await ann.uploads.complete(things.upload, part_ids=[things.part])).status == "completed"


async def test_who_shares_a_store_learns_nothing_of_a_document_that_is_not_open_to_him(
    url: str, things: Things, ann: AsyncOpenAI
) -> None:
    """Not by a count either, nor by the bytes that a store takes."""
    readers: dict[str, str | float | bool] = {"kyozon:readers": "user:ann,user:cho"}
    await ann.vector_stores.files.update(things.file, vector_store_id=things.store, attributes=readers)
    shares = f"/kyozon/v1/collections/{things.store}/shares"
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ann"}) as http:
        status, body, _ = await told(http, "PUT", shares, {"kind": "user", "name": "ben", "right": "write"})
    assert (status, b'"name":"ben"' in body) == (200, True)
    made_up = things.made_up()
    made_up = structs.replace(made_up, store=things.store)
    async with aiohttp.ClientSession(url, headers={"authorization": "Bearer ky-ben"}) as http:
        imagined = asked(made_up, "file-none")
        for (method, route), (path, body) in asked(things, "file-none").items():
            if "{file_id}" in route or "{batch_id}" in route:
                real, never = await told(http, method, path, body), await told(http, method, *imagined[method, route])
                assert (real[0], plain(real, things)) == (404, plain(never, made_up))
        _, listed, _ = await told(http, "GET", f"/v1/vector_stores/{things.store}/files", None)
        assert b'"data":[]' in listed
        _, found, _ = await told(http, "POST", f"/v1/vector_stores/{things.store}/search", {"query": "words"})
        assert b'"data":[]' in found
        _, store, _ = await told(http, "GET", f"/v1/vector_stores/{things.store}", None)
        assert b'"usage_bytes":0' in store
        assert b'"total":0' in store
