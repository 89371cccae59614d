"""Puts an installation together: records, local models, providers, services, the application."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct
from starlette.applications import Starlette

from kyozon.bootstrap import discovery
from kyozon.bootstrap.local import LocalModels
from kyozon.bootstrap.steps import Step
from kyozon.bootstrap.store import Store, opened
from kyozon.domain.models import ModelCard, Provider
from kyozon.http.app import build
from kyozon.http.context import Services
from kyozon.inference import embedder
from kyozon.providers.cards import load_cards
from kyozon.providers.transport import Transport
from kyozon.providers.vendors import load_vendors
from kyozon.services.chat import ChatService
from kyozon.services.deciding import Decider
from kyozon.services.egress import Egress
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.explaining import ExplainService
from kyozon.services.keys import KeyService
from kyozon.services.limiter import Limiter
from kyozon.services.registry import Installation, Registry
from kyozon.services.replays import Replays
from kyozon.services.settling import Settler
from kyozon.services.world import World
from kyozon.settings import Settings, load

Environment = Mapping[str, str]


class House(Struct, frozen=True):
    """A running installation."""

    app: Starlette
    keys: KeyService
    local: LocalModels
    store: Store
    recovered: int
    drain: Callable[[], Awaitable[None]]


def new_id(prefix: str) -> str:
    """`prefix_` and 24 hexadecimal digits: the time in nanoseconds, then chance; later ones sort after earlier ones."""
    return f"{prefix}_{time.time_ns():016x}{secrets.token_hex(4)}"


WORLD = World(now=lambda: datetime.now(UTC), new_id=new_id, seconds=time.monotonic)


def read_settings(config: Path | None, environ: Environment) -> Settings:
    """The installation's settings; raises `SettingsError` with every mistake."""
    return load(config, environ, load_vendors())


def registry_of(settings: Settings, environ: Environment, local: LocalModels) -> Registry:
    """What the installation knows, without starting anything."""
    return Registry(_installation(settings, environ), local.cards)


@asynccontextmanager
async def running(settings: Settings, environ: Environment, step: Step) -> AsyncIterator[House]:
    """The installation, started; it is shut down in the reverse order when the block ends."""
    async with opened(settings, step) as store:
        local = LocalModels(settings)
        transport = Transport()
        try:
            await local.start(step)
            house = await _assembled(settings, environ, _Parts(store, local, transport))
            watching = asyncio.create_task(store.keys.watch(house.keys.forget))
            try:
                yield house
            finally:
                watching.cancel()
                await house.drain()
        finally:
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
    return House(build(services), keys, local, store, recovered, settler.drain)


def _installation(settings: Settings, environ: Environment) -> Installation:
    providers = settings.providers(load_vendors())
    return Installation(
        providers=providers,
        zones=settings.zones(),
        cards=settings.cards(providers, load_cards()),
        rules=discovery.rules(),
        router=discovery.router(settings.routing.router),
        router_name=settings.routing.router,
        policy_version=settings.policy_version,
        default_label=settings.default_label,
        credentials_missing={
            name: provider.key_variable
            for name, provider in providers.items()
            if provider.key_variable is not None and not environ.get(provider.key_variable)
        },
    )


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
