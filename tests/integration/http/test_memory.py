"""Memory does not grow with the number of requests, whatever their callers invent (litellm#12685, #15128, #38193)."""

import asyncio
import functools
import gc
import sys
from itertools import pairwise
from typing import Any

import aiohttp
import uvloop
from msgspec import structs

from kyozon.domain.callers import Limits
from kyozon.domain.errors import StreamBroken, UpstreamFailed
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.scripted import Line, hello, piece
from tests.fakes.served import served

ROUNDS = 40


def _script(number: int) -> list[Line]:
    """Errors are made anew each time: one that is raised again keeps the frames of the times before."""
    scripts: tuple[list[Line], ...] = (
        hello(),
        [UpstreamFailed("bargain", 503, "no")],
        [piece("Hel"), StreamBroken("bargain", "cut")],
    )
    return scripts[number % len(scripts)]


async def _round(house: FakeInstallation, http: aiohttp.ClientSession, number: int) -> None:
    """Requests of every kind and fate; names, labels, paths and texts occur in this round alone."""
    said: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": f"Hello {number}"}], "max_tokens": 20}
    new = {"idempotency-key": f"once-{number}"}
    asked: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        ("/v1/chat/completions", {**said, "user": f"user-{number}", "brand_new": f"{number}"}, new),
        ("/v1/chat/completions", {**said, "stream": True}, {"x-kyozon-label": f"internal+project-{number}"}),
        ("/v1/chat/completions", {**said, "model": f"model-{number}"}, {}),
        ("/v1/messages", {**said, "stream": True}, {f"x-header-{number}": "1"}),
        ("/v1/messages/count_tokens", said, {}),
        ("/v1/embeddings", {"model": "auto", "input": [f"text {number}"]}, {}),
        (f"/v1/nothing/{number}", {}, {}),
        ("/v1/chat/completions", {}, {}),
    ]
    for place, (path, body, headers) in enumerate(asked):
        house.chats["bargain"].scripts = [_script(number + place)]
        async with http.post(path, json=body, headers=headers) as response:
            await response.read()
    async with http.get(f"/v1/models/model-{number}") as response:
        await response.read()
    await house.drain()


def _forget(house: FakeInstallation) -> None:
    """What the fakes remember for the tests is no part of the product, and a cache with a bound may fill up to it."""
    for found in gc.get_objects():
        if type(found) is functools._lru_cache_wrapper and found.cache_parameters()["maxsize"] is not None:
            found.cache_clear()
    book = house.book
    for kept in (
        book.decisions_by_id,
        book.outcomes,
        book.closings,
        book.transactions,
        book.kept,
        book.noted,
        house.log,
        house.access,
    ):
        kept.clear()
    for chat in house.chats.values():
        chat.calls.clear()
    house.embedder.calls.clear()


async def _levels() -> list[int]:
    """Blocks of memory in use after each so many rounds."""
    house = FakeInstallation()
    limits = Limits(requests_per_minute=10**6, tokens_per_minute=10**9, concurrent_requests=50)
    house.key_store.by_id["key_test"] = structs.replace(api_key(), limits=limits)
    headers = {"authorization": "Bearer ky-test"}
    found = []
    async with served(house) as url, aiohttp.ClientSession(url, headers=headers) as http:
        for rounds in range(6):
            for number in range(ROUNDS):
                await _round(house, http, rounds * ROUNDS + number)
            _forget(house)
            gc.collect()
            found.append(sys.getallocatedblocks())
    return found


def test_it_is_the_same_after_any_number_of_requests() -> None:
    """On the loop that serves: asyncio's own keeps timers that were cancelled until there are many of them."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        levels = runner.run(_levels())
    grown = min(after - before for before, after in pairwise(levels))  # what leaks does so every time
    assert grown < ROUNDS / 2, levels  # not one small object for any of the nine in a round
