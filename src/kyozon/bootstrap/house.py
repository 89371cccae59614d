"""Puts an installation together: records, local models, providers, services, the application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from msgspec import Struct
from starlette.applications import Starlette

from kyozon.bootstrap import discovery
from kyozon.bootstrap.local import LocalModels
from kyozon.bootstrap.reading import Environment, registry_of
from kyozon.bootstrap.steps import Step
from kyozon.bootstrap.store import Store, opened
from kyozon.bootstrap.world import WORLD
from kyozon.domain.models import ModelCard, Provider
from kyozon.http.app import build
from kyozon.http.context import Services
from kyozon.inference import embedder
from kyozon.providers.transport import Transport
from kyozon.services.chat import ChatService
from kyozon.services.deciding import Decider
from kyozon.services.egress import Egress
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.explaining import ExplainService
from kyozon.services.keys import KeyService
from kyozon.services.limiter import Limiter
from kyozon.services.registry import Registry
from kyozon.services.replays import Replays
from kyozon.services.settling import Settler
from kyozon.settings import Settings


class House(Struct, frozen=True):
    """A running installation."""

    app: Starlette
    keys: KeyService
    local: LocalModels
    store: Store
    recovered: int
    drain: Callable[[], Awaitable[None]]


@asynccontextmanager
async def running(settings: Settings, environ: Environment, step: Step) -> AsyncIterator[House]:
    """The installation, started; it is shut down in the reverse order when the block ends."""
    local, transport = LocalModels(settings), Transport()
    # The engine loads its weights while the database starts.
    starting = asyncio.create_task(local.start(step))
    try:
        async with opened(settings, step) as store:
            house = await _assembled(settings, environ, _Parts(store, local, transport))
            await starting
            watching = asyncio.create_task(store.keys.watch(house.keys.forget))
            try:
                yield house
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await house.drain()
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await transport.close()
        await local.engines.stop()


class _Parts(Struct, frozen=True):
    store: Store
    local: LocalModels
    transport: Transport


async def _assembled(settings: Settings, environ: Environment, parts: _Parts) -> House:
    store, local = parts.store, parts.local
    registry = registry_of(settings, environ, local)
    chat_adapters, embedding_adapters = _adapters(registry, environ, parts)
    limiter = Limiter(store.records, WORLD)
    decider = Decider(registry, limiter, store.journal, WORLD)
    settler = Settler(registry, limiter, store.journal, WORLD)
    egress = Egress(chat_adapters, embedding_adapters, registry)
    replays = Replays(
        store.records,
        WORLD,
        timedelta(minutes=settings.answers.keep_for_minutes),
        timedelta(seconds=settings.answers.retry_window_seconds),
    )
    keys = KeyService(store.keys, WORLD)
    services = Services(
        chat=ChatService(registry, decider, settler, egress, replays, WORLD),
        embeddings=EmbeddingService(decider, settler, egress),
        explain=ExplainService(store.records),
        keys=keys,
        records=store.records,
        registry=registry,
        limiter=limiter,
        world=WORLD,
        ready=_readiness(store, local),
        max_body_bytes=settings.server.max_body_mib << 20,
        language=None if settings.server.language == "auto" else settings.server.language,
    )
    recovered = await settler.recover(store.records)

    async def drain() -> None:
        await decider.drain()
        await settler.drain()

    return House(build(services), keys, local, store, recovered, drain)


def _adapters(registry: Registry, environ: Environment, parts: _Parts) -> tuple[dict[str, Any], dict[str, Any]]:
    """The adapter of each provider, once among those that chat and once among those that embed."""
    formats = discovery.wire_formats() | {embedder.FORMAT: lambda *_: embedder.E5Embedder()}
    chat, embedding = {}, {}
    for name, provider in registry.installation.providers.items():
        key = environ.get(provider.key_variable) if provider.key_variable else None
        adapter = formats[provider.format](provider, _endpoint(provider, parts.local), key, parts.transport)
        if hasattr(adapter, "stream"):
            chat[name] = adapter
        if hasattr(adapter, "embed"):
            embedding[name] = adapter
    return chat, embedding


def _endpoint(provider: Provider, local: LocalModels) -> Callable[[ModelCard], Awaitable[str]]:
    async def fixed(_: ModelCard) -> str:
        return provider.base_url

    return fixed if provider.base_url else local.endpoint


def _readiness(store: Store, local: LocalModels) -> Callable[[], Awaitable[dict[str, bool]]]:
    async def parts() -> dict[str, bool]:
        database, model = await asyncio.gather(store.database.healthy(), local.ready())
        return {"database": database, "local_model": model}

    return parts
