"""The real services over echoing models, with a recorder in every zone and the truth about every canary beside them."""

import re
from collections import Counter
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import CallerError, HeldForReview, KyozonError, NotFound, NotPermitted, Refusal, WorldFailure
from kyozon.domain.labels import ALL_COMPARTMENTS, Clearance, Label, Level, Zone, parse_clearance, parse_label
from kyozon.domain.provenance import COLLECTOR, Delivery, StoredValue
from kyozon.domain.requests import EmbeddingRequest
from kyozon.domain.review import ReviewRules
from kyozon.ports.provider import ChatCall, EmbeddingCall
from kyozon.routing.retrying import Retrying
from kyozon.services.cache import CacheOptions
from kyozon.services.chat import Ask
from kyozon.services.deciding import RECORDED
from kyozon.services.provenance import Wish
from tests.fakes.installation import (
    CHEAP,
    EMBEDDER,
    FAR_RERANKER,
    IN_HOUSE,
    RERANKER,
    FakeInstallation,
    api_key,
    ask,
    card,
    provider,
)
from tests.noninterference.approvals import Approvals, Leaving, Sender, Watch, without_how, words_of
from tests.noninterference.echoes import (
    KNOWS,
    SPOKE,
    EchoChat,
    EchoEmbedding,
    EchoReranking,
    HeardSpans,
    SlowAnswers,
    Trouble,
)
from tests.noninterference.looking import RealLooks
from tests.noninterference.oracle import LEVELS, Place, Secrecy, Truth, tokens_in

TENANTS = ("acme", "other")
MASKED = re.compile(rb"\[(?:EMAIL|PHONE|SECRET|PERSON)_[0-9]")
PARTNER = card("partner", "boutique", "partner", "3")
FAR_EMBEDDER = structs.replace(EMBEDDER, id="far-embedder", provider="bargain", zone="external")
TWINS = (card("twin", "bargain", "external", "20"), card("twin", "boutique", "partner", "30"))
CARDS = (IN_HOUSE, CHEAP, PARTNER, EMBEDDER, FAR_EMBEDDER, *TWINS, RERANKER, FAR_RERANKER)
EVERYWHERE = Place(3, None, host=True)
POLICIES = {
    "open": {"external": Place(1), "partner": Place(2, frozenset({"pii", "jp-only"}), region="JP")},
    "narrow": {"external": Place(0), "partner": Place(1, frozenset({"no-train"}))},
    "wide": {"external": Place(2, None, trains=True), "partner": Place(2, None, region="JP")},
    "unmasked": {"external": Place(1, masked=False), "partner": Place(2, masked=False)},
}
"""What each policy lets into each zone; this machine may have everything. """

PEOPLE = {
    "cleared": EVERYWHERE,
    "limited": Place(2, frozenset({"pii", "no-train"}), host=True),
    "floored": EVERYWHERE,
    "watched": EVERYWHERE,
    "looked-at": EVERYWHERE,
    "outsider": Place(2, host=True),
    "officer": EVERYWHERE,
    "apprentice": EVERYWHERE,
    "clerk": Place(0, host=True),
}
"""What each person may have. The requests of the one who is looked at, and of the outsider, are looked through."""

LOOKED_THROUGH = ("looked-at", "outsider")
SENDER: ContextVar[Sender | None] = ContextVar("sender", default=None)
"""Who sends the running request."""
NOBODY = Watch()
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
        self.reranker = EchoReranking(self.record)
        self.house.egress._reranking = dict.fromkeys(("local", "bargain"), self.reranker)
        self.house.look_through(RealLooks(), frozenset(f"{tenant}-{who}" for tenant in TENANTS for who in LOOKED_THROUGH))
        self.house.continue_broken_streams()
        self.house.answers = SlowAnswers(self.house.log, self.trouble)
        self.house.use_cache(CacheOptions())
        self.house.cache._options = structs.replace(self.house.cache_options, embedder=FAR_EMBEDDER.id)
        self.items: list[Item] = []
        self.asked: list[tuple[Ask, str, str]] = []
        """Each request with who sent it and what its model had learnt."""
        self.approvals = Approvals()
        self.happened: Counter[str] = Counter()
        """How often what may be was: a proof over lives in which nothing may be would prove nothing."""
        self.waiting: list[str] = []
        """The reviews that were asked for."""
        self.policy_number = 0
        self._seen = [0, 0, 0, 0]
        self.policies, self.watches = ["open"], [NOBODY]
        self.adopt("open")

    def record(self, zone: str, payload: bytes) -> None:
        """Bytes have reached a zone."""
        self.bytes_at.setdefault(zone, []).append(payload)
        found = tokens_in(payload)
        for token in found:
            self.reached.setdefault(token, set()).add(zone)
        places = {policy: _place(zone, policy) for policy in self.policies}
        against = [(t, p) for p, place in places.items() for t in found if not place.may_have(self.truth.secrecy(t))]
        if against and not self.approvals.use(self.leaving(zone, words_of(payload), self.truth.of(found))):
            token, policy = against[0]
            self.leaks.append(f"{token} ({self.truth.secrecy(token)}) went to {zone} under policy {policy}")
        if self._masked(payload) and not all(place.masked for place in places.values()):
            self.leaks.append(f"masked words went to {zone}, which takes none")

    def _masked(self, payload: bytes) -> bool:
        """Whether tokens stand for what the running request's sender has said."""
        sender = SENDER.get()
        looked = sender is not None and sender.person.removesuffix(f" of {sender.tenant}") in LOOKED_THROUGH
        return looked and MASKED.search(payload) is not None

    def leaving(self, zone: str, words: Any, secrecy: Secrecy) -> Leaving:
        """What the running request's sender sends, as of now."""
        return Leaving(SENDER.get(), zone, words, secrecy, self.policy_number, self.house.time.now)

    def told(self, tenant: str, who: str, payload: bytes | str) -> None:
        """A person has been answered."""
        for token in tokens_in(payload):
            hold = self.approvals.held.get(token)
            if self.truth.canaries[token].tenant != tenant:
                self.leaks.append(f"{token} was told to another tenant")
            if not PEOPLE[who].may_have(self.truth.secrecy(token)):
                self.leaks.append(f"{token} ({self.truth.secrecy(token)}) was told to {who}")
            if hold is not None and not hold.may_read(f"{who} of {tenant}", self.house.time.now):
                self.leaks.append(f"{token} was told to {who}, and is held for review")

    def key(self, tenant: str, who: str) -> ApiKey:
        place = PEOPLE[who]
        compartments = frozenset({ALL_COMPARTMENTS}) if place.compartments is None else place.compartments
        clearance = Clearance(Level(LEVELS[place.level]), compartments)
        key = structs.replace(api_key(f"{tenant}-{who}"), tenant=tenant, user=f"{who} of {tenant}", clearance=clearance)
        return structs.replace(key, label_floor=parse_label(str(FLOOR))) if who == "floored" else key

    def adopt(self, policy: str, watch: Watch = NOBODY) -> None:
        """Put another policy in place; requests under way are still bound by the one before."""
        self.policy_number += 1
        zones = {"host": Zone("host", "host", parse_clearance("restricted+*"), trains=False)}
        zones |= {name: _zone(name, place) for name, place in POLICIES[policy].items()}
        old = self.house.registry.installation
        providers = {**old.providers, "boutique": provider("boutique", "partner")}
        self.house.registry.installation = structs.replace(
            old,
            zones=zones,
            providers=providers,
            policy_version=f"{policy}-{self.policy_number}",
            review=_rules(watch),
        )
        self.spans._zone = zones["external"]
        self.policies.append(policy)
        self.watches.append(watch)

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
        tenant, watches, inside = asked.caller.tenant, self.watches[-1:], self._inside(asked)
        SENDER.set(Sender(tenant, asked.caller.key.user, asked.stated.purpose))
        KNOWS.set(learnt)
        RECORDED.set(None)
        spoke: set[str] = set()
        SPOKE.set(spoke)
        terms = f"{self.house.registry.installation.policy_version} {asked.declared}"
        asked = structs.replace(asked, repeat=structs.replace(asked.repeat, terms=terms))
        try:
            decision_id, said = await (self._streamed(asked) if asked.request.stream else self._whole(asked))
        except KyozonError as failure:
            self.refused(failure)
            self._check_permitted(RECORDED.get(), asked, inside)
            return None
        self.told(tenant, who, said)
        self._check_permitted(decision_id, asked, inside)
        watches += [] if asked.request.stream else self.watches[-1:]  # of a stream, words may have been told before
        if any(watch.holds(who, spoke, inside[0]) for watch in watches):
            self.leaks.append(f"{who} was answered, and nobody has looked at it")
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
        return streamed.decision_id, b" ".join([*said, *_joined(said)]).decode()

    def refused(self, failure: KyozonError) -> None:
        assert isinstance(failure, Refusal | WorldFailure | CallerError)
        if isinstance(failure, NotPermitted | HeldForReview) and failure.review is not None:
            self.waiting.append(failure.review)
        if tokens_in(failure.text.en + failure.text.ja):
            self.leaks.append(f"an error quotes the request: {failure}")

    def _inside(self, asked: Ask) -> tuple[Secrecy, Secrecy]:
        """How secret a request is, and how secret without what detectors find in it."""
        found = tokens_in(str(asked.request.body))
        return self.truth.of(found), self.truth.of(found - self.truth.personal)

    def _check_permitted(self, decision_id: str | None, asked: Ask, inside: tuple[Secrecy, Secrecy]) -> None:
        """Each model that the decision permits may have what is in the request: the rules hold without the choke point."""
        decision = self.house.book.decisions_by_id.get(decision_id or "")
        if decision is None:
            return
        if decision.policy_version != self.house.registry.installation.policy_version:
            return
        policy = self.policies[-1]
        for candidate in decision.candidates:
            zone, secrecy = candidate.zone, inside[candidate.masked]
            if not candidate.permitted or _place(zone, policy).may_have(secrecy):
                continue
            if not self.approvals.cover(self.leaving(zone, without_how(asked.request.body), secrecy)):
                self.leaks.append(f"the decision permits {secrecy} in {zone} under policy {policy}")

    async def embed(self, items: Sequence[Item], model: str) -> None:
        texts = tuple(item.words for item in items)
        names = tuple(item.name for item in items)
        await self.put_to_embed(texts, self.key(items[0].tenant, "cleared"), model, parse_label("public"), names)

    async def put_to_embed(
        self, texts: Sequence[str], key: ApiKey, model: str, declared: Label, names: tuple[str, ...] = ()
    ) -> None:
        request = EmbeddingRequest({"input": list(texts)}, model, tuple(texts))
        try:
            await self.house.embeddings.embed(Caller(key), request, declared, b"", names)
        except KyozonError as failure:
            self.refused(failure)

    async def count(self, items: Sequence[Item], model: str) -> None:
        messages = [{"role": "user", "content": " ".join(item.words for item in items if not item.learnt)}]
        names = tuple(item.name for item in items)
        key = self.key(items[0].tenant, "cleared")
        await self.put_to_count(ask(model, key=key, declared=parse_label("public"), messages=messages, sources=names))

    async def put_to_count(self, asked: Ask) -> None:
        SENDER.set(Sender(asked.caller.tenant, asked.caller.key.user, asked.stated.purpose))
        try:
            await self.house.chat.count_tokens(asked)
        except KyozonError as failure:
            self.refused(failure)

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
            self.refused(failure)
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
            self.refused(failure)
        else:
            self.record(zone, adapter.words.encode())

    async def upgrade(self, item: Item, secrecy: Secrecy) -> None:
        """A document turns out to be more secret. The report must name every zone that its words have been to."""
        (token,) = tokens_in(item.words)
        own = self.truth.canaries[token]
        own.secrecy = own.secrecy.with_(secrecy)
        wish = Wish(item.tenant, item.name, parse_label(str(own.secrecy)), "hanako", "it was wrong")
        try:
            exposure = await self.house.provenance.raise_label(wish)
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

    async def lower(self, item: Item, approver: ApiKey | None, raised: Secrecy | None, *, rightly: bool) -> None:
        """A label goes down by two people's will only (D1), and not where it is raised meanwhile."""
        (token,) = tokens_in(item.words)
        canary, reviewing = self.truth.canaries[token], self.house.reviewing
        asker = Caller(structs.replace(self.key(item.tenant, "cleared"), user="hanako"))
        try:
            asked = await reviewing.request_lowering(asker, item.name, parse_label("public"), "it-may-be-known")
            then = canary.secrecy
            if raised is not None:
                await self.upgrade(item, raised)
            if approver is not None:
                await reviewing.approve(Caller(approver), asked.id)
        except (CallerError, Refusal):
            pass
        else:
            if rightly and canary.secrecy == then:
                canary.secrecy = Secrecy()
        label = (await self.house.provenance.own(item.tenant, item.name)).label
        if str(label) == "public" and canary.secrecy != Secrecy():
            self.leaks.append(f"a leak: {token} was lowered against somebody's will")

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
        """What is checked when nothing runs: the collector and new records hold no words that they must not."""
        self.spans.pass_on()
        book, reviews = self.house.book, self.house.reviews
        logs = (book.decisions_by_id.values(), book.outcomes.values(), self.house.trail.events, reviews.events)
        for place, log in enumerate(logs):
            new = list(islice(log, self._seen[place], None))
            self._seen[place] += len(new)
            if tokens_in(str(new)):
                self.leaks.append("a record holds words")
        self.policies, self.watches = self.policies[-1:], self.watches[-1:]

    def close(self) -> None:
        """What is checked in the end, of all that has happened."""
        kept = [str(self.house.access), self.house.metrics.exposition().decode(), str(self.house.reviews.queue)]
        if any(map(tokens_in, kept)):
            self.leaks.append("a log, a metric or the review queue holds words")


def _place(zone: str, policy: str) -> Place:
    """What a zone may have; the collector stands where the far models do."""
    return EVERYWHERE if zone == "host" else POLICIES[policy]["external" if zone == COLLECTOR else zone]


def _zone(name: str, place: Place) -> Zone:
    compartments = frozenset({ALL_COMPARTMENTS}) if place.compartments is None else place.compartments
    clearance = Clearance(Level(LEVELS[place.level]), compartments)
    return Zone(name, "external", clearance, region=place.region, trains=place.trains, masked=place.masked)


def _rules(watch: Watch) -> ReviewRules:
    keys = frozenset(f"{tenant}-{who}" for tenant in TENANTS for who in watch.people)
    return ReviewRules(tuple(parse_label(str(one)) for one in watch.least), watch.zones, keys)


def _joined(chunks: Sequence[bytes]) -> list[bytes]:
    """What the chunks of a stream say, put together as a reader does: words, and the arguments of tool calls."""
    words, arguments = [], []
    for chunk in map(msgspec.json.decode, chunks):
        for choice in chunk["choices"]:
            words.append(choice["delta"].get("content") or "")
            arguments += [call["function"]["arguments"] for call in choice["delta"].get("tool_calls") or ()]
    return ["".join(words).encode(), "".join(arguments).encode()]
