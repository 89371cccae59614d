"""An embedder on loopback that costs next to nothing, so that what is measured is the way of a document and not a model."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

NAME = "counting-embedder"
DIMENSIONS = 64


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Its address, as long as the block runs."""
    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/v1/embeddings", _embed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()


def settings(address: str) -> str:
    """`kyozon.toml` of an installation that knows this model alone."""
    return (
        f'[local]\nenabled = false\n\n[providers.loopback]\nformat = "openai"\nzone = "host"\nbase_url = "{address}"\n'
        f'models = []\n\n[models.{NAME}]\nprovider = "loopback"\nkind = "embedding"\ndimensions = {DIMENSIONS}\n'
    )


async def _embed(request: web.Request) -> web.Response:
    body = await request.json()
    rows = [{"object": "embedding", "index": place, "embedding": _vector(text)} for place, text in enumerate(body["input"])]
    tokens = sum(len(text) // 4 for text in body["input"])
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return web.json_response({"object": "list", "model": body["model"], "data": rows, "usage": usage})


def _vector(text: str) -> list[float]:
    return [byte / 255 for byte in hashlib.blake2b(text.encode(), digest_size=DIMENSIONS).digest()]
