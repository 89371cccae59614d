"""The real services over echoing models, with a recorder in every zone and the truth about every canary beside them."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import CallerError, KyozonError, NotFound, Refusal, WorldFailure
from kyozon.domain.labels import ALL_COMPARTMENTS, Clearance, Label, Level, Zone, parse_clearance, parse_label
from kyozon.domain.provenance import COLLECTOR, Delivery, StoredValue
from kyozon.domain.requests import EmbeddingRequest
from kyozon.ports.provider import ChatCall, EmbeddingCall
from kyozon.routing.retrying import Retrying
from kyozon.services.cache import CacheOptions
from kyozon.services.chat import Ask
from kyozon.services.deciding import RECORDED
from kyozon.services.provenance import Wish
from tests.fakes.installation import CHEAP, EMBEDDER, IN_HOUSE, FakeInstallation, api_key, ask, card, provider
from tests.noninterference.echoes import KNOWS, EchoChat, EchoEmbedding, HeardSpans, Trouble
from tests.noninterference.oracle import LEVELS, Place, Secrecy, Truth, tokens_in

PARTNER = card("partner", "boutique", "partner", "3")
FAR_EMBEDDER = structs.replace(EMBEDDER, id="far-embedder", provider="bargain", zone="external")
CARDS = (IN_HOUSE, CHEAP, PARTNER, EMBEDDER, FAR_EMBEDDER)
EVERYWHERE = Place(3, None, host=True)
POLICIES = {
    "open": {"external": Place(1), "partner": Place(2, frozenset({"pii", "jp-only"}), region="JP")},
    "narrow": {"external": Place(0), "partner": Place(1, frozenset({"no-train"}))},
    "wide": {"external": Place(2, None, trains=True), "partner": Place(2, None, region="JP")},
}
"""What each policy lets into each zone; this machine may have everything. """

PEOPLE = {"cleared": EVERYWHERE, "limited": Place(2, frozenset({"pii", "no-train"}), host=True), "floored": EVERYWHERE}
FLOOR = Secrecy(2, frozenset({"pii"}))


class Item(Struct, frozen=True):
    """Something stored: its words lie here, its label and its sources in the real provenance."""

    name: str
    tenant: str
    kind: str
    words: str
    learnt: bool = False
    secret: bool = False


class Chat(Struct, frozen=True):
    """How to ask."""

    who: str = "cleared"
    model: str = "auto"
    streamed: bool = False
    declared: Secrecy | None = Secrecy()
    wish: str | None = None
    key: str | None = None
    trouble: tuple[str, ...] = ()


class Premises:
    """`leaks` holds what has gone where it must not; whoever drives this looks there after each step."""

    def __init__(self) -> None:
        self.truth, self.trouble = Truth(), Trouble()
        self.leaks: list[str] = []
        self.reached: dict[str, set[str]] = {}
        self.bytes_at: dict[str, list[bytes]] = {}
        self.spans = HeardSpans(COLLECTOR, self.record)
        self.house = FakeInstallation(CARDS, [self.spans], Retrying(retries=1, base=0.0))
        self.house.chats = {name: EchoChat(self.record, self.trouble) for name in self.house.chats}  # type: ignore[misc]
        self.house.egress._chat = self.house.chats
        self.house.egress._embedding = {name: EchoEmbedding(self.record) for name in ("local", "bargain")}
        self.house.continue_broken_streams()
        self.house.use_cache(CacheOptions())
        self.house.cache._options = structs.replace(self.house.cache_options, embedder=FAR_EMBEDDER.id)
        self.items: list[Item] = []
        self.asked: list[tuple[Ask, str, str]] = []
        """Each request with who sent it and what its model had learnt."""
        self._policy_number = 0
        self.policies = ["open"]
        self.adopt("open")

    def record(self, zone: str, payload: bytes) -> None:
        """Bytes have reached a zone."""
        self.bytes_at.setdefault(zone, []).append(payload)
        for token in tokens_in(payload):
            self.reached.setdefault(token, set()).add(zone)
            for policy in self.policies:
                place = _place(zone, policy)
                if not place.may_have(self.truth.secrecy(token)):
                    self.leaks.append(f"{token} ({self.truth.secrecy(token)}) went to {zone} under policy {policy}")

    def told(self, tenant: str, who: str, payload: bytes | str) -> None:
        """A person has been answered."""
        for token in tokens_in(payload):
            if self.truth.canaries[token].tenant != tenant:
                self.leaks.append(f"{token} was told to another tenant")
            if not PEOPLE[who].may_have(self.truth.secrecy(token)):
                self.leaks.append(f"{token} ({self.truth.secrecy(token)}) was told to {who}")

    def key(self, tenant: str, who: str) -> ApiKey:
        place = PEOPLE[who]
        compartments = frozenset({ALL_COMPARTMENTS}) if place.compartments is None else place.compartments
        clearance = Clearance(Level(LEVELS[place.level]), compartments)
        key = structs.replace(api_key(f"{tenant}-{who}"), tenant=tenant, user=f"{who} of {tenant}", clearance=clearance)
        return structs.replace(key, label_floor=parse_label(str(FLOOR))) if who == "floored" else key

    def adopt(self, policy: str) -> None:
        """Put another policy in place; requests under way are still bound by the one before."""
        self._policy_number += 1
        zones = {"host": Zone("host", "host", parse_clearance("restricted+*"), trains=False)}
        zones |= {name: _zone(name, place) for name, place in POLICIES[policy].items()}
        old = self.house.registry.installation
        providers = {**old.providers, "boutique": provider("boutique", "partner")}
        self.house.registry.installation = structs.replace(
            old, zones=zones, providers=providers, policy_version=f"{policy}-{self._policy_number}"
        )
        self.spans._zone = zones["external"]
        self.policies.append(policy)

    def name(self, kind: str) -> str:
        """A name that tells nothing."""
        return self.house.time.world.new_id(kind)

    async def keep(self, item: Item, label: Label, sources: Sequence[str] = ()) -> Item:
        """Store a value."""
        now = self.house.time.now
        await self.house.provenance.add(StoredValue(item.name, item.tenant, item.kind, now, label, tuple(sources)))
        self.items.append(item)
        return item

    async def ingest(self, tenant: str, secrecy: Secrecy, kind: str = "document") -> Item:
        return await self.ingest_as(self.truth.plant(tenant, secrecy), tenant, secrecy, kind)

    async def ingest_as(self, token: str, tenant: str, secrecy: Secrecy, kind: str = "document") -> Item:
        """Store a canary that is planted already."""
        return await self.keep(Item(self.name(kind), tenant, kind, token), parse_label(str(secrecy)))

    async def derive(self, sources: Sequence[Item], kind: str, declared: Secrecy) -> Item:
        """Something new made from others: a summary in other words; else with their words."""
        inside = {token for item in sources for token in tokens_in(item.words)}
        token = self.truth.plant(sources[0].tenant, declared, inside)
        words = token if kind in ("summary", "adapter") else " ".join([token, *(item.words for item in sources)])
        item = Item(self.name(kind), sources[0].tenant, kind, words, learnt=kind == "adapter")
        return await self.keep(item, parse_label(str(declared)), [source.name for source in sources])

    async def chat(self, tenant: str, items: Sequence[Item], how: Chat) -> Item | None:
        """Ask with these items in the request; the answer becomes a message, made from the exchange."""
        declared = None if how.declared is None else parse_label(str(how.declared))
        own = how.declared or Secrecy(1)  # the installation's default
        prompt = self.truth.plant(tenant, own.with_(FLOOR) if how.who == "floored" else own)
        words = [item.words for item in items if not item.learnt]
        messages = [{"role": "system", "content": " ".join(words)}, {"role": "user", "content": f"Say it: {prompt}"}]
        fields: dict[str, Any] = {
            "idempotency_key": how.key,
            "cache": how.wish,
            "messages": messages,
            "stream": how.streamed,
        }
        sources = tuple(item.name for item in items)
        asked = ask(how.model, key=self.key(tenant, how.who), declared=declared, sources=sources, **fields)
        learnt = " ".join(item.words for item in items if item.learnt)
        self.asked.append((asked, how.who, learnt))
        self.trouble.plan = list(how.trouble)
        return await self.put(asked, how.who, learnt)

    async def put(self, asked: Ask, who: str, learnt: str) -> Item | None:
        """Send a request, perhaps once more."""
        tenant = asked.caller.tenant
        KNOWS.set(learnt)
        RECORDED.set(None)
        inside = self.truth.of(tokens_in(str(asked.request.body)))
        try:
            decision_id, said = await (self._streamed(asked) if asked.request.stream else self._whole(asked))
        except KyozonError as failure:
            self._refused(failure)
            self._check_permitted(RECORDED.get(), inside)
            return None
        self.told(tenant, who, said)
        self._check_permitted(decision_id, inside)
        return await self.keep(Item(self.name("message"), tenant, "message", said), Label(Level.PUBLIC), (decision_id,))

    async def _whole(self, asked: Ask) -> tuple[str, str]:
        answered = await self.house.chat.answer(asked)
        return answered.decision_id, answered.payload.decode()

    async def _streamed(self, asked: Ask) -> tuple[str, str]:
        streamed = await self.house.chat.stream(asked)
        try:
            said = [found.payload async for found in streamed.pieces]
        finally:
            await streamed.close()
        return streamed.decision_id, b" ".join(said).decode()

    def _refused(self, failure: KyozonError) -> None:
        assert isinstance(failure, Refusal | WorldFailure | CallerError)
        if tokens_in(failure.text.en + failure.text.ja):
            self.leaks.append(f"an error quotes the request: {failure}")

    def _check_permitted(self, decision_id: str | None, inside: Secrecy) -> None:
        """Each model that the decision permits may have what is in the request: the rules hold without the choke point."""
        decision = self.house.book.decisions_by_id.get(decision_id or "")
        if decision is None:
            return
        policy = decision.policy_version.partition("-")[0]
        for candidate in decision.candidates:
            zone = candidate.zone
            place = _place(zone, policy)
            if candidate.permitted and not place.may_have(inside) and policy == self.policies[-1]:
                self.leaks.append(f"the decision permits {inside} in {zone} under policy {policy}")

    async def embed(self, items: Sequence[Item], model: str) -> None:
        texts = tuple(item.words for item in items)
        key, names = self.key(items[0].tenant, "cleared"), tuple(item.name for item in items)
        request = EmbeddingRequest({"input": list(texts)}, model, texts)
        try:
            await self.house.embeddings.embed(Caller(key), request, parse_label("public"), b"", names)
        except KyozonError as failure:
            self._refused(failure)

    async def count(self, items: Sequence[Item], model: str) -> None:
        messages = [{"role": "user", "content": " ".join(item.words for item in items if not item.learnt)}]
        names = tuple(item.name for item in items)
        key = self.key(items[0].tenant, "cleared")
        try:
            await self.house.chat.count_tokens(
                ask(model, key=key, declared=parse_label("public"), messages=messages, sources=names)
            )
        except KyozonError as failure:
            self._refused(failure)

    async def misroute(self, items: Sequence[Item], zone: str, way: str) -> None:
        """Hand a decided request straight to the choke point, for a model that it was not decided for."""
        await self.chat(items[0].tenant, items, Chat())
        asked, _, learnt = self.asked[-1]
        mine = [
            found for found in self.house.book.decisions_by_id.values() if found.body_sha256 == asked.repeat.body_sha256
        ]
        KNOWS.set(learnt)
        reached = {token: set(zones) for token, zones in self.reached.items()}
        egress, decision = self.house.egress, mine[-1]
        call = ChatCall(CHEAP if zone == "external" else PARTNER, asked.request)
        try:
            if way == "answer":
                await egress.answer(call, decision.label, decision)
            elif way == "count":
                await egress.count_tokens(call, decision.label, decision)
            elif way == "embed":
                texts = (str(asked.request.body),)
                request = EmbeddingCall(FAR_EMBEDDER, EmbeddingRequest({}, FAR_EMBEDDER.id, texts))
                await egress.embed(request, decision.label, decision)
            else:
                async for _ in egress.stream(call, decision.label, decision):
                    pass
        except KyozonError as failure:
            self._refused(failure)
        self.reached = reached  # where it was permitted, by the mistake alone: no record tells of it

    async def load(self, adapter: Item, zone: str) -> None:
        """An adapter goes to where a model runs: its training data goes with it."""
        key = self.key(adapter.tenant, "cleared")
        name = self.house.time.world.new_id("dlv")
        sent = Delivery(
            name, self.house.time.now, adapter.tenant, (adapter.name,), zone, Label(), key.user, key.id, "0" * 64
        )
        try:
            await self.house.provenance.deliver(sent)
        except Refusal as failure:
            self._refused(failure)
        else:
            self.record(zone, adapter.words.encode())

    async def upgrade(self, item: Item, secrecy: Secrecy) -> None:
        """A document turns out to be more secret. The report must name every zone that its words have been to."""
        (token,) = tokens_in(item.words)
        own = self.truth.canaries[token]
        own.secrecy = own.secrecy.with_(secrecy)
        wish = Wish(item.tenant, item.name, parse_label(str(own.secrecy)), "hanako", "it was wrong")
        try:
            exposure = await self.house.provenance.relabel(wish)
        except CallerError:
            self.leaks.append(f"{token} cannot be raised to {own.secrecy}")
            return
        zones = {found.delivery.zone for found in exposure.deliveries}
        missing = self.reached.get(token, set()) - zones
        if missing:
            self.leaks.append(f"the exposure report of {token} does not name {missing}")
        self._check_verdicts(token, [(one.delivery.zone, one.permitted_now) for one in exposure.deliveries])

    def _check_verdicts(self, token: str, found: Sequence[tuple[str, bool]]) -> None:
        secrecy = self.truth.secrecy(token)
        for zone, permitted in found:
            if zone in POLICIES[self.policies[-1]] and permitted != POLICIES[self.policies[-1]][zone].may_have(secrecy):
                self.leaks.append(f"the exposure report is wrong about {token} in {zone}")

    async def lower(self, item: Item, approver: ApiKey | None, *, rightly: bool) -> None:
        """A label goes down by two people's will only (D1)."""
        wish = Wish(item.tenant, item.name, parse_label("public"), "hanako", "it may be known", approver)
        try:
            await self.house.provenance.relabel(wish)
        except CallerError:
            return
        for token in tokens_in(item.words):
            if rightly:
                self.truth.canaries[token].secrecy = Secrecy()
            elif self.truth.canaries[token].secrecy != Secrecy():
                self.leaks.append(f"a leak: {token} was lowered without a second person")

    async def steal(self, tenant: str, item: Item) -> None:
        """Another tenant names a value that is not its own."""
        learner = structs.replace(item, tenant=tenant, words="", learnt=True)
        asked = ask("in-house", key=self.key(tenant, "cleared"), declared=None, sources=(item.name,))
        await self.put(asked, "cleared", item.words)
        try:
            await self.derive([learner], "memory", Secrecy())
        except NotFound:
            return
        self.leaks.append(f"a value of another tenant was made from {item.name}")

    def settle(self) -> None:
        """What is checked when nothing runs: the collector, records, metrics and logs hold no words they must not."""
        self.spans.pass_on()
        book = self.house.book
        kept = [str(book.decisions_by_id), str(book.outcomes), str(self.house.trail.events), str(self.house.access)]
        for record in (*kept, self.house.metrics.exposition().decode()):
            if tokens_in(record):
                self.leaks.append("a record holds words")
        self.policies = self.policies[-1:]


def _place(zone: str, policy: str) -> Place:
    """What a zone may have; the collector stands where the far models do."""
    return EVERYWHERE if zone == "host" else POLICIES[policy]["external" if zone == COLLECTOR else zone]


def _zone(name: str, place: Place) -> Zone:
    compartments = frozenset({ALL_COMPARTMENTS}) if place.compartments is None else place.compartments
    clearance = Clearance(Level(LEVELS[place.level]), compartments)
    return Zone(name, "external", clearance, region=place.region, trains=place.trains)
