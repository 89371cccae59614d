"""Random lives of an installation. Rules that only draw would miss most leaks: some of them compose what a leak needs."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec import structs

from kyozon.domain.labels import Label, parse_label
from kyozon.domain.tools import Reference, Tool
from kyozon.governance.tools.session import Session, result
from tests.noninterference.oracle import Secrecy, tokens_in
from tests.noninterference.premises import POLICIES, Chat, Item, Premises

TENANTS = st.sampled_from(["acme", "other"])
SECRECIES = st.builds(
    Secrecy, st.integers(0, 3), st.frozensets(st.sampled_from(["pii", "jp-only", "no-train"]), max_size=1)
)
KINDS = st.sampled_from(["chunk", "summary", "memory_item", "vector", "dataset_row", "prompt_template", "adapter"])
MODELS = st.sampled_from(["auto", "in-house", "cheap", "partner"])
TROUBLES = st.sampled_from([(), (), ("fails",), ("fails", "fails"), ("breaks",), ("fails", "breaks")])
CHATS = st.builds(
    Chat,
    who=st.sampled_from(["cleared", "cleared", "limited", "floored"]),
    model=MODELS,
    streamed=st.booleans(),
    declared=st.one_of(st.just(Secrecy()), st.none(), SECRECIES),
    wish=st.sampled_from([None, "exact", "semantic"]),
    key=st.sampled_from([None, "k1", "k2"]),
    trouble=TROUBLES,
)
PICKS = st.lists(st.integers(0, 1 << 16), min_size=1, max_size=3)
PICK = st.integers(0, 1 << 16)
ADOPTED = st.sampled_from(sorted(POLICIES))
WAYS = ("answer", "stream", "count", "embed")
SECRET = Secrecy(3, frozenset({"pii"}))
BOUND = (Secrecy(0, frozenset({"no-train"})), Secrecy(1, frozenset({"jp-only"})))
CHANGES = st.sampled_from(
    [Secrecy(1), Secrecy(2), SECRET, Secrecy(0, frozenset({"jp-only"})), Secrecy(1, frozenset({"no-train"}))]
)


class Lives(RuleBasedStateMachine):
    """Every rule ends with a look at what has leaked."""

    def __init__(self) -> None:
        super().__init__()
        self.premises = Premises()
        self.runner = asyncio.Runner()

    def teardown(self) -> None:
        self.runner.close()
        self.premises.close()
        self.look()

    def look(self) -> None:
        """Nothing may have leaked."""
        assert not self.premises.leaks, f"leak: {self.premises.leaks[0]}"

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """One step; afterwards nothing may have leaked."""
        found = self.runner.run(self._whole(work))
        self.premises.settle()
        self.look()
        return found

    async def _whole(self, work: Coroutine[Any, Any, Any]) -> Any:
        found = await work
        await self.premises.house.drain()
        return found

    def some(self, picks: list[int], tenant: str | None = None) -> list[Item]:
        """Items of one tenant."""
        items = self.premises.items
        whose = tenant or items[picks[0] % len(items)].tenant
        mine = [item for item in items if item.tenant == whose]
        return list({mine[pick % len(mine)].name: mine[pick % len(mine)] for pick in picks}.values())

    @initialize()
    def begin(self) -> None:
        for tenant in ("acme", "other"):
            for secrecy in (Secrecy(0), Secrecy(1), Secrecy(2, frozenset({"pii"})), *BOUND):
                self.run(self.premises.ingest(tenant, secrecy))
            secret = self.run(self.premises.ingest(tenant, SECRET))
            self.premises.items[-1] = structs.replace(secret, secret=True, kind="payroll")

    @rule(tenant=TENANTS, secrecy=SECRECIES)
    def ingest(self, tenant: str, secrecy: Secrecy) -> None:
        self.run(self.premises.ingest(tenant, secrecy))

    @rule(picks=PICKS, kind=KINDS, declared=SECRECIES)
    def derive(self, picks: list[int], kind: str, declared: Secrecy) -> None:
        self.run(self.premises.derive(self.some(picks), kind, declared))

    @rule(picks=PICKS, how=CHATS)
    def chat(self, picks: list[int], how: Chat) -> None:
        items = self.some(picks)
        self.run(self.premises.chat(items[0].tenant, items, how))

    @rule(tenant=TENANTS, how=CHATS)
    def say(self, tenant: str, how: Chat) -> None:
        """Nothing stored is in the request."""
        self.run(self.premises.chat(tenant, [], how))

    @rule(pick=PICK)
    def ask_again(self, pick: int) -> None:
        if self.premises.asked:
            asked, who, learnt = self.premises.asked[pick % len(self.premises.asked)]
            self.run(self.premises.put(asked, who, learnt))

    @rule(picks=PICKS, model=st.sampled_from(["embedder", "far-embedder"]))
    def embed(self, picks: list[int], model: str) -> None:
        self.run(self.premises.embed(self.some(picks), model))

    @rule(picks=PICKS, model=MODELS)
    def count(self, picks: list[int], model: str) -> None:
        self.run(self.premises.count(self.some(picks), model))

    @rule(picks=PICKS, declared=SECRECIES, zone=st.sampled_from(["host", "external", "partner"]))
    def adapt(self, picks: list[int], declared: Secrecy, zone: str) -> None:
        adapter = self.run(self.premises.derive(self.some(picks), "adapter", declared))
        self.run(self.premises.load(adapter, zone))

    @rule(pick=PICK, change=CHANGES)
    def upgrade(self, pick: int, change: Secrecy) -> None:
        documents = [item for item in self.premises.items if item.kind == "document"]
        self.run(self.premises.upgrade(documents[pick % len(documents)], change))

    @rule(
        pick=PICK,
        who=st.sampled_from(["nobody", "oneself", "a stranger", "an apprentice", "somebody"]),
        raised=st.none() | CHANGES,
    )
    def lower(self, pick: int, who: str, raised: Secrecy | None) -> None:
        documents = [item for item in self.premises.items if item.kind == "document"]
        item = documents[pick % len(documents)]
        self.run(self._lower(item, who, raised))

    @rule(policy=ADOPTED)
    def reload(self, policy: str) -> None:
        self.premises.adopt(policy)
        self.premises.settle()

    @rule(pick=PICK)
    def steal(self, pick: int) -> None:
        item = self.premises.items[pick % len(self.premises.items)]
        self.run(self.premises.steal("other" if item.tenant == "acme" else "acme", item))

    @rule(picks=PICKS, one=CHATS, other=CHATS)
    def two_at_once(self, picks: list[int], one: Chat, other: Chat) -> None:
        """Two tenants in the same moment."""
        mine, theirs = self.some(picks, "acme"), self.some(picks[::-1], "other")
        self.run(self._both(mine, theirs, one, other))
        secret = [item for item in self.premises.items if item.tenant == "acme" and item.secret]
        public = self.run(self.premises.ingest("other", Secrecy()))
        self.run(self._both(secret, [public], Chat(model="cheap"), Chat(model="cheap")))

    @rule(tenant=TENANTS, kind=KINDS, zone=st.sampled_from(["external", "partner"]))
    def mix(self, tenant: str, kind: str, zone: str) -> None:
        """Something secret beside something that is less so, in either order: sent, and made into something else."""
        (secret,) = [item for item in self.premises.items if item.tenant == tenant and item.secret]
        other = self.run(self.premises.ingest(tenant, Secrecy()))
        model = "cheap" if zone == "external" else "partner"
        for pair in ([secret, other], [other, secret]):
            self.run(self.premises.chat(tenant, pair, Chat(model=model)))
            self.run(self.premises.load(self.run(self.premises.derive(pair, "adapter", Secrecy())), zone))
            made = self.run(self.premises.derive(pair, kind, Secrecy()))
            self.run(self.premises.chat(tenant, [made], Chat(model=model)))
        self.run(self.premises.chat(tenant, [], Chat(declared=SECRET, wish="semantic")))

    @rule(
        picks=PICKS,
        supplied=st.sampled_from([None, "public", "public"]),
        acts=st.booleans(),
        secrecy=st.sampled_from([SECRET, Secrecy(2)]),
        model=st.sampled_from(["cheap", "auto"]),
    )
    def use_tool(self, picks: list[int], supplied: str | None, acts: bool, secrecy: Secrecy, model: str) -> None:  # noqa: FBT001
        """A tool is called with a stored value and words of the model; what it brings is stored, and shown to a model."""
        items = self.some(picks)
        brought = self.run(self._tool(items, supplied, Tool("look", acts=acts, result=parse_label(str(secrecy))), secrecy))
        self.run(self.premises.chat(items[0].tenant, [brought], Chat(model=model)))

    @rule(
        picks=PICKS,
        path=st.sampled_from(["derive", "answer", "stream", "cache", "adapter", "fallback"]),
        kind=KINDS,
        change=CHANGES,
    )
    def raise_then_use(self, picks: list[int], path: str, kind: str, change: Secrecy) -> None:
        """A document, something made of it, the document raised, the thing used: retroactive or not at all."""
        source = self.run(self.premises.ingest(self.some(picks)[0].tenant, Secrecy()))
        made = self.run(self._made(source, path, kind))
        once = Chat("limited", "in-house", key=self.premises.name("k"))
        self.run(self.premises.chat(source.tenant, [source], once))
        again = self.premises.asked[-1]
        self.run(self.premises.upgrade(source, change))
        self.run(self.premises.put(*again))
        for model in ("cheap", "partner", "auto"):
            self.run(self.premises.chat(source.tenant, [made], Chat(model=model)))
        self.run(self.premises.chat(source.tenant, [made], Chat(who="limited")))

    @rule(pick=PICK, change=CHANGES, how=CHATS)
    def raise_while_sent(self, pick: int, change: Secrecy, how: Chat) -> None:
        """A document is raised while its request is under way, and the first model fails."""
        source = self.run(self.premises.ingest(self.some([pick])[0].tenant, Secrecy()))

        async def meanwhile() -> None:
            await self.premises.upgrade(source, change)

        self.premises.trouble.meanwhile = meanwhile
        trouble = how.trouble or ("breaks" if how.streamed else "fails",)
        self.run(self.premises.chat(source.tenant, [source], Chat("cleared", "auto", how.streamed, trouble=trouble)))
        self.premises.trouble.meanwhile = None

    @rule(picks=PICKS, policy=st.sampled_from(["wide", "open"]), streamed=st.booleans())
    def reload_while_sent(self, picks: list[int], policy: str, streamed: bool) -> None:  # noqa: FBT001 - drawn
        """The policy changes while a request is under way, which fails and goes on elsewhere."""

        self.reload("narrow")
        tenant = self.some(picks)[0].tenant
        self.run(self.premises.chat(tenant, [], Chat(model="cheap", declared=None)))
        confidential = self.run(self.premises.ingest(tenant, Secrecy(2)))

        async def meanwhile() -> None:
            self.premises.adopt(policy)

        self.premises.trouble.meanwhile = meanwhile
        chat = Chat("cleared", "auto", streamed, trouble=("breaks",) if streamed else ("fails", "fails"))
        self.run(self.premises.chat(tenant, [confidential], chat))
        self.premises.trouble.meanwhile = None

    @rule(picks=PICKS, wish=st.sampled_from(["exact", "semantic"]), change=st.sampled_from([SECRET, Secrecy(3)]))
    def two_learn(self, picks: list[int], wish: str, change: Secrecy) -> None:
        """Two requests in the same words, of which one model has learnt something; then that is raised."""
        source = self.run(self.premises.ingest(self.some(picks)[0].tenant, Secrecy()))
        adapter = self.run(self.premises.derive([source], "adapter", Secrecy()))
        self.run(self.premises.chat(source.tenant, [adapter], Chat("limited", "in-house", wish=wish)))
        asked, who, _ = self.premises.asked[-1]
        unlearnt = structs.replace(asked, sources=())
        heard = [self.run(self.premises.put(unlearnt, who, ""))]
        self.run(self.premises.upgrade(source, change))
        heard.append(self.run(self.premises.put(unlearnt, who, "")))
        for item in filter(None, heard):
            for model in ("cheap", "partner"):
                self.run(self.premises.chat(item.tenant, [item], Chat(model=model)))

    @rule(tenant=TENANTS, zone=st.sampled_from(["external", "partner"]), bound=st.sampled_from([SECRET, *BOUND]))
    def misroute(self, tenant: str, zone: str, bound: Secrecy) -> None:
        """A mistake elsewhere sends a decided request to a model that was not permitted."""
        self.reload("wide")
        items = [self.run(self.premises.ingest(tenant, bound))]
        for way in WAYS:
            self.run(self.premises.misroute(items, zone, way))
        self.run(self.premises.chat(tenant, [], Chat(model="in-house", declared=bound)))

    async def _made(self, source: Item, path: str, kind: str) -> Item:
        if path in ("derive", "adapter"):
            return await self.premises.derive([source], "adapter" if path == "adapter" else kind, Secrecy())
        how = Chat(streamed=path == "stream", model="in-house", wish="exact" if path == "cache" else None)
        if path == "fallback":
            how = Chat(trouble=("fails", "fails"))
        made = await self.premises.chat(source.tenant, [source], how)
        if path == "cache":
            asked, who, learnt = self.premises.asked[-1]
            made = await self.premises.put(asked, who, learnt)
        return made or source

    async def _both(self, mine: list[Item], theirs: list[Item], one: Chat, other: Chat) -> None:
        await asyncio.gather(self.premises.chat("acme", mine, one), self.premises.chat("other", theirs, other))

    async def _lower(self, item: Item, who: str, raised: Secrecy | None) -> None:
        key = self.premises.key(item.tenant if who != "a stranger" else "stranger", "cleared")
        roles = [f"declassify:{name}" for name in ("level:restricted", "pii", "jp-only", "no-train")]
        key = structs.replace(key, roles=frozenset(roles if who != "an apprentice" else ()))
        if who == "oneself":
            key = structs.replace(key, user="hanako")
        await self.premises.lower(item, None if who == "nobody" else key, raised, rightly=who == "somebody")

    async def _tool(self, items: list[Item], supplied: str | None, tool: Tool, secrecy: Secrecy) -> Item:
        labels = await self.premises.house.provenance.labels(items[0].tenant, [item.name for item in items])
        session = Session("s", "plan", "v", labels[items[-1].name])
        call = session.call("c", tool.name, {"about": [Reference(items[0].name), session.worded(items[-1].words)]})
        inside = tokens_in(items[-1].words)
        token = self.premises.truth.plant(items[0].tenant, secrecy, inside | tokens_in(items[0].words))
        label = None if supplied is None else parse_label(supplied)
        value = result(session, tool, call, token, label)
        item = Item(self.premises.name("tool"), items[0].tenant, "tool_result", f"{token} {items[-1].words}")
        made_from = sorted(value.sources | {items[-1].name})  # the arguments' words come from where the model had them from
        return await self.premises.keep(item, Label(value.label.level, value.label.compartments), made_from)
