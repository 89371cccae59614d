"""The real application over a fake installation, served by a real uvicorn on loopback."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from kyozon.bootstrap.connection import guarded
from kyozon.http.app import build
from tests.fakes.installation import FakeInstallation, api_key


@asynccontextmanager
async def served(house: FakeInstallation, max_body_bytes: int = 1 << 20, patience: float = 20.0) -> AsyncIterator[str]:
    """The base URL; the key `ky-test` is known. `patience` is for slow clients."""
    house.key_store.by_id.setdefault("key_test", api_key())
    app = build(house.services(max_body_bytes))
    config = uvicorn.Config(app, http=guarded(patience), ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Without its number asyncio takes it for no TCP socket and leaves Nagle's algorithm on: 40 ms for each request.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        # `serve` would take the test runner's signals and end a tenth of a second late.
        await server.startup(sockets=[listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await server.shutdown(sockets=[listener])
