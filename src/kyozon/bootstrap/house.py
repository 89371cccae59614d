"""Puts an installation together: records, local models, providers, services, the application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec import Struct
from starlette.types import ASGIApp

from kyozon.bootstrap import canaries, discovery, rolling
from kyozon.bootstrap.auditing import Sealing, tell_start
from kyozon.bootstrap.detecting import looked_through
from kyozon.bootstrap.drifting import drift_watch
from kyozon.bootstrap.estimating import judge
from kyozon.bootstrap.knowledge import Needed, knowledge, queueing
from kyozon.bootstrap.local import LocalModels
from kyozon.bootstrap.neighbours import beside, inherited
from kyozon.bootstrap.reading import Environment, registry_of
from kyozon.bootstrap.reloading import Reloader
from kyozon.bootstrap.reporting import explain_service
from kyozon.bootstrap.steps import Step
from kyozon.bootstrap.store import Store, opened
from kyozon.bootstrap.transports import Transports
from kyozon.bootstrap.watching import watchers
from kyozon.bootstrap.world import WORLD
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard, Provider
from kyozon.http.anthropic_answer import MessageEvents
from kyozon.http.app import build
from kyozon.http.context import Services
from kyozon.inference import embedder
from kyozon.ports.reasoning import ReasoningStore
from kyozon.ports.telemetry import Gauge, GaugeSource, Telemetry
from kyozon.services.admission import Admission, Caps, Deployment
from kyozon.services.asked_again import AskedAgain
from kyozon.services.cache import AnswerCache, CacheOptions
from kyozon.services.cascading import Cascading
from kyozon.services.chat import ChatService, Steps
from kyozon.services.continuing import Continuing
from kyozon.services.deciding import Decider
from kyozon.services.drifting import DriftWatch
from kyozon.services.egress import Adapters, Egress
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.fallback import Attempts
from kyozon.services.feedback import FeedbackService
from kyozon.services.granting import Granting
from kyozon.services.health import Health
from kyozon.services.keys import KeyService
from kyozon.services.knowledge.queueing import Queueing
from kyozon.services.lasting import Lasting
from kyozon.services.leasing import Leasing
from kyozon.services.limiter import Limiter
from kyozon.services.masking import Masking
from kyozon.services.provenance import Provenance
from kyozon.services.reasoning import ReasoningKeeper, ReasoningReader
from kyozon.services.registry import Registry
from kyozon.services.replays import Replays
from kyozon.services.reranking import RerankingService
from kyozon.services.reviewing import Reviewing
from kyozon.services.scopes import SharedLimits
from kyozon.services.settling import Settler
from kyozon.settings import Settings
from kyozon.storage.expired import forgetting
from kyozon.storage.reasoning import PostgresReasoning
from kyozon.telemetry.access_log import AccessLog

Beside = Callable[[asyncio.Event], list[Coroutine[Any, Any, None]]]
"""What runs as long as the server does, given what is set once the others know of it."""


class Door(Struct):
    """Whether new requests are wanted: shut as soon as the server is told to stop."""

    open: bool = True

    def shut(self) -> None:
        """Say so at `/health/ready`."""
        self.open = False


class House(Struct, frozen=True):
    """A running installation. `unsealed` says why the audit log seals nothing, where that is so."""

    app: ASGIApp
    services: Services
    local: LocalModels
    store: Store
    recovered: int
    unsealed: Text | None
    beside: Beside
    drain: Callable[[], Awaitable[None]]
    door: Door
    reload: Callable[[], Awaitable[None]]

    @property
    def keys(self) -> KeyService:
        """Who may call it."""
        return self.services.keys


@asynccontextmanager
async def running(
    settings: Settings, environ: Environment, step: Step, read: Callable[[], Settings] | None = None
) -> AsyncIterator[House]:
    """The installation, started; it is shut down in the reverse order when the block ends. `read` reads settings again."""
    local, transports = LocalModels(settings), Transports()
    access_log = AccessLog(settings.data_dir / "logs" / "access.log")
    # The engine loads its weights while the database starts.
    starting = asyncio.create_task(local.start(step))
    try:
        async with opened(settings, step) as store, looked_through(settings, step) as masking:
            sealing = Sealing(settings, store, transports)
            watches = drift_watch(settings, store), queueing(store.database)
            parts = _Parts(store, local, transports, access_log, read or (lambda: settings), masking, sealing, *watches)
            house = await _assembled(settings, environ, parts)
            await starting
            following, known = await rolling.followed(store, house.services.registry), asyncio.Event()
            work = [store.keys.watch(partial(_forget, house.keys, store)), forgetting(store.database)]
            work += [*house.beside(known), *sealing.beside()]
            work += [*rolling.beside(store, following, house.services.rolling)]
            work += [watch.tend() for watch in watches]
            watching = [asyncio.create_task(one) for one in work]
            try:
                await known.wait()
                yield house
            finally:
                await house.drain()
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
                await sealing.finish()
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await transports.close()
        await local.engines.stop()
        access_log.close()


def _forget(keys: KeyService, store: Store) -> None:
    """Keys have changed: one may have been revoked, a person erased."""
    keys.forget()
    store.vault.forget()


class _Parts(Struct, frozen=True):
    store: Store
    local: LocalModels
    transports: Transports
    access_log: AccessLog
    read: Callable[[], Settings]
    masking: Masking
    sealing: Sealing
    drifts: DriftWatch
    queue: Queueing


async def _assembled(settings: Settings, environ: Environment, parts: _Parts) -> House:
    store, local = parts.store, parts.local
    registry = registry_of(settings, environ, local, store.policies.keep)
    leasing = Leasing(store.leases, WORLD)
    limiter = Limiter(leasing, WORLD, SharedLimits(**settings.shared_limits))
    door = Door()
    reloader = Reloader(registry, settings, environ, parts.read, store.trail)
    health = Health(WORLD, settings.breaking)
    admission = Admission(_caps(settings, registry), WORLD)
    lasting = Lasting()
    lookout = canaries.watch(settings, store.trail, lasting)
    gauges = [*_gauges(parts), admission.gauges, health.gauges, lookout.gauges]
    thoughts = PostgresReasoning(store.database, store.vault)
    watch = watchers(settings, registry, gauges, _keepers(settings, thoughts, lasting))
    decider = Decider(registry, limiter, store.journal, WORLD, watch.telemetry, health)
    settler = Settler(registry, limiter, store.journal, WORLD, watch.telemetry)
    attempts = Attempts(settler, WORLD, settings.retrying, health)
    provenance = Provenance(store.provenance, registry, WORLD)
    reviewing = Reviewing(store.reviews, registry, store.records, WORLD, provenance)
    granting = Granting(store.reviews, registry, WORLD)
    egress = Egress(_adapters(registry, environ, parts), registry, provenance, lookout, granting)
    cache = AnswerCache(store.answers, registry, egress, WORLD, _cache_options(settings))
    continuing = _continuing(settings, attempts, egress, admission, parts.masking)
    cascading = Cascading(judge, attempts, settler, settings.hold, WORLD)
    asked_again = AskedAgain(store.feedback, WORLD, lasting, watch.judged)
    found = decider, settler, attempts, cache, provenance, granting, reviewing
    steps = Steps(*found, continuing, parts.masking, cascading, asked_again if settings.routing.learn_from_use else None)
    explain = explain_service(store)
    chat = ChatService(registry, steps, egress, admission, _replays(settings, store), WORLD)
    embeddings, reranking = EmbeddingService(steps, egress, admission), RerankingService(steps, egress, admission)
    needed = Needed(settings, store.database, registry, provenance, chat, embeddings, reranking, store.vault, store.server)
    kept = knowledge(needed)
    services = Services(
        chat=chat,
        embeddings=embeddings,
        reranking=reranking,
        explain=explain,
        reasoning=ReasoningReader(explain, thoughts, store.trail, WORLD),
        keys=KeyService(store.keys, WORLD),
        registry=registry,
        limiter=limiter,
        provenance=provenance,
        reviewing=reviewing,
        feedback=FeedbackService(store.feedback, store.records, provenance, store.trail, WORLD, watch.judged),
        knowledge=kept.offered,
        world=WORLD,
        ready=_readiness(store, local, door),
        reload=reloader.reload,
        metrics=watch.metrics,
        log=parts.access_log.write,
        canaries=lookout,
        **_as_they_are(settings, store),
    )
    recovered = await inherited(store, settler)
    unsealed = await tell_start(settings, store, registry.installation.policy_version)
    drain = partial(_in_turn, settler.drain, cache.drain, asked_again.drain, lasting.drain, watch.stop, leasing.stop)
    run_beside = _all_of(partial(beside, store, leasing, settler, reviewing, asked_again), kept.beside)
    return House(
        build(services), services, local, store, recovered, unsealed, run_beside, drain, door, reloader.reload_and_tell
    )


def _all_of(*starts: Beside) -> Beside:
    return lambda known: [work for start in starts for work in start(known)]


def _as_they_are(settings: Settings, store: Store) -> dict[str, Any]:
    """What of the services the settings say and the store does, as it is."""
    server = settings.server
    return {
        "records": store.records,
        "trail": store.trail,
        "rolling": rolling.rolling_out(settings, store),
        "max_body_bytes": server.max_body_mib << 20,
        "max_file_bytes": settings.knowledge.max_file_mib << 20,
        "max_concurrent": server.max_concurrent + server.queue_length,
        "language": "ja" if server.language == "ja" else "en",
        "metrics_open": server.metrics == "open",
        "links": settings.links,
    }


async def _in_turn(*ends: Callable[[], Awaitable[None]]) -> None:
    for end in ends:
        await end()


def _continuing(
    settings: Settings, attempts: Attempts, egress: Egress, admission: Admission, masking: Masking
) -> Continuing | None:
    if settings.routing.broken_stream == "end":
        return None
    return Continuing(attempts, egress, admission, WORLD, MessageEvents.resumed, masking)


def _keepers(settings: Settings, store: ReasoningStore, lasting: Lasting) -> list[Telemetry]:
    """Who keeps chains of thought: nobody, unless the settings say how long."""
    hours = settings.reasoning.keep_hours
    return [ReasoningKeeper(store, timedelta(hours=hours), lasting)] if hours else []


def _replays(settings: Settings, store: Store) -> Replays:
    answers = settings.answers
    keep_for, window = timedelta(minutes=answers.keep_for_minutes), timedelta(seconds=answers.retry_window_seconds)
    return Replays(store.records, WORLD, keep_for, window)


def _caps(settings: Settings, registry: Registry) -> Caps:
    """What a model's engine on this machine takes at once are its slots; other providers say so in the settings."""

    def deployment(card: ModelCard) -> Deployment:
        provider = registry.provider(card)
        if provider.base_url or provider.format == embedder.FORMAT:
            return Deployment(provider.id, provider.max_concurrent)
        return Deployment(f"{provider.id}/{card.id}", settings.local.slots)

    server = settings.server
    return Caps(server.max_concurrent, server.queue_length, server.queue_seconds, deployment)


def _adapters(registry: Registry, environ: Environment, parts: _Parts) -> Adapters:
    """The adapter of each provider, among those that do what it can do."""
    formats = discovery.wire_formats() | {embedder.FORMAT: lambda *_: embedder.E5Embedder()}
    found = Adapters({}, {}, {})
    kinds: tuple[tuple[str, Any], ...] = (("stream", found.chat), ("embed", found.embedding), ("rerank", found.reranking))
    for name, provider in registry.installation.providers.items():
        key = environ.get(provider.key_variable) if provider.key_variable else None
        key = key if provider.base_url else parts.local.secret
        transport = parts.transports.of(provider.timeouts)
        adapter = formats[provider.format](provider, _endpoint(provider, parts.local), key, transport)
        for does, among in kinds:
            if hasattr(adapter, does):
                among[name] = adapter
    return found


def _endpoint(provider: Provider, local: LocalModels) -> Callable[[ModelCard], Awaitable[str]]:
    async def fixed(_: ModelCard) -> str:
        return provider.base_url

    return fixed if provider.base_url else local.endpoint


def _cache_options(settings: Settings) -> CacheOptions:
    cache = settings.cache
    return CacheOptions(
        enabled=cache.allowed,
        exact=cache.exact,
        semantic=cache.semantic,
        keep_for=timedelta(minutes=cache.lifetime_minutes),
        most=cache.max_answers,
        embedder=embedder.CARD.id,
    )


def _gauges(parts: _Parts) -> list[GaugeSource]:
    """The levels of what works beside requests."""
    about, journal = "Decisions and outcomes that wait for the database.", parts.store.journal
    pending = [lambda: [Gauge("kyozon_journal_pending", about, journal.pending)]]
    return [*pending, parts.sealing.gauges, parts.drifts.gauges, parts.queue.gauges]


def _readiness(store: Store, local: LocalModels, door: Door) -> Callable[[], Awaitable[dict[str, bool]]]:
    async def parts() -> dict[str, bool]:
        database, model = await asyncio.gather(store.database.healthy(), local.ready())
        return {"serving": door.open, "database": database, "local_model": model}

    return parts
