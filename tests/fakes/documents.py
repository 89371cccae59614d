"""Passages of a small set of documents, and services that find and keep in memory."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from kyozon.domain.callers import Caller
from kyozon.domain.knowledge import DOCUMENT, Anchor, Chunk, Passage, Search
from kyozon.domain.labels import Label
from kyozon.domain.provenance import StoredValue
from kyozon.domain.responses import KeptResponse
from kyozon.services.knowledge.answering import AnsweringService
from kyozon.services.knowledge.searching import Searched
from kyozon.services.responses import ResponseService
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


class MemoryResponses:
    """Implements `ResponseStore`."""

    def __init__(self) -> None:
        self.by_id: dict[tuple[str, str], KeptResponse] = {}

    async def keep(self, response: KeptResponse) -> None:
        self.by_id.setdefault((response.tenant, response.id), response)

    async def read(self, tenant: str, name: str, now: datetime) -> KeptResponse | None:
        found = self.by_id.get((tenant, name))
        return found if found is not None and found.expires_at > now else None

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
        answering = AnsweringService(self.chat, self.search, self.provenance, self.registry)
        kept = ResponseService(self.responses, self.provenance, self.registry, world)
        offered = structs.replace(self.documents.offered, answering=answering, responses=kept)
        self.documents = structs.replace(self.documents, offered=offered)
