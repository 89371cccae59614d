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
from kyozon.domain.provenance import Relabelling, StoredValue
from kyozon.domain.review import Claim, Grant, Lowering, ReviewItem
from kyozon.ports.review import Lowered
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.provenance import PostgresProvenance
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


async def test_what_one_person_waits_on(database: Database, reviews: PostgresReviews) -> None:
    item = await queued(database, reviews)
    await queued(database, reviews, id="rev_2", kind="answer")
    other = structs.replace(item, id="rev_3", claim=structs.replace(item.claim, requester="jiro"))
    await reviews.add(other, None, event("review:requested"))
    assert await reviews.waiting("acme", "hanako", NOW) == [item]
    assert await reviews.waiting("acme", "hanako", item.expires_at) == []
    assert await reviews.waiting("elsewhere", "hanako", NOW) == []
    made, grant = approved(item)
    await reviews.decide(made, grant, event("review:approved"))
    assert await reviews.waiting("acme", "hanako", NOW) == []


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
    assert await told(database, "grant:used") == 1


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


async def test_an_answer_is_delivered_until_it_expires_and_each_time_on_record(
    database: Database, reviews: PostgresReviews
) -> None:
    item = await queued(database, reviews, kind="answer", model="dear", content_type="answer/openai/openai")
    assert await reviews.deliver(item, event("review:delivered")) is None
    made = structs.replace(item, state="approved", reviewer="taro", decided_at=NOW)
    assert await reviews.decide(made, None, event("review:approved"))
    found = await asyncio.gather(*(reviews.deliver(made, event("review:delivered")) for _ in range(3)))
    assert found == [CONTENT] * 3
    assert await told(database, "review:delivered") == 3
    late = item.expires_at
    assert await reviews.deliver(made, event("review:delivered", late)) is None
    assert await reviews.expire(late) == 1
    assert await reviews.expire(late) == 0
    (kept,) = await reviews.items("acme", None, 10)
    assert (kept.state, await reviews.content(made)) == ("delivered", None)


def lowering(item: ReviewItem, number: int = 1) -> Lowered:
    assert item.lowering is not None
    old, new = item.claim.label, item.lowering.new
    by = item.claim.requester
    change = Relabelling(f"rlb_{number}", "acme", item.lowering.value, NOW, old, new, by, "check", "key_2")
    return Lowered(change, event("value:lowered"))


@pytest.fixture
async def asked(database: Database, reviews: PostgresReviews) -> ReviewItem:
    """That a document be labelled public waits for a person."""
    await PostgresProvenance(database).add(StoredValue("doc", "acme", "document", NOW, LABEL, sha256="00ff"))
    claim = Claim("acme", "hanako", "00ff", "", "check", LABEL, "v1")
    wanted = Lowering("doc", Label(Level.PUBLIC))
    item = ReviewItem("rev_1", "lowering", "waiting", NOW, NOW + timedelta(hours=1), claim, "key_1", "", lowering=wanted)
    await reviews.add(item, None, event("review:requested"))
    return item


async def test_an_item_is_not_in_the_way_of_an_erasure_that_it_waits_for(
    database: Database, reviews: PostgresReviews, asked: ReviewItem
) -> None:
    async with database.writing() as erasing:
        await erasing.execute("SELECT FROM data_subject WHERE name = 'hanako' FOR UPDATE")
        adding = asyncio.create_task(reviews.add(structs.replace(asked, id="rev_2"), None, event("review:requested")))
        waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
        while not await erasing.fetchval(waiting):  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.01)
        await erasing.execute("LOCK TABLE audit_event IN SHARE MODE")
    await adding
    assert [item.id for item in await reviews.items("acme", None, 10)] == ["rev_2", "rev_1"]
    assert [item.id for item in await reviews.items("acme", "waiting", 1, "rev_2")] == ["rev_1"]
    assert await reviews.items("acme", None, 10, "rev_1") == []


async def test_a_label_goes_down_with_its_approval(database: Database, reviews: PostgresReviews, asked: ReviewItem) -> None:
    assert await reviews.item("acme", asked.id) == asked
    assert await reviews.content(asked) is None
    made = structs.replace(asked, state="approved", reviewer="taro", decided_at=NOW)
    store = PostgresProvenance(database)
    other = Database(database.dsn)
    await other.connect()
    try:
        both = [reviews, PostgresReviews(other)]
        deciding = [both[n % 2].decide(made, lowering(made, n), event("review:approved")) for n in range(6)]
        assert sorted(await asyncio.gather(*deciding)) == [False] * 5 + [True]
    finally:
        await other.close()
    kept = await store.own("acme", "doc")
    assert kept is not None
    assert kept.label == Label(Level.PUBLIC)
    (change,) = await store.changes("acme", "doc")
    assert (change.by, change.approval) == ("hanako", "key_2")
    assert (await told(database, "value:lowered"), await told(database, "review:approved")) == (1, 1)


@pytest.mark.parametrize("by", ["jiro", "hanako", "taro"])
async def test_an_approval_undoes_no_raise(
    database: Database, reviews: PostgresReviews, asked: ReviewItem, by: str
) -> None:
    """Whichever of the two comes first, whoever raises: the label is never lower than what was raised."""
    made = structs.replace(asked, state="approved", reviewer="taro", decided_at=NOW)
    store, higher = PostgresProvenance(database), Label(Level.RESTRICTED, LABEL.compartments)
    raising = Relabelling("rlb_r", "acme", "doc", NOW, LABEL, higher, by, "it was wrong")
    raised, lowered = await asyncio.gather(
        store.relabel(raising, event("value:raised")), reviews.decide(made, lowering(made), event("review:approved"))
    )
    assert sorted([raised, lowered]) == [False, True]
    kept, item = await store.own("acme", "doc"), await reviews.item("acme", asked.id)
    assert kept is not None
    assert item is not None
    assert (kept.label, item.state) == ((higher, "waiting") if raised else (Label(Level.PUBLIC), "approved"))
    assert await told(database, "value:raised") + await told(database, "value:lowered") == 1
    assert await told(database, "review:approved") == int(lowered)


async def test_a_stale_approval_changes_nothing_at_all(
    database: Database, reviews: PostgresReviews, asked: ReviewItem
) -> None:
    store, higher = PostgresProvenance(database), Label(Level.RESTRICTED, LABEL.compartments)
    raising = Relabelling("rlb_r", "acme", "doc", NOW, LABEL, higher, "jiro", "it was wrong")
    assert await store.relabel(raising, event("value:raised"))
    made = structs.replace(asked, state="approved", reviewer="taro", decided_at=NOW)
    assert not await reviews.decide(made, lowering(made), event("review:approved"))
    assert await reviews.item("acme", asked.id) == asked
    assert (await told(database, "value:lowered"), await told(database, "review:approved")) == (0, 0)
    refused = structs.replace(made, state="refused")
    assert await reviews.decide(refused, None, event("review:refused"))
    kept = await store.own("acme", "doc")
    assert kept is not None
    assert kept.label == higher


async def test_two_who_decide_for_each_other_wait_for_each_other(database: Database, reviews: PostgresReviews) -> None:
    """Each transaction names both people: in one order, or they would lock each other out."""
    items = []
    for number, (by, other) in enumerate([("hanako", "taro"), ("taro", "hanako")] * 4):
        await PostgresProvenance(database).add(StoredValue(f"doc{number}", "acme", "document", NOW, LABEL))
        claim = Claim("acme", by, "", "", "check", LABEL, "v1")
        wanted = Lowering(f"doc{number}", Label(Level.PUBLIC))
        until = NOW + timedelta(hours=1)
        item = ReviewItem(f"rev_{number}", "lowering", "waiting", NOW, until, claim, "key", "", lowering=wanted)
        await reviews.add(item, None, event("review:requested"))
        items.append(structs.replace(item, state="approved", reviewer=other, decided_at=NOW))
    decided = (reviews.decide(item, lowering(item, n), event("review:approved")) for n, item in enumerate(items))
    assert all(await asyncio.gather(*decided))


async def told(database: Database, action: str) -> int:
    async with database.reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM audit_event WHERE action = $1", action))


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
