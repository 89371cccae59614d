"""Lives with documents: files in collections, searched and answered from, shared and shut again.

The oracle knows in its own words who may read what. And it looks at two worlds: what somebody sees is the same, byte for
byte, when what he may not read goes away.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.errors import KyozonError, NotAllowed, NotFound
from kyozon.domain.knowledge import Comparison, Document, Search, Share
from kyozon.domain.labels import Label, Level, parse_label
from kyozon.domain.provenance import CALLER
from kyozon.ports.knowledge import Chosen, Counts, Page
from kyozon.ports.provider import Piece
from kyozon.services.knowledge.answering import Wanted
from kyozon.services.knowledge.collections import NewCollection
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.knowledge.files import NewFile
from kyozon.services.provenance import Wish
from tests.fakes.ingestion import Papers
from tests.fakes.installation import ask
from tests.noninterference.approvals import Sender
from tests.noninterference.echoes import KNOWS, SPOKE
from tests.noninterference.machine import TENANTS, Lives
from tests.noninterference.oracle import Secrecy, tokens_in
from tests.noninterference.premises import PEOPLE, SENDER, Chat, Item, Premises

RERANKERS = {"embedder": "far-reranker", "far-embedder": "reranker"}
"""Who takes a second look at what is found with each embedder: in another zone, so that more is found than one may see."""

OWNER, ROLE, GROUP = "officer", "auditor", "legal"
READERS = ("cleared", "limited", "apprentice", "clerk")
WAYS_IN = ("user", "group", "role", "everyone", "nobody")
CHANGES = ("unshare", "leave", "readers", "raise file", "raise document", "detach", "delete", "replace", "nothing")


class Case(Struct, frozen=True):
    """A document and what happens to it: who reads, how he may, what changes while he does, and by which models."""

    tenant: str
    who: str
    shared: str
    named: str
    secrecy: Secrecy
    shelf: Secrecy
    change: str
    embedder: str
    model: str
    raised: Secrecy = Secrecy(3, frozenset({"pii"}))


SECRECIES = st.sampled_from(
    [Secrecy(), Secrecy(1), Secrecy(2), Secrecy(2, frozenset({"pii"})), Secrecy(0, frozenset({"jp-only"}))]
)
SHELVES = st.sampled_from([Secrecy(), Secrecy(), Secrecy(1), Secrecy(2)])
EMBEDDERS, MODELS = st.sampled_from(["embedder", "far-embedder"]), st.sampled_from(["in-house", "auto", "cheap"])
WHO, SHARED = st.sampled_from(READERS), st.sampled_from(WAYS_IN)
CASES = st.builds(
    Case,
    TENANTS,
    WHO,
    SHARED,
    st.sampled_from(["", "", "user", "group", "role", "other"]),
    SECRECIES,
    SHELVES,
    st.sampled_from(CHANGES),
    EMBEDDERS,
    MODELS,
)
OPENED = st.builds(
    Case,
    TENANTS,
    st.just("cleared"),
    SHARED,
    st.sampled_from(["", "user", "group", "role"]),
    SECRECIES,
    SHELVES,
    st.sampled_from(CHANGES),
    EMBEDDERS,
    MODELS,
)
"""Cases in which somebody who is cleared for it may often read the document at first."""

SHUT = st.builds(
    Case,
    TENANTS,
    st.sampled_from(["limited", "clerk"]),
    st.sampled_from(["user", "everyone"]),
    st.sampled_from(["", "other"]),
    st.sampled_from([Secrecy(), Secrecy(3), Secrecy(2, frozenset({"pii"})), Secrecy(0, frozenset({"jp-only"}))]),
    st.just(Secrecy()),
    st.sampled_from(CHANGES),
    EMBEDDERS,
    MODELS,
)
"""Cases in which somebody may read a collection, and seldom the document."""


class Shelf(Struct):
    """A collection: how secret it is, and whom it is open to besides its owner, as `user:…`, `group:…`, `role:…`, `all`."""

    id: str
    tenant: str
    secrecy: Secrecy
    open_to: set[str]


class Paper(Struct):
    """A document: the canaries in its words, its file's name and its attributes, and whom it is open to; none is all."""

    document: Document
    words: str
    tokens: frozenset[str]
    readers: set[str]
    there: bool = True
    raised: Secrecy = Secrecy()


class Desk:
    """One collection, what is in it, and people who look at it."""

    def __init__(self, premises: Premises, papers: Papers, tenant: str) -> None:
        self.premises, self.papers, self.tenant = premises, papers, tenant
        self.groups: set[tuple[str, str]] = set()
        self.kept: list[Paper] = []
        self.shelf = Shelf("", tenant, Secrecy(), set())
        self.title = self.reranker = ""
        self.prompt = premises.truth.plant(tenant, Secrecy(1))

    def key(self, who: str, tenant: str = "") -> ApiKey:
        key = self.premises.key(tenant or self.tenant, who)
        roles = frozenset({ROLE}) if who in ("limited", "cleared") else frozenset[str]()
        key = structs.replace(key, user=key.user.replace(" of ", "@"), roles=roles)
        self.papers.knowledge.keys[key.id] = key
        return key

    def caller(self, who: str, tenant: str = "") -> Caller:
        return Caller(self.key(who, tenant))

    def name(self, kind: str, who: str) -> str:
        """One of the names that somebody reads under."""
        return {"user": f"user:{self.key(who).user}", "group": f"group:{GROUP}", "role": f"role:{ROLE}"}.get(kind, "all")

    def names(self, who: str) -> set[str]:
        """All of them."""
        roles = {self.name("role", who)} if self.key(who).roles else set()
        groups = {self.name("group", who)} if (who, GROUP) in self.groups else set()
        return {self.name("user", who), "all"} | roles | groups

    def may_look(self, who: str) -> bool:
        """Whether somebody may see the collection, in the oracle's own words."""
        opened = who == OWNER or bool(self.shelf.open_to & self.names(who))
        return opened and PEOPLE[who].may_have(self.shelf.secrecy)

    def may_read(self, who: str, paper: Paper) -> bool:
        """Whether somebody may read a document."""
        named = not paper.readers or bool(paper.readers & self.names(who)) or who == OWNER
        secrecy = self.premises.truth.secrecy(paper.words).with_(self.shelf.secrecy).with_(paper.raised)
        return paper.there and self.may_look(who) and named and PEOPLE[who].may_have(secrecy)

    async def open(self, case: Case) -> None:
        """A collection of the owner's, shared."""
        name, label = self.premises.truth.plant(self.tenant, case.shelf), parse_label(str(case.shelf))
        kind = case.shared
        share = () if kind == "nobody" else (_share(kind, self.name(kind, case.who)),)
        new = NewCollection(name, label, case.embedder, shares=share)
        made = await self.papers.collections.create(self.caller(OWNER), new)
        opened = {self.name(kind, case.who)} if kind != "nobody" else set[str]()
        self.shelf, self.title = Shelf(made.id, self.tenant, case.shelf, opened), name
        self.reranker = RERANKERS[case.embedder]

    async def join(self, who: str) -> None:
        """Somebody is put into the group."""
        admin = Caller(structs.replace(self.key(OWNER), admin=True))
        await self.papers.groups.add(admin, GROUP, self.key(who).user)
        self.groups.add((who, GROUP))

    async def leave(self, who: str) -> None:
        """Somebody is taken out of it."""
        if (who, GROUP) in self.groups:
            admin = Caller(structs.replace(self.key(OWNER), admin=True))
            await self.papers.groups.remove(admin, GROUP, self.key(who).user)
            self.groups.discard((who, GROUP))

    async def put(self, secrecy: Secrecy, readers: set[str], replaces: str | None = None, words: str = "") -> Paper:
        """A file of the owner's into the collection, and taken in; nobody reads it but by way of the collection.

        Where its label is that of its file, the file is one more document of these lives.
        """
        truth = self.premises.truth
        token = truth.plant(self.tenant, secrecy.with_(self.shelf.secrecy))
        title, topic = (truth.plant(self.tenant, Secrecy(), {token}) for _ in range(2))
        new = NewFile(f"{title}.txt", label=parse_label(str(secrecy)))
        owner = self.caller(OWNER)
        file = await self.papers.files.add(owner, new, _bytes(f"The report says {token}. {words}"))
        attributes = {"topic": topic, "kyozon:readers": ",".join(readers)} if readers else {"topic": topic}
        attaching = Attaching(attributes, replaces=replaces)
        document = await self.papers.documents.attach(owner, self.shelf.id, file.id, attaching)
        await self.papers.take_in()
        if self.shelf.secrecy == Secrecy():
            self.premises.items.append(Item(file.id, self.tenant, "document", token))
        self.kept.append(Paper(document, token, frozenset({token, title, topic}), readers))
        return self.kept[-1]

    async def seen(self, who: str, tenant: str = "") -> bytes:
        """Everything that somebody can learn of the collection without a model. Nothing is in it that he may not read."""
        caller, chosen = self.caller(who, tenant), Chosen(self.shelf.id)
        found: list[Any] = [
            await self._tried(self.papers.collections.list(caller, Page(limit=1000))),
            await self._tried(self.papers.collections.get(caller, self.shelf.id)),
            await self._tried(self.papers.documents.list(caller, chosen, Page(limit=2))),
            await self._tried(self.papers.documents.list(caller, chosen, Page())),
            await self._tried(self.papers.documents.counts(caller, (self.shelf.id,))),
            await self._tried(self.papers.documents.work(caller, {self.shelf.id: Counts(in_progress=1)})),
            [await self._search(caller, who, condition) for condition in (None, Comparison("topic", "ne", "x"))],
            await self._ranked(caller, who),
        ]
        for paper in self.kept:
            found += await self._one(caller, who, paper)
        told = msgspec.json.encode([without(one, "last_active_at") for one in found])
        self.told(who, told, tenant)
        return told

    async def _one(self, caller: Caller, who: str, paper: Paper) -> list[Any]:
        """What is said of one document; of what somebody may not read, the same as of what never was."""
        documents, shelf, file = self.papers.documents, self.shelf.id, paper.document.file
        own = caller.tenant == self.tenant
        (topic,) = [token for token in sorted(paper.tokens) if token == max(paper.tokens)]
        if own and self.may_read(who, paper):
            return [
                await self._tried(documents.get(caller, shelf, file)),
                await self._tried(documents.chunks(caller, shelf, file)),
                await self._search(caller, who, Comparison("topic", "eq", topic)),
            ]
        works = [partial(work, caller, shelf) for work in (documents.get, documents.chunks, documents.detach)]
        for work in (*works, partial(self.papers.files.get, caller), partial(self.papers.files.delete, caller)):
            real, never = await self._tried(work(file)), await self._tried(work("file-000000"))
            if str(real).replace(file, "file-000000") != never:
                self.premises.leaks.append(f"{who} can tell that there is something he may not read")
        found = await self._search(caller, who, Comparison("topic", "eq", topic))
        if own and self.may_look(who) and found:
            self.premises.leaks.append(f"{who} finds by an attribute what he may not read")
        return []

    async def _ranked(self, caller: Caller, who: str) -> Any:
        """What a search with a second look finds, and every byte that whoever took it was given."""
        before = len(self.premises.reranker.asked)
        found = await self._search(caller, who, None, self.reranker)
        asked = self.premises.reranker.asked[before:]
        self.premises.happened["ranked once more"] += bool(asked)
        return [found, [one.decode() for one in asked]]

    async def _search(self, caller: Caller, who: str, condition: Comparison | None, reranker: str = "") -> Any:
        query = f"what much else does the report say of {self.prompt}"
        wanted = Search((self.shelf.id,), (query,), filter=condition, reranker=reranker)
        try:
            found = await self.papers.search.search(caller, wanted, Label(Level.INTERNAL))
        except NotFound as failure:
            return failure.text.en.replace(self.shelf.id, "vs_0")
        if caller.tenant != self.tenant or not self.may_look(who):
            self.premises.leaks.append(f"{who} can tell that there is a collection that he may not see")
        given = {passage.document for passage in found.passages}
        handed = [one for one in self.premises.house.stored.delivered if one.zone == CALLER and one.user == caller.key.user]
        if given - {value for one in handed for value in one.values}:
            self.premises.leaks.append(f"passages went to {who} and no record says so")
        return msgspec.to_builtins(found.passages)

    async def _tried(self, work: Any) -> Any:
        try:
            return without(msgspec.to_builtins(await work), "last_active_at")
        except (NotFound, NotAllowed) as failure:
            return failure.text.en.replace(self.shelf.id, "vs_0")

    def told(self, who: str, payload: bytes | str, tenant: str = "") -> None:
        """Somebody has been told this of documents."""
        self.premises.told(tenant or self.tenant, who, payload)
        there = tokens_in(payload)
        if self.title in there and not self.may_look(who):
            self.premises.leaks.append(f"{who} was told of a collection that he may not see")
        for paper in self.kept:
            if there & paper.tokens and not self.may_read(who, paper):
                self.premises.leaks.append(f"{paper.words} was told to {who}, who may not read it")

    async def answer(self, who: str, model: str, repeat: str | None = None, item: Item | None = None) -> Item | None:
        """Somebody asks a question about the documents, perhaps with words of something stored in it."""
        words = "" if item is None or item.learnt else item.words
        body = {"messages": [{"role": "user", "content": f"What does the report say of canary? {words}"}]}
        sources = () if item is None else (item.name,)
        key = self.key(who)
        wish = {"idempotency_key": repeat, "cache": "exact"}
        asked = ask(model, key=key, declared=Label(Level.PUBLIC), sources=sources, **wish, **body)
        SENDER.set(Sender(self.tenant, key.user, asked.stated.purpose))
        KNOWS.set("")
        SPOKE.set(set())
        wanted = Wanted(asked, Search((self.shelf.id,), ("",)))
        try:
            told = await self.papers.answering.answer(wanted, lambda *_: Unchanged())
        except KyozonError as failure:
            self.premises.refused(failure)
            return None
        cited = () if told.composed is None else told.composed
        self.told(who, told.text + str(cited))
        if not told.decision_id:
            return None
        self.premises.happened["answered from documents"] += 1
        kept = Item(self.premises.name("message"), self.tenant, "message", told.text)
        return await self.premises.keep(kept, Label(Level.PUBLIC), [told.decision_id])

    async def changed(self, case: Case, paper: Paper) -> None:
        """Something about rights or labels is different from now on, or the document is gone."""
        owner, document = self.caller(OWNER), paper.document
        if case.change == "unshare":
            await self.unshare(case)
        elif case.change == "leave":
            await self.leave(case.who)
        elif case.change == "readers":
            name = self.name("user", OWNER)
            await self.papers.documents.update(owner, self.shelf.id, document.file, {"kyozon:readers": name})
            paper.readers = {name}
        elif case.change == "raise file":
            await self.premises.upgrade(Item(document.file, self.tenant, "document", paper.words), case.raised)
        elif case.change == "raise document":
            paper.raised = case.secrecy.with_(case.shelf).with_(case.raised)
            wish = Wish(self.tenant, document.id, parse_label(str(paper.raised)), "hanako", "its readers are too many")
            await self.premises.house.provenance.raise_label(wish)
        else:
            await self._went(case.change, owner, paper)

    async def unshare(self, case: Case) -> None:
        """It is shared with nobody."""
        if self.shelf.open_to:
            share = _share(case.shared, self.name(case.shared, case.who))
            await self.papers.collections.unshare(self.caller(OWNER), self.shelf.id, share)
            self.shelf.open_to.clear()

    async def _went(self, change: str, owner: Caller, paper: Paper) -> None:
        if change == "replace":
            new = await self.put(Secrecy(), set(), paper.document.file)
            found = await self.papers.documents.get(owner, self.shelf.id, new.document.file)
            paper.there = paper.there and found.status != "completed"  # until then it stays
            return
        if change == "detach":
            await self.papers.documents.detach(owner, self.shelf.id, paper.document.file)
        elif change == "delete":
            await self.papers.files.delete(owner, paper.document.file)
        paper.there = paper.there and change not in ("detach", "delete")


class AtOnce(ThreadPoolExecutor):
    """Does in this thread what is for another: thousands of lives have no time to wait for their turn."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Documented(Lives):
    """The services of documents are real; what they keep lies in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.papers = Papers(self.premises.house)
        self.runner.get_loop().set_default_executor(AtOnce())

    @rule(case=CASES, pick=st.integers(0, 1 << 16))
    def read(self, case: Case, pick: int) -> None:
        """A document is read, shut, and gone; each time it is asked what its reader, and others, can learn."""
        self.run(play(self.premises, self.papers, case, self.some([pick], case.tenant)[0]))

    @rule(case=SHUT)
    def look_around(self, case: Case) -> None:
        """Somebody looks for what he may not read."""
        self.run(play(self.premises, self.papers, case))

    @rule(case=OPENED, pick=st.integers(0, 1 << 16), policy=st.sampled_from(["open", "narrow", "wide"]))
    def read_under(self, case: Case, pick: int, policy: str) -> None:
        """The same under a policy; the words of the question are from something stored."""
        self.reload(policy)
        self.run(play(self.premises, self.papers, case, self.some([pick], case.tenant)[0]))


async def play(premises: Premises, papers: Papers, case: Case, item: Item | None = None) -> None:
    desk = Desk(premises, papers, case.tenant)
    await desk.open(case)
    await desk.join(case.who)
    await desk.put(Secrecy(), set())
    await desk.put(Secrecy(), set(), words="It tells of a canary, and of much else besides.")
    before = await desk.seen(case.who)
    readers = set() if not case.named else {"user:somebody" if case.named == "other" else desk.name(case.named, case.who)}
    paper = await desk.put(case.secrecy, readers, words="The report is of much else. " * 3)
    await _as_if_gone(desk, case, paper, before)
    premises.happened[f"read by {case.shared}"] += desk.may_read(case.who, paper)
    await desk.answer(case.who, case.model, "once", item)
    made = await desk.answer(case.who, case.model, "twice")
    await desk.changed(case, paper)
    await desk.answer(case.who, case.model, "twice")
    during = await desk.seen(case.who)
    other = "other" if case.tenant == "acme" else "acme"
    await desk.seen(case.who, other)
    await _pass_on(premises, made)
    if case.change != "replace":
        await _gone(desk, case, paper, before if case.change not in ("unshare", "leave") else None, during)
    await _shut(desk, case)


async def _shut(desk: Desk, case: Case) -> None:
    """In the end its reader leaves the group, and the collection is shared with nobody."""
    await desk.leave(case.who)
    await desk.seen(case.who)
    await desk.unshare(case)
    await desk.seen(case.who)


async def _as_if_gone(desk: Desk, case: Case, paper: Paper, before: bytes) -> None:
    """What is not open to somebody has changed nothing for him by being brought."""
    now = await desk.seen(case.who)
    if not desk.may_read(case.who, paper):
        _compare(desk.premises, case.who, before, now)


async def _gone(desk: Desk, case: Case, paper: Paper, before: bytes | None, during: bytes) -> None:
    """A document that is gone is one that never was, and one that was shut is one that is gone."""
    shut = not desk.may_read(case.who, paper)
    if paper.there:
        await desk.papers.documents.detach(desk.caller(OWNER), desk.shelf.id, paper.document.file)
        paper.there = False
    after = await desk.seen(case.who)
    if shut:
        _compare(desk.premises, case.who, during, after)
    if before is not None:
        _compare(desk.premises, case.who, before, after)


async def _pass_on(premises: Premises, made: Item | None) -> None:
    """An answer goes on to whoever may have what it is made from."""
    if made is not None:
        for how in (Chat(model="cheap"), Chat(model="partner"), Chat(who="limited", model="in-house")):
            await premises.chat(made.tenant, [made], how)


def _compare(premises: Premises, who: str, one: bytes, other: bytes) -> None:
    if one != other:
        premises.leaks.append(f"what {who} may not read changes what he sees")


class Unchanged:
    """A `Leaving` that lets words out as they are."""

    def whole(self, payload: bytes) -> bytes:
        return payload

    def feed(self, piece: Piece) -> Iterable[Piece]:
        return [piece]

    def finish(self) -> Iterable[Piece]:
        return []


def without(value: Any, name: str) -> Any:
    """A value of which one field is left out, wherever it stands."""
    if isinstance(value, dict):
        return {key: without(part, name) for key, part in value.items() if key != name}
    return [without(part, name) for part in value] if isinstance(value, list | tuple) else value


def _share(kind: str, name: str) -> Share:
    """One of `WAYS_IN`, but nobody."""
    return Share(kind, "" if kind == "everyone" else name.partition(":")[2])  # type: ignore[arg-type]


async def _bytes(words: str) -> AsyncIterator[bytes]:
    yield words.encode()
