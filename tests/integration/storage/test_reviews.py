"""The review queue and the grants in PostgreSQL: decided once, used once, and nothing kept for longer than it waits."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.labels import Label, Level
from kyozon.domain.review import Claim, Grant, ReviewItem
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.review import PostgresReviews
from kyozon.storage.vault import Vault
from tests.fakes.record_samples import a_decision

_ids = count()
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LABEL = Label(Level.CONFIDENTIAL, frozenset({"pii", "jp-only", "legal", "no-train"}))
CONTENT = b'{"messages":["the very words"]}'


def event(action: str, at: datetime = NOW) -> AuditEvent:
    return AuditEvent(f"evt_{next(_ids)}", at, action, "acme", "hanako")


@pytest.fixture
def reviews(database: Database, tmp_path: Path) -> PostgresReviews:
    return PostgresReviews(database, Vault(database, MasterKeys(tmp_path)))


async def queued(database: Database, reviews: PostgresReviews, **changes: object) -> ReviewItem:
    decision = a_decision()
    journal = PostgresJournal(database)
    await journal.open(decision, None)
    await journal.stop()
    claim = Claim("acme", "hanako", "00ff", "external", "check", LABEL, "v1")
    item = ReviewItem("rev_1", "release", "waiting", NOW, NOW + timedelta(hours=1), claim, "key_1", decision.id)
    item = structs.replace(item, **changes)
    await reviews.add(item, CONTENT, event("review:requested"))
    return item


def approved(item: ReviewItem, by: str = "taro", at: datetime = NOW) -> tuple[ReviewItem, Grant]:
    made = structs.replace(item, state="approved", reviewer=by, decided_at=at, grant_id="grt_1")
    return made, Grant("grt_1", item.claim, by, at, item.expires_at)


async def test_what_is_queued_comes_back_and_its_content_lies_there_encrypted(
    database: Database, reviews: PostgresReviews
) -> None:
    item = await queued(database, reviews)
    assert await reviews.item("acme", item.id) == item
    assert await reviews.item("elsewhere", item.id) is None
    assert await reviews.items("acme", "waiting", 10) == [item]
    assert await reviews.items("acme", "approved", 10) == []
    assert await reviews.content(item) == CONTENT
    async with database.reading() as connection:
        row = await connection.fetchrow("SELECT * FROM review_item")
    assert b"very words" not in row["content"]
    assert "hanako" not in repr(dict(row))  # people stand there under their pseudonyms


async def test_an_approval_is_a_grant_and_deletes_the_content(database: Database, reviews: PostgresReviews) -> None:
    made, grant = approved(await queued(database, reviews))
    assert await reviews.decide(made, grant, event("review:approved"))
    assert await reviews.item("acme", made.id) == made
    assert await reviews.grant("acme", grant.id) == grant
    assert await reviews.content(made) is None
    assert not await reviews.decide(made, structs.replace(grant, id="grt_2"), event("review:approved"))
    assert await reviews.grant("acme", "grt_2") is None


async def test_of_two_servers_one_uses_a_grant(database: Database, reviews: PostgresReviews) -> None:
    made, grant = approved(await queued(database, reviews))
    await reviews.decide(made, grant, event("review:approved"))
    other = Database(database.dsn)
    await other.connect()
    try:
        both = [reviews, PostgresReviews(other)]
        asking = [both[n % 2].use("grt_1", grant.claim, f"dec_{n}", event("grant:used")) for n in range(12)]
        found = await asyncio.gather(*asking)
    finally:
        await other.close()
    assert sum(found) == 1
    used = await reviews.grant("acme", "grt_1")
    assert used is not None
    assert (used.used_at, used.used_for) == (NOW, f"dec_{found.index(True)}")
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_event WHERE action = 'grant:used'") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": "elsewhere"},
        {"requester": "taro"},
        {"content_sha256": "00fe"},
        {"zone": "lan"},
        {"purpose": "other"},
        {"label": Label(Level.CONFIDENTIAL)},
        {"policy_version": "v2"},
    ],
)
async def test_a_claim_that_differs_uses_nothing(
    database: Database, reviews: PostgresReviews, wrong: dict[str, object]
) -> None:
    made, grant = approved(await queued(database, reviews))
    await reviews.decide(made, grant, event("review:approved"))
    assert not await reviews.use("grt_1", structs.replace(grant.claim, **wrong), "dec", event("grant:used"))
    assert not await reviews.use("grt_1", grant.claim, "dec", event("grant:used", NOW + timedelta(hours=1)))
    assert await reviews.use("grt_1", grant.claim, "dec", event("grant:used"))


async def test_who_asked_cannot_decide_whatever_the_code_above_does(database: Database, reviews: PostgresReviews) -> None:
    made, grant = approved(await queued(database, reviews), by="hanako")
    assert not await reviews.decide(made, grant, event("review:approved"))
    async with database.reading() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE review_item SET reviewer = requester, state = 'approved', content = NULL")


async def test_an_answer_is_delivered_once(database: Database, reviews: PostgresReviews) -> None:
    item = await queued(database, reviews, kind="answer", model="dear", content_type="answer/openai/openai")
    assert await reviews.deliver(item, NOW) is None
    made = structs.replace(item, state="approved", reviewer="taro", decided_at=NOW)
    assert await reviews.decide(made, None, event("review:approved"))
    found = await asyncio.gather(*(reviews.deliver(made, NOW) for _ in range(5)))
    assert sorted(found, key=bool) == [None] * 4 + [CONTENT]
    assert await reviews.content(made) is None


async def test_what_has_expired_is_deleted_and_not_decided_on(database: Database, reviews: PostgresReviews) -> None:
    item = await queued(database, reviews)
    late = item.expires_at
    assert await reviews.expire(late - timedelta(seconds=1)) == 0
    made, grant = approved(item, at=late)
    assert not await reviews.decide(made, grant, event("review:approved", late))
    assert await reviews.expire(late) == 1
    found = await reviews.item("acme", item.id)
    assert found is not None
    assert (found.state, await reviews.content(item)) == ("expired", None)
