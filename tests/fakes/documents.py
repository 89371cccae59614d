"""Passages of a small set of documents, and services that find and keep in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import DOCUMENT, Anchor, Chunk, Passage, Reader, Search
from kyozon.domain.labels import Label
from kyozon.domain.provenance import StoredValue
from kyozon.domain.responses import KeptResponse
from kyozon.services.knowledge.answering import AnsweringService
from kyozon.services.knowledge.responses import ResponseService
from kyozon.services.knowledge.rights import no_collection
from kyozon.services.knowledge.searching import Searched
from tests.fakes.installation import FakeInstallation

LEAVE = (
    "第1条 休暇\n年次有給休暇は、入社日から起算して6か月間継続勤務した従業員に10日を与える。\n申請は3営業日前までに行う。\n"
)
WIFI = "Wireless network\nPasswords are changed every 90 days. Ask the help desk in room 114 for the new one.\n"


def passage(document: str, text: str, *, ordinal: int = 0, start: int = 0, page: int | None = 1) -> Passage:
    """A passage that is a whole chunk of a document."""
    anchor = Anchor(start, start + len(text), page=page, last_page=page, section=(text.partition("\n")[0],))
    chunk = Chunk(ordinal, text, anchor, context=document)
    return Passage(document, "vs_1", f"file-{document}", f"{document}.md", chunk, 1.0 - ordinal / 10, {}, Label())


class MemorySearch:
    """Finds what it is given, in that order, and remembers what it was asked."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = tuple(passages)
        self.asked: list[tuple[Search, Label | None, bool]] = []

    async def search(
        self,
        caller: Caller,
        search: Search,
        declared: Label | None = None,
        *,
        sources: tuple[str, ...] = (),
        for_answer: bool = False,
    ) -> Searched:
        assert caller.tenant
        assert len(sources) == len(set(sources))
        self.asked.append((search, declared, for_answer))
        return Searched(self.passages[: search.most], dense=True)

    async def check(self, caller: Caller, search: Search) -> None:
        assert caller.tenant
        for name in search.collections:
            if name != "vs_1":
                raise no_collection(name)

    async def again(
        self, caller: Caller, search: Search, places: Mapping[tuple[str, int], float], *, for_answer: bool = False
    ) -> tuple[Passage, ...] | None:
        await self.check(caller, search)
        assert for_answer in (True, False)
        found = {one.key: one for one in self.passages}
        return tuple(found[place] for place in places) if places.keys() <= found.keys() else None


class MemoryResponses:
    """Implements `ResponseStore`."""

    def __init__(self) -> None:
        self.by_id: dict[tuple[str, str], KeptResponse] = {}
        self.shut = False

    async def keep(self, response: KeptResponse) -> None:
        self.by_id.setdefault((response.tenant, response.id), response)

    async def read(self, reader: Reader, name: str, now: datetime) -> KeptResponse | None:
        found = self.by_id.get((reader.tenant, name))
        return found if found is not None and found.expires_at > now else None

    async def whose(self, tenant: str, name: str, now: datetime) -> str | None:
        found = self.by_id.get((tenant, name))
        return found.user if found is not None and found.expires_at > now else None

    async def may_read(self, reader: Reader, value: str) -> bool:
        assert reader.tenant
        assert value.startswith(("dec_", "resp_"))
        return not self.shut

    async def delete(self, tenant: str, name: str) -> None:
        self.by_id.pop((tenant, name), None)


class AnsweringInstallation(FakeInstallation):
    """A fake installation with documents that are there already: their label is `label`."""

    def __init__(self, passages: Sequence[Passage], label: Label | None = None) -> None:
        super().__init__()
        self.search = MemorySearch(passages)
        self.responses = MemoryResponses()
        world = self.time.world
        for one in passages:
            value = StoredValue(one.document, "default", DOCUMENT, world.now(), label or Label())
            self.stored.values["default", one.document] = value
        kept = ResponseService(self.responses, self.provenance, self.registry, world)
        answering = AnsweringService(self.chat, self.search, self.provenance, kept, self.registry, world)
        offered = structs.replace(self.documents.offered, answering=answering, responses=kept)
        self.documents = structs.replace(self.documents, offered=offered)
