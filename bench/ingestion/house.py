"""A running installation, what it holds of a collection, and the command that sends to it."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.ingestion import embedder
from bench.reliability.parties import Key
from bench.reliability.server import Server

_PATIENCE = aiohttp.ClientTimeout(total=120)


class House:
    """An installation with one collection, and a key to it."""

    def __init__(self, server: Server, secret: str) -> None:
        self.server = server
        self.collection = ""
        self._secret = secret

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What it answers."""
        headers = {"authorization": f"Bearer {self._secret}"}
        async with (
            aiohttp.ClientSession(self.server.address, headers=headers, timeout=_PATIENCE) as session,
            session.request(method, path, json=body) as response,
        ):
            response.raise_for_status()
            return await response.json()

    async def documents(self) -> list[dict[str, Any]]:
        """Every document of the collection."""
        found: list[dict[str, Any]] = []
        while True:
            after = f"&after={found[-1]['id']}" if found else ""
            page = await self.ask("GET", f"/v1/vector_stores/{self.collection}/files?limit=100&order=asc{after}")
            found += page["data"]
            if not page["has_more"]:
                return found

    async def complete(self) -> int:
        """How many documents of the collection can be found."""
        store = await self.ask("GET", f"/v1/vector_stores/{self.collection}")
        return int(store["file_counts"]["completed"])

    async def text(self, file: str) -> str:
        """The chunks of a document, one after the other."""
        page = await self.ask("GET", f"/v1/vector_stores/{self.collection}/files/{file}/content")
        return "\n".join(part["text"] for part in page["data"])

    async def newest(self) -> str | None:
        """The last request to a model that is on record."""
        found = (await self.ask("GET", "/kyozon/v1/decisions?limit=1"))["data"]
        return str(found[0]["id"]) if found else None

    async def since(self, newest: str | None) -> int:
        """How many requests to models were recorded after that one; a hundred stands for more, too."""
        ids = [one["id"] for one in (await self.ask("GET", "/kyozon/v1/decisions?limit=100"))["data"]]
        return ids.index(newest) if newest in ids else len(ids)

    async def sending(self, folder: Path) -> asyncio.subprocess.Process:
        """`kyozon ingest` under way."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("KYOZON_")}
        environ |= {
            "KYOZON_DATA_DIR": str(self.server.data),
            "KYOZON_CONFIG": str(self.server.folder / "kyozon.toml"),
            "KYOZON_API_KEY": self._secret,
            "KYOZON_URL": self.server.address,
        }
        command = ("-m", "kyozon", "ingest", str(folder), "--collection", self.collection, "--json")
        quiet = asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environ, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet
        )

    async def sent(self, folder: Path) -> dict[str, Any]:
        """What `kyozon ingest` says at its end."""
        said, _ = await (await self.sending(folder)).communicate()
        found: dict[str, Any] = json.loads(said)
        return found


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    """An installation in `folder`, over an embedder that costs nothing."""
    async with embedder.serving() as address:
        server = Server(folder, _free_port(), embedder.settings(address))
        async with server.serving():
            _, secret = await server.key("bench", Key(1, "bench"))
            house = House(server, secret)
            body = {"name": "bench", "embedder": embedder.NAME}
            house.collection = (await house.ask("POST", "/v1/vector_stores", body))["id"]
            yield house


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
