"""A small installation of real services over fake edges: three chat models in two zones, one that embeds."""

import asyncio
import hashlib
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec
from msgspec import structs

import kyozon.governance.rules
from kyozon.bootstrap.knowledge import Kept, Needed, knowledge
from kyozon.domain.callers import ApiKey, Caller, Limits
from kyozon.domain.canaries import Canary, CanaryAlarm
from kyozon.domain.cascades import Hold
from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.domain.language import Language
from kyozon.domain.models import AUTO, ModelCard, Price, Provider
from kyozon.domain.policy import Reloaded
from kyozon.domain.quality import HIGH, Goal
from kyozon.domain.requests import ChatRequest, Json, Stated
from kyozon.governance.links import LinkRules
from kyozon.governance.partition import PartitionOf, partition_of
from kyozon.governance.subject import Rule
from kyozon.http.anthropic_answer import MessageEvents
from kyozon.http.context import Access, Services
from kyozon.ports.detection import Detection
from kyozon.ports.quality import Estimator
from kyozon.ports.telemetry import Telemetry
from kyozon.routing import measured
from kyozon.routing.breaking import Breaking
from kyozon.routing.cheapest import router
from kyozon.routing.judging import Judge
from kyozon.routing.retrying import Retrying
from kyozon.routing.verifying.verifier import Verifier
from kyozon.services.admission import Admission, Caps, Deployment
from kyozon.services.asked_again import AskedAgain
from kyozon.services.cache import AnswerCache, CacheOptions
from kyozon.services.canaries import CanaryWatch
from kyozon.services.cascading import Cascading
from kyozon.services.chat import Ask, ChatService, Steps
from kyozon.services.continuing import Continuing
from kyozon.services.deciding import Decider
from kyozon.services.egress import Adapters, Egress
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.explaining import ExplainService
from kyozon.services.fallback import Attempts
from kyozon.services.feedback import FeedbackService
from kyozon.services.granting import Granting
from kyozon.services.health import Health
from kyozon.services.keys import KeyService
from kyozon.services.leasing import Leasing
from kyozon.services.limiter import Limiter
from kyozon.services.masking import Masking
from kyozon.services.provenance import Provenance
from kyozon.services.reasoning import ReasoningReader
from kyozon.services.registry import Installation, Keep, Registry, kept_nowhere
from kyozon.services.replays import Repeat, Replays
from kyozon.services.reranking import RerankingService
from kyozon.services.reviewing import Reviewing
from kyozon.services.rolling_out import RollingOut
from kyozon.services.settling import Settler
from kyozon.services.versions import Following
from kyozon.settings import Settings
from kyozon.storage.database import Database
from kyozon.telemetry.fan_out import FanOut
from kyozon.telemetry.prometheus import PrometheusMetrics
from tests.fakes.answers import MemoryAnswers
from tests.fakes.feedback import MemoryFeedback
from tests.fakes.leases import MemoryLeases, SharedCeilings
from tests.fakes.memory import MemoryBook, MemoryKeys
from tests.fakes.provenance import MemoryProvenance, MemoryTrail
from tests.fakes.reasoning import MemoryReasoning
from tests.fakes.reviews import MemoryReviews
from tests.fakes.rollouts import MemoryRollouts
from tests.fakes.scripted import ScriptedChat, ScriptedEmbedding, ScriptedReranking
from tests.fakes.steered import START, Steered

EVERYTHING = Clearance(Level.RESTRICTED, frozenset({"*"}))
NO_RETRIES = Retrying(retries=0)
NEVER_OPEN = Breaking(in_row=1_000_000, calls=1_000_000)
INTERNAL, CONFIDENTIAL = Label(Level.INTERNAL), Label(Level.CONFIDENTIAL)

ZONES = {
    "host": Zone("host", "host", EVERYTHING),
    "external": Zone("external", "external", Clearance(Level.INTERNAL)),
}


def rules() -> list[Rule]:
    """Every rule of the permit step."""
    package = kyozon.governance.rules
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(module.name).rule for module in found]


def provider(name: str, zone: str) -> Provider:
    """A provider about which nothing else is known."""
    return Provider(name, name, "openai", "http://127.0.0.1:1/v1", zone=zone)


def card(name: str, provider: str, zone: str, price: str) -> ModelCard:
    """A chat model whose output costs five times its input."""
    prices = (Price(date(2026, 1, 1), Decimal(price), 5 * Decimal(price)),)
    abilities = dict.fromkeys(("tools", "schema", "n", "logprobs"), True)
    return ModelCard(name, provider, name, zone, context=8192, abilities=abilities, prices=prices)


IN_HOUSE = card("in-house", "local", "host", "2")
CHEAP = card("cheap", "bargain", "external", "1")
DEAR = card("dear", "boutique", "external", "10")
EMBEDDER = ModelCard("embedder", "local", "embedder", "host", kind="embedding", dimensions=2, prices=IN_HOUSE.prices)
RERANKER = ModelCard("reranker", "local", "reranker", "host", kind="reranking", prices=IN_HOUSE.prices)
FAR_RERANKER = ModelCard(
    "far-reranker",
    "bargain",
    "far-reranker",
    "external",
    kind="reranking",
    prices=(Price(date(2026, 1, 1), Decimal(0), Decimal(0), thousand_searches=Decimal(2)),),
)


def api_key(name: str = "test", limits: Limits | None = None) -> ApiKey:
    """A key cleared for everything whose secret is `ky-NAME`."""
    sha256 = hashlib.sha256(f"ky-{name}".encode()).hexdigest()
    return ApiKey(
        f"key_{name}", "default", "ann", name, sha256, f"ky-{name}", START, clearance=EVERYTHING, limits=limits or Limits()
    )


class FakeInstallation:
    """`chats` holds the adapter of each provider; `log` tells in which order things were recorded and sent.

    `metrics` counts, and `watchers` are told, too. `max_concurrent` is the server's own, `deployment_caps` its providers'.
    A candidate is not called again unless `retrying` says so, and no breaker opens unless `breaking` does.
    `keep` takes what decisions are made from.
    """

    asked_again: AskedAgain | None = None
    metrics_open = False
    max_file_bytes = 512 << 20
    language: Language = "en"

    def __init__(
        self,
        cards: tuple[ModelCard, ...] = (IN_HOUSE, CHEAP, DEAR, EMBEDDER),
        watchers: Sequence[Telemetry] = (),
        retrying: Retrying = NO_RETRIES,
        breaking: Breaking = NEVER_OPEN,
        keep: Keep = kept_nowhere,
    ) -> None:
        self.max_concurrent = 256
        self.deployment_caps: dict[str, int] = {}
        self.log: list[str] = []
        self.time = Steered()
        self.book = MemoryBook(self.log)
        self.key_store = MemoryKeys(self.log)
        self.chats = {name: ScriptedChat(self.log) for name in ("local", "bargain", "boutique")}
        self.embedder = ScriptedEmbedding(self.log)
        self.registry = Registry(_installation(cards), tuple, keep)
        world = self.time.world
        self.ceilings = SharedCeilings(self.book, world.now)
        self.leasing = Leasing(MemoryLeases(self.ceilings), world)
        self.leasing.confirm(float("inf"))
        self.limiter = Limiter(self.leasing, world)
        self.metrics = PrometheusMetrics(self.registry.cards, (), "test")
        telemetry = FanOut([self.metrics, *watchers])
        self.health = Health(world, breaking)
        self.decider = Decider(self.registry, self.limiter, self.book, world, telemetry, self.health)
        self.settler = Settler(self.registry, self.limiter, self.book, world, telemetry)
        self.stored, self.trail, self.thoughts = MemoryProvenance(self.book), MemoryTrail(), MemoryReasoning(self.log)
        self.said = MemoryFeedback(self.book)
        self.provenance = Provenance(self.stored, self.registry, world)
        self.canaries, self.alarms = list[Canary](), list[CanaryAlarm]()
        self.lookout = CanaryWatch(lambda: self.canaries, self.alarms.append)
        self.reviews = MemoryReviews(self.stored)
        self.granting = Granting(self.reviews, self.registry, world)
        self.reviewing = Reviewing(self.reviews, self.registry, self.book, world, self.provenance)
        self.egress = Egress(self.adapters, self.registry, self.provenance, self.lookout, self.granting)
        self.links: LinkRules | None = None
        self.replays = Replays(self.book, world, timedelta(hours=24), timedelta(minutes=5))
        caps = Caps(self.max_concurrent, queue_length=100, queue_seconds=5.0, deployment=self.deployment)
        self.admission = Admission(caps, world)
        self.attempts = Attempts(self.settler, world, retrying, self.health)
        self.answers = MemoryAnswers(self.log)
        self.continuing: Continuing | None = None
        self.cascading: Cascading | None = None
        self.masking = Masking()
        self.use_cache(CacheOptions())
        self.keys = KeyService(self.key_store, world)
        self.access: list[Access] = []

    @cached_property
    def reranker(self) -> ScriptedReranking:
        """What puts documents in order, at two providers."""
        return ScriptedReranking(self.log)

    @property
    def adapters(self) -> Adapters:
        """The ways to all providers."""
        return Adapters(self.chats, {"local": self.embedder}, {"local": self.reranker, "bargain": self.reranker})

    @cached_property
    def versions(self) -> dict[bytes, Estimator]:
        """What the files of versions say."""
        return {}

    @cached_property
    def rolling(self) -> RollingOut:
        """What puts versions in the place of the estimator."""
        return RollingOut(self.rollouts, self.said, self.version_of, self.time.world)

    @cached_property
    def following(self) -> Following:
        """What keeps the registry in step with them."""
        return Following(self.rollouts, self.registry, self.version_of, self.time.world)

    @cached_property
    def rollouts(self) -> MemoryRollouts:
        """Versions, and how far they have come."""
        return MemoryRollouts()

    def version_of(self, raw: bytes) -> Estimator:
        """What the bytes of a version say: `versions` holds what can be read."""
        if raw not in self.versions:
            raise ValueError("no estimator has written this")
        return self.versions[raw]

    def continue_broken_streams(self) -> None:
        """From now on a stream that breaks after its first words goes on at another candidate."""
        parts = (self.attempts, self.egress, self.admission, self.time.world)
        self.continuing = Continuing(*parts, MessageEvents.resumed, self.masking)
        self.use_cache(self.cache_options)

    def look_through(self, detection: Detection, keys: frozenset[str] = frozenset()) -> None:
        """From now on requests are looked through by `detection`."""
        self.masking = Masking(detection, keys)
        self.use_cache(self.cache_options)

    def measure(self, estimator: Estimator, quality: Goal = HIGH) -> None:
        """From now on the choice is by what `estimator` expects of each model."""
        self.registry.installation = structs.replace(
            self.registry.installation,
            router=measured.router,
            router_name="measured",
            estimator=estimator,
            quality=quality,
        )

    def judge(self, verifier: Verifier, hold: Hold = Hold()) -> None:  # noqa: B008 - it never changes
        """From now on answers may be judged by `verifier`, and a stronger model asked."""
        self.cascading = Cascading(lambda: Judge(verifier), self.attempts, self.settler, hold, self.time.world)
        self.registry.installation = structs.replace(self.registry.installation, foresight=verifier.foresight)
        self.use_cache(self.cache_options)

    def learn_from_use(self) -> AskedAgain:
        """From now on it is noticed who asks again."""
        self.asked_again = AskedAgain(self.said, self.time.world, self.settler.lasting, self.metrics.judged)
        self.use_cache(self.cache_options)
        return self.asked_again

    def use_cache(self, options: CacheOptions, partition: PartitionOf = partition_of) -> None:
        """From now on chats are answered with an answer cache of these options, over `answers`."""
        options = self.cache_options = structs.replace(options, embedder=EMBEDDER.id)
        world = self.time.world
        self.cache = AnswerCache(self.answers, self.registry, self.egress, world, options, partition)
        parts = (self.decider, self.settler, self.attempts, self.cache, self.provenance, self.granting, self.reviewing)
        steps = Steps(*parts, self.continuing, self.masking, self.cascading, self.asked_again)
        self.embeddings = EmbeddingService(steps, self.egress, self.admission)
        self.reranking = RerankingService(steps, self.egress, self.admission)
        self.chat = ChatService(self.registry, steps, self.egress, self.admission, self.replays, world)

    @cached_property
    def documents(self) -> Kept:
        """Services of documents over a database that does not answer; tests of those bring one that does."""
        parts = self.registry, self.provenance, self.chat, self.embeddings, self.reranking
        return knowledge(Needed(Settings(), Database(""), *parts))

    def services(self, max_body_bytes: int = 1 << 20) -> Services:
        """What the routes take."""
        world, judged = self.time.world, self.metrics.judged
        return Services(
            chat=self.chat,
            embeddings=self.embeddings,
            reranking=self.reranking,
            explain=ExplainService(self.book),
            reasoning=ReasoningReader(ExplainService(self.book), self.thoughts, self.trail, self.time.world),
            keys=self.keys,
            records=self.book,
            registry=self.registry,
            limiter=self.limiter,
            provenance=self.provenance,
            trail=self.trail,
            world=self.time.world,
            ready=self._ready,
            reviewing=self.reviewing,
            rolling=self.rolling,
            knowledge=self.documents.offered,
            feedback=FeedbackService(self.said, self.book, self.provenance, self.trail, world, judged),
            reload=self._reload,
            max_body_bytes=max_body_bytes,
            max_file_bytes=self.max_file_bytes,
            max_concurrent=self.max_concurrent,
            metrics=self.metrics.exposition,
            metrics_open=self.metrics_open,
            log=self.access.append,
            links=self.links,
            language=self.language,
            canaries=self.lookout,
        )

    @property
    def sent(self) -> list[str]:
        """The cards that were called, in order."""
        return [line.removeprefix("send ") for line in self.log if line.startswith("send ")]

    async def drain(self) -> None:
        """Wait for what goes on after its caller has left."""
        await self.settler.drain()
        await self.book.written()
        await asyncio.sleep(0)  # the turn in which who waits for a record hears of it

    def assert_settled(self) -> None:
        """Every decision is closed once, nothing is held any more, every connection is closed, the ledger balances."""
        assert self.book.closings == dict.fromkeys(self.book.decisions_by_id, 1)
        for key_id in {decision.key_id for decision in self.book.decisions_by_id.values()}:
            assert self.book.total(f"key:{key_id}:held") == 0
        assert all(purse.held == 0 for purse in self.leasing.purses.values())
        assert all(chat.opened == chat.closed for chat in self.chats.values())
        assert self.replays._running == set()
        assert all(each.load.outstanding == 0 for each in self.health._deployments.values())
        assert (self.admission._turns.running, self.admission._turns.waiting) == (0, 0)
        assert self.metrics._running == set()

    def deployment(self, card: ModelCard) -> Deployment:
        """Each provider is one; `deployment_caps` holds the caps of those that have one."""
        return Deployment(card.provider, self.deployment_caps.get(card.provider))

    async def _reload(self) -> Reloaded:
        version = self.registry.installation.policy_version
        return Reloaded(version, version, ())

    async def _ready(self) -> dict[str, bool]:
        return {"database": not self.book.failing}


def ask(model: str = AUTO, *, key: ApiKey | None = None, declared: Label | None = None, **fields: Any) -> Ask:
    """A chat request in OpenAI's dialect; what `Repeat` has a field for goes there, the rest to the body."""
    key = key or api_key()
    names = ("idempotency_key", "sdk", "retry", "terms")
    wish, sources = fields.pop("cache", None), fields.pop("sources", ())
    said = {name: fields.pop(name) for name in ("stated", "grant", "asks_review", "quality") if name in fields}
    if "purpose" in fields:
        said["stated"] = Stated(fields.pop("purpose"))
    body: Json = {"model": model, "messages": [{"role": "user", "content": "Say hello."}]}
    body |= {name: value for name, value in fields.items() if name not in names}
    repeat = Repeat(key.id, hashlib.sha256(msgspec.json.encode(body)).hexdigest())
    repeat = structs.replace(repeat, **{name: value for name, value in fields.items() if name in names})
    asked = Ask(Caller(key), ChatRequest("openai", body, body), declared, repeat, wish, sources)
    return structs.replace(asked, **said)


def _installation(cards: tuple[ModelCard, ...]) -> Installation:
    zones: Mapping[str, str] = {"local": "host", "bargain": "external", "boutique": "external"}
    return Installation(
        providers={name: provider(name, zone) for name, zone in zones.items()},
        zones=ZONES,
        cards=cards,
        rules=rules(),
        router=router,
        router_name="cheapest",
        policy_version="test",
        default_label=INTERNAL,
        credentials_missing={},
    )
