"""Who is erased is found nowhere: not in a table, a dump, a proof; and backups from before do not give their words back."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from kyozon.domain.audit import AuditEvent, Report
from kyozon.domain.errors import NotAllowed, NotFound
from kyozon.domain.labels import Label, Level
from kyozon.domain.provenance import Delivery, Relabelling, StoredValue
from kyozon.domain.reasoning import Reasoning
from kyozon.domain.review import Claim, Lowering, ReviewItem
from kyozon.ports.records import KeptAnswer
from kyozon.services.audit import Auditor
from kyozon.services.world import World
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.retention import Retention
from kyozon.storage.audit.signing import TrustedKeys
from kyozon.storage.audit.trail import PostgresTrail
from kyozon.storage.cache import PostgresAnswers
from kyozon.storage.database import Database
from kyozon.storage.feedback import PostgresFeedback
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.master_keys import MasterKey, MasterKeys
from kyozon.storage.programs import Programs
from kyozon.storage.provenance import PostgresProvenance
from kyozon.storage.reasoning import PostgresReasoning
from kyozon.storage.records import PostgresRecords
from kyozon.storage.review import PostgresReviews
from kyozon.storage.vault import Vault
from tests.contract.storage.answer_store import HERE, answer, wanted
from tests.contract.storage.feedback_store import a_judgement
from tests.contract.storage.provenance_store import INTERNAL, SECRET
from tests.fakes.record_samples import a_decision, a_key, an_outcome
from tests.integration.storage.audit.conftest import NOW, SealedLog

PERSON, WORDS = "Canary-San", b"the canary sang of the merger"
LATER = datetime(2100, 1, 1, tzinfo=UTC)  # the database compares it with its own clock


@pytest.fixture
def masters(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path / "keys")


@pytest.fixture
def forgetting(database: Database, masters: MasterKeys, world: World) -> Forgetting:
    return Forgetting(database, masters, world)


class Life:
    """What one person leaves behind: a key, decisions, events, an answer kept for a repetition, one in the cache."""

    def __init__(self, log: SealedLog, masters: MasterKeys) -> None:
        self.log = log
        self.vault = Vault(log.database, masters)
        self.key = a_key(user=PERSON, name=f"{PERSON}'s laptop")
        self.here = structs.replace(HERE, tenant="acme", principals=(PERSON, self.key.id))
        self.decisions: list[str] = []

    async def lived(self) -> None:
        await PostgresKeyStore(self.log.database).add(self.key)
        decision = a_decision(user=PERSON, key_id=self.key.id)
        kept = KeptAnswer(self.key.id, "again", "0" * 64, decision.id, "answer/openai", WORDS, LATER)
        journal = PostgresJournal(self.log.database, self.vault)
        await journal.open(decision, None)
        await journal.close(an_outcome(decision), (), kept)
        cached = answer(partition=self.here, payload=WORDS, essence=None)
        await PostgresAnswers(self.log.database, self.vault).keep(structs.replace(cached, expires_at=LATER))
        await PostgresTrail(self.log.database).record(AuditEvent("evt_p", NOW, "review:approved", "acme", PERSON))
        provenance = PostgresProvenance(self.log.database)
        await provenance.add(StoredValue("doc", "acme", "document", NOW, INTERNAL))
        change = Relabelling("rlb_p", "acme", "doc", NOW, INTERNAL, SECRET, PERSON, "it was wrong")
        await provenance.relabel(change, AuditEvent("evt_r", NOW, "value:raised", "acme", PERSON, "doc"))
        await provenance.deliver(Delivery("dlv_p", NOW, "acme", ("doc",), "host", SECRET, PERSON, self.key.id, "0" * 64))
        said = a_judgement(decision, user=PERSON, key_id=self.key.id, comment=WORDS.decode())
        await PostgresFeedback(self.log.database, self.vault).add(said)
        assert await self.log.sealer.finish()
        self.decisions = [decision.id]

    async def remembered(self, database: Database | None = None) -> tuple[bytes | None, bytes | None]:
        """The kept and the cached words, by a server that has just been started."""
        database = database or self.log.database
        vault = Vault(database, self.vault._masters)
        kept = await PostgresRecords(database, NOW, vault).kept_answer(self.key.id, "again", NOW)
        cached = await PostgresAnswers(database, vault).same(structs.replace(wanted(self.here), at=NOW), "question")
        return kept.payload if kept else None, cached.payload if cached else None


@pytest.fixture
async def life(sealed_log: SealedLog, masters: MasterKeys) -> Life:
    await sealed_log.filled(3)
    found = Life(sealed_log, masters)
    await found.lived()
    return found


def dump(dsn: str) -> str:
    """What a backup holds."""
    program = Programs(Path())._bin / "pg_dump"
    return subprocess.run([program, "--dbname", dsn], capture_output=True, text=True, check=True).stdout


def restore(dsn: str, backup: str) -> None:
    program = Programs(Path())._bin / "psql"
    subprocess.run([program, "--quiet", "--dbname", dsn], input=backup, text=True, check=True, capture_output=True)


async def test_words_lie_sealed_and_come_back(life: Life) -> None:
    assert await life.remembered() == (WORDS, WORDS)
    text = dump(life.log.database.dsn)
    assert WORDS.decode() not in text
    assert WORDS.hex() not in text
    assert PERSON in text


async def test_who_is_erased_is_nowhere_and_the_log_is_sound(life: Life, forgetting: Forgetting) -> None:
    outside = await life.log.filled(3)
    erased = await forgetting.erase("acme", PERSON)
    assert (erased.records, erased.keys, erased.deleted) == (5, 1, 3)
    text = dump(life.log.database.dsn)
    for canary in (PERSON, PERSON.encode().hex(), WORDS.decode(), WORDS.hex(), life.key.name):
        assert canary not in text
    assert await life.remembered() == (None, None)
    provenance = PostgresProvenance(life.log.database)
    assert [found.by for found in await provenance.changes("acme", "doc")] == [erased.subjects[0]]
    assert [found.user for found in await provenance.deliveries("acme", ["doc"])] == [erased.subjects[0]]
    assert await life.log.sealer.finish()
    report = await life.log.verified(outside)
    assert (report.findings, report.erased) == ((), 1)
    async with snapshot(life.log.database) as log:
        proof = await Auditor(log, TrustedKeys([])).prove("decision", life.decisions[0])
    assert PERSON not in str(proof)
    assert erased.subjects[0] in str(proof.evidence.record)


async def test_a_request_that_ends_after_its_person_was_erased_brings_no_name_back(
    life: Life, forgetting: Forgetting, masters: MasterKeys
) -> None:
    """Its decision was recorded before; its answer would be kept now. Its server may have the person's key in memory."""
    database, (decision_id,) = life.log.database, life.decisions
    thought = Reasoning(decision_id, "acme", PERSON, NOW, Label(Level.PUBLIC), WORDS.decode(), whole=True, expires_at=LATER)
    await forgetting.erase("acme", PERSON)
    forgetful = Vault(database, masters)
    for vault in (life.vault, forgetful):
        cached = answer(partition=life.here, payload=WORDS, essence=None)
        await PostgresAnswers(database, vault).keep(structs.replace(cached, expires_at=LATER))
        assert PERSON not in dump(database.dsn)
    life.vault.forget()
    for vault in (life.vault, forgetful):
        await PostgresReasoning(database, vault).keep(thought)
        for owner in (("acme", PERSON), ("", life.key.id)):
            with pytest.raises(NotAllowed):
                await vault.seal(owner, WORDS, "row")
    text = dump(database.dsn)
    assert PERSON not in text
    assert WORDS.decode() not in text
    assert (
        await life.log.value("SELECT count(*) FROM cached_answer")
        + await life.log.value("SELECT count(*) FROM kept_reasoning")
        == 0
    )


async def test_an_answer_that_is_kept_while_its_person_is_erased_goes_too(life: Life, forgetting: Forgetting) -> None:
    database = life.log.database
    async with database.alone() as connection, connection.transaction():
        row = "SELECT FROM data_subject WHERE tenant = 'acme' AND name = $1 FOR SHARE"
        await connection.execute(row, PERSON)  # as whoever keeps an answer has it, until that is durable
        erasing = asyncio.create_task(forgetting.erase("acme", PERSON))
        await asyncio.sleep(0.3)
        assert not erasing.done()
        late = """'{"question_sha256": "late"}'"""
        keep = f"INSERT INTO cached_answer SELECT (jsonb_populate_record(c, {late})).* FROM cached_answer c"  # noqa: S608 - constant
        await connection.execute(keep)
    await erasing
    assert PERSON not in dump(database.dsn)


async def test_what_waits_for_a_reviewer_goes_with_its_person(life: Life, forgetting: Forgetting) -> None:
    reviews = PostgresReviews(life.log.database, life.vault)
    claim = Claim("acme", PERSON, "00ff", "external", "", Label(Level.PUBLIC), "v1")
    item = ReviewItem("rev_1", "answer", "waiting", NOW, LATER, claim, life.key.id, life.decisions[0])
    await reviews.add(item, WORDS, AuditEvent("evt_v", NOW, "review:requested", "acme", PERSON))
    lower = Lowering("doc", Label(Level.PUBLIC))
    wish = structs.replace(item, id="rev_2", kind="lowering", decision_id="", lowering=lower)
    await reviews.add(wish, None, AuditEvent("evt_w", NOW, "review:requested", "acme", PERSON))
    assert (await forgetting.erase("acme", PERSON)).deleted == 5
    assert await life.log.value("SELECT array_agg(state) FROM review_item WHERE content IS NULL") == ["expired"] * 2


async def test_backups_from_before_give_no_words_back(
    life: Life, forgetting: Forgetting, empty_dsn: str, masters: MasterKeys
) -> None:
    backup = dump(life.log.database.dsn)
    before = masters.all()
    await forgetting.erase("acme", PERSON)
    assert not {key.id for key in before} & {key.id for key in masters.all()}
    restore(empty_dsn, backup)
    restored = Database(empty_dsn)
    await restored.connect()
    with pytest.raises(Exception, match="keys that this server does not have"):
        await life.remembered(restored)
    await restored.close()


class SlowToDestroy(MasterKeys):
    """Another erasure has time to begin before the old key is gone."""

    def _write(self, keys: list[MasterKey]) -> None:
        if len(keys) == 1:
            time.sleep(0.4)
        super()._write(keys)


async def test_of_two_erasures_at_once_neither_loses_the_keys_of_others(
    life: Life, sealed_log: SealedLog, masters: MasterKeys, forgetting: Forgetting, tmp_path: Path, world: World
) -> None:
    await sealed_log.record(1, user="taro")
    await sealed_log.record(1, user="jiro")
    slow = Forgetting(sealed_log.database, SlowToDestroy(tmp_path / "keys"), world)
    await life.vault.seal(("acme", "jiro"), WORDS, "here")
    await asyncio.gather(slow.erase("acme", PERSON), _a_moment_later(forgetting, "taro"))
    sealed = await Vault(sealed_log.database, masters).seal(("acme", "jiro"), WORDS, "here")
    assert len(masters.all()) == 1
    in_use = await sealed_log.value("SELECT array_agg(DISTINCT master) FROM subject_key")
    assert in_use == [key.id for key in masters.all()]
    assert await life.vault.open(sealed, "here") == WORDS


async def _a_moment_later(forgetting: Forgetting, user: str) -> None:
    await asyncio.sleep(0.1)
    await forgetting.erase("acme", user)


async def test_others_keep_their_words(
    life: Life, sealed_log: SealedLog, masters: MasterKeys, forgetting: Forgetting
) -> None:
    other = Life(sealed_log, masters)
    other.key = structs.replace(a_key(user="taro"), id="key_other")
    other.here = structs.replace(other.here, principals=("taro", "key_other"))
    await PostgresKeyStore(sealed_log.database).add(other.key)
    decision = a_decision(user="taro", key_id="key_other")
    journal = PostgresJournal(sealed_log.database, other.vault)
    await journal.open(decision, None)
    kept = KeptAnswer("key_other", "again", "0" * 64, decision.id, "answer/openai", WORDS, LATER)
    await journal.close(an_outcome(decision), (), kept)
    await forgetting.erase("acme", PERSON)
    assert (await other.remembered())[0] == WORDS
    assert (await life.remembered())[0] is None
    found = await PostgresRecords(sealed_log.database, NOW).decision(decision.id)
    assert found is not None
    assert found[0].user == "taro"


async def test_who_comes_back_is_another(life: Life, forgetting: Forgetting) -> None:
    await forgetting.erase("acme", PERSON)
    await life.log.record(1, user=PERSON)
    await life.log.sealer.finish()
    assert (await life.log.verified()).sound
    first, second = await forgetting.erase("acme", PERSON), None
    assert first.records == 1
    with pytest.raises(NotFound, match=PERSON):
        second = await forgetting.erase("acme", PERSON)
    assert second is None


async def test_a_new_pseudonym_has_nothing_to_do_with_the_old_one(life: Life, forgetting: Forgetting) -> None:
    await forgetting.rotate("acme", PERSON)
    await life.log.record(1, user=PERSON)
    await life.log.sealer.finish()
    assert (await life.log.verified()).sound
    assert await life.remembered() == (WORDS, WORDS)
    erased = await forgetting.erase("acme", PERSON)
    assert (len(set(erased.subjects)), erased.records) == (2, 6)
    assert PERSON not in dump(life.log.database.dsn)
    await life.log.sealer.finish()
    report = await life.log.verified()
    assert (report.findings, report.erased) == ((), 2)
    with pytest.raises(NotFound, match=PERSON):
        await forgetting.rotate("acme", PERSON)


async def test_an_erasure_that_nothing_tells_of_is_found(life: Life, kinds: Callable[[Report], set[str]]) -> None:
    await life.log.as_owner(
        "UPDATE decision d SET body = jsonb_set(body, '{user}', to_jsonb(l.subject)) FROM audit_leaf l "
        "WHERE l.ref = d.id AND l.kind = 'decision'",
        "UPDATE audit_event e SET body = jsonb_set(body, '{user}', to_jsonb(l.subject)) FROM audit_leaf l "
        "WHERE l.ref = e.id AND l.kind = 'event' AND l.subject IS NOT NULL",
        "UPDATE data_subject SET name = NULL, secret = NULL",
    )
    assert kinds(await life.log.verified()) == {"name"}


async def test_nobody_is_erased_under_a_hold(life: Life, forgetting: Forgetting, world: World) -> None:
    retention = Retention(life.log.database, world)
    hold = await retention.place("acme", "case 12")
    with pytest.raises(NotAllowed, match=hold.id):
        await forgetting.erase("acme", PERSON)
    assert await life.remembered() == (WORDS, WORDS)
    await retention.lift(hold.id)
    await forgetting.erase("acme", PERSON)
    with pytest.raises(NotFound, match=hold.id):
        await retention.lift(hold.id)
    assert [(each.id, each.lifted_at) for each in await retention.holds()] == [(hold.id, NOW)]
