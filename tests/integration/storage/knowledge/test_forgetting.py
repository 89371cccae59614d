"""What was kept of answers goes with their documents and with the right to read them; persons go from what stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from kyozon.bootstrap.world import WORLD
from kyozon.domain.decisions import CacheUse
from kyozon.domain.knowledge import Document, Share
from kyozon.domain.reasoning import Reasoning
from kyozon.domain.responses import KeptResponse
from kyozon.governance.provenance import LOWEST
from kyozon.ports.knowledge import Chosen, Page
from kyozon.ports.records import KeptAnswer
from kyozon.services.knowledge.documents import Attaching
from kyozon.services.knowledge.responses import ResponseService
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.cache import PostgresAnswers
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.reasoning import PostgresReasoning
from kyozon.storage.records import PostgresRecords
from kyozon.storage.responses import PostgresResponses
from kyozon.storage.vault import UNSEALED
from tests.contract.storage.answer_store import HERE, answer, wanted
from tests.fakes.bookshelf import Bookshelf, person
from tests.fakes.record_samples import a_decision, an_outcome

ANN, BEN, ADMIN = person("ann"), person("ben"), person("root", admin=True)
NOW = datetime.now(UTC)


class Answers:
    """An answer made from documents, kept for its asker: once in the cache and once for a repetition of the request."""

    def __init__(self, database: Database) -> None:
        self.answers, self.journal = PostgresAnswers(database), PostgresJournal(database)
        self.records = PostgresRecords(database, NOW)
        self.here = structs.replace(HERE, tenant="default", principals=("ben", BEN.key.id))

    async def keep(self, document: Document | None, name: str) -> None:
        sources = () if document is None else (document.id,)
        decision = a_decision(id=f"dec_{name}", tenant="default", user="ben", key_id=BEN.key.id, sources=sources)
        later = NOW + timedelta(hours=1)
        await self.journal.open(decision, None)
        kept = KeptAnswer(BEN.key.id, name, "0" * 64, decision.id, "answer/openai", b"words", later)
        await self.journal.close(an_outcome(decision), (), kept)
        cached = answer(partition=self.here, question_sha256=name, source=decision.id, expires_at=later)
        await self.answers.keep(cached)

    async def give(self, name: str, again: str) -> None:
        """What was kept as `name` goes out of the cache to another request of his."""
        decision = a_decision(id=f"dec_{again}", tenant="default", user="ben", key_id=BEN.key.id)
        await self.journal.open(decision, None)
        found = an_outcome(decision, cache=CacheUse("hit-exact", source=f"dec_{name}"))
        kept = KeptAnswer(BEN.key.id, again, "0" * 64, decision.id, "answer/openai", b"words", NOW + timedelta(hours=1))
        await self.journal.close(found, (), kept)

    async def there(self, name: str) -> tuple[bool, bool]:
        """Whether it is in the cache, and whether it is repeated."""
        cached = await self.answers.same(structs.replace(wanted(self.here), at=NOW), name)
        return cached is not None, await self.records.kept_answer(BEN.key.id, name, NOW) is not None


@pytest.fixture
def shelf(database: Database) -> Bookshelf:
    return Bookshelf(database)


@pytest.fixture
def answers(database: Database) -> Answers:
    return Answers(database)


ROWS = "SELECT (SELECT count(*) FROM cached_answer) + (SELECT count(*) FROM kept_answer)"


@pytest.mark.parametrize("way", ["file", "document", "collection", "share", "readers", "group"])
async def test_an_answer_is_not_given_again_once_its_document_is_gone_or_shut(
    shelf: Bookshelf, answers: Answers, way: str
) -> None:
    await PostgresKeyStore(shelf.database).add(BEN.key)
    await shelf.groups.add(ADMIN, "legal", "ben")
    papers = await shelf.collection(ANN, Share("group", "legal"), Share("user", "ben"))
    bound, other = await shelf.document(ANN, papers), await shelf.document(ANN, await shelf.collection(ANN))
    await answers.keep(bound, "bound")
    await answers.keep(other, "other")
    assert await answers.there("bound") == await answers.there("other") == (True, True)

    if way == "file":
        await shelf.files.delete(ANN, bound.file)
    elif way == "document":
        await shelf.documents.detach(ANN, papers.id, bound.file)
    elif way == "collection":
        await shelf.collections.delete(ANN, papers.id)
    elif way == "share":
        await shelf.collections.unshare(ANN, papers.id, Share("user", "ben"))
    elif way == "readers":
        await shelf.documents.update(ANN, papers.id, bound.file, {"kyozon:readers": "role:review"})
    else:
        await shelf.groups.remove(ADMIN, "legal", "ben")

    assert await answers.there("bound") == (False, False)
    assert await answers.there("other") == ((False, False) if way == "group" else (True, True))
    assert await shelf.count(ROWS) == (0 if way == "group" else 2)


async def test_a_response_that_was_deleted_does_not_come_back(shelf: Bookshelf, answers: Answers) -> None:
    responses = ResponseService(PostgresResponses(shelf.database, UNSEALED), shelf.provenance, shelf.registry, WORLD)
    times: Any = {"at": NOW, "expires_at": NOW + timedelta(days=1)}
    for name in ("mine", "other"):
        await answers.keep(None, name)
        said: Any = {"label": LOWEST, "sources": (f"dec_{name}",), "body": {}, "items": (), "messages": ()}
        await responses.keep(KeptResponse(f"resp_{name}", "default", "ben", **times, **said))

    await responses.delete(BEN, "resp_mine")

    assert await answers.there("mine") == (False, False)
    assert await answers.there("other") == (True, True)
    assert (await responses.read(BEN, "resp_other")).id == "resp_other"


async def test_a_deleted_response_that_came_from_the_cache_is_in_no_cache_either(
    shelf: Bookshelf, answers: Answers
) -> None:
    responses = ResponseService(PostgresResponses(shelf.database, UNSEALED), shelf.provenance, shelf.registry, WORLD)
    times: Any = {"at": NOW, "expires_at": NOW + timedelta(days=1)}
    await answers.keep(None, "first")
    await answers.keep(None, "other")
    await answers.give("first", "second")
    for name in ("first", "second"):
        said: Any = {"label": LOWEST, "sources": (f"dec_{name}",), "body": {}, "items": (), "messages": ()}
        await responses.keep(KeptResponse(f"resp_{name}", "default", "ben", **times, **said))
    assert await answers.there("second") == (False, True)

    await responses.delete(BEN, "resp_second")

    assert await answers.there("second") == (False, False)
    assert await answers.there("first") == (False, True)
    assert await answers.there("other") == (True, True)
    assert (await responses.read(BEN, "resp_first")).id == "resp_first"


async def test_the_reasoning_before_an_answer_goes_with_its_document_and_with_its_response(
    shelf: Bookshelf, answers: Answers
) -> None:
    responses = ResponseService(PostgresResponses(shelf.database, UNSEALED), shelf.provenance, shelf.registry, WORLD)
    reasoning, later = PostgresReasoning(shelf.database, UNSEALED), NOW + timedelta(hours=1)
    papers = await shelf.collection(ANN)
    paper, gone = await shelf.document(ANN, papers), await shelf.document(ANN, papers)
    await shelf.documents.detach(ANN, papers.id, gone.file)
    for name, document in (("bound", paper), ("late", gone), ("mine", None), ("other", None)):
        await answers.keep(document, name)
        await reasoning.keep(Reasoning(f"dec_{name}", "default", "ben", NOW, LOWEST, "words", whole=True, expires_at=later))
    said: Any = {"label": LOWEST, "sources": ("dec_mine",), "body": {}, "items": (), "messages": ()}
    await responses.keep(KeptResponse("resp_mine", "default", "ben", at=NOW, expires_at=later, **said))

    async def there() -> list[str]:
        names = ("bound", "late", "mine", "other")
        return [name for name in names if await reasoning.read(f"dec_{name}", NOW) is not None]

    assert await there() == ["bound", "mine", "other"]
    await shelf.documents.detach(ANN, papers.id, paper.file)
    assert await there() == ["mine", "other"]
    await responses.delete(BEN, "resp_mine")
    assert await there() == ["other"]
    assert await shelf.count("SELECT count(*) FROM kept_reasoning") == 2  # what came late goes when it expires


async def test_an_answer_that_is_kept_after_its_document_went_is_not_given(shelf: Bookshelf, answers: Answers) -> None:
    papers = await shelf.collection(ANN)
    gone = await shelf.document(ANN, papers)
    await shelf.documents.detach(ANN, papers.id, gone.file)

    await answers.keep(gone, "late")
    await answers.keep(None, "without")

    assert await answers.there("late") == (False, False)
    assert await answers.there("without") == (True, True)


async def test_who_is_erased_leaves_documents_without_a_name_and_shut_to_nobody_new(
    shelf: Bookshelf, tmp_path: Path
) -> None:
    for caller in (ANN, BEN):
        await PostgresKeyStore(shelf.database).add(caller.key)
    papers = await shelf.collection(ANN, Share("user", "ben"), Share("user", "ann", "write"))
    shut = await shelf.document(ANN, papers, readers="user:ann")
    both = await shelf.taken_in(
        await shelf.documents.attach(ANN, papers.id, (await shelf.file(ANN)).id, Attaching({"kyozon:readers": "user:ben"}))
    )
    await shelf.groups.add(ADMIN, "legal", "ann")

    erased = await Forgetting(shelf.database, MasterKeys(tmp_path / "keys"), WORLD).erase("default", "ann")

    names = "SELECT count(*) FROM {} WHERE {} = 'ann'"
    for table, column in (
        ("file", "owner"),
        ("collection", "owner"),
        ("membership", "member"),
        ("collection_share", "name"),
    ):
        assert await shelf.count(names.format(table, column)) == 0, table
    (kept,) = (await shelf.collections.list(ADMIN, Page()))[0]
    assert kept.owner == erased.subjects[0]
    assert {document.file for document in (await shelf.documents.list(ADMIN, Chosen(papers.id), Page()))[0]} == {
        shut.file,
        both.file,
    }
    seen, _ = await shelf.documents.list(BEN, Chosen(papers.id), Page())
    assert [document.readers for document in seen] == [{"user:ben", f"user:{erased.subjects[0]}"}]
