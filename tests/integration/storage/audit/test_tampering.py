"""The same attacks as in memory, by statements of who owns the database, with every trigger out of the way."""

import random
from collections.abc import Callable

import pytest

from kyozon.domain.audit import AuditEvent, Note, Report
from kyozon.domain.errors import NotFound
from kyozon.governance.merkle import Frontier
from kyozon.services.audit import Auditor
from kyozon.storage.audit import tree
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.signing import TrustedKeys
from kyozon.storage.audit.trail import PostgresTrail
from tests.integration.storage.audit.conftest import NOW, SealedLog

RECORDS, TIMES = 90, 5
_EDIT = (
    """
    UPDATE decision SET chosen = 'forged', body = jsonb_set(body, '{{chosen}}', '"forged"')
    WHERE id = (SELECT ref FROM audit_leaf WHERE position = {place})
    """,
    """
    UPDATE outcome SET body = jsonb_set(body, '{{error}}', '"forged"')
    WHERE decision_id = (SELECT ref FROM audit_leaf WHERE position = {place})
    """,
    """
    UPDATE audit_event SET action = 'a:b', body = jsonb_set(body, '{{action}}', '"a:b"')
    WHERE id = (SELECT ref FROM audit_leaf WHERE position = {place})
    """,
)
_REHASH = """
UPDATE audit_leaf l SET hash = sha256('\\x00'::bytea || l.salt || convert_to(audit_canonical(r.body, l.subject), 'UTF8'))
FROM (
    SELECT 'decision' AS kind, id AS ref, body FROM decision
    UNION ALL SELECT 'outcome', decision_id, body FROM outcome
    UNION ALL SELECT 'event', id, body FROM audit_event
) AS r WHERE (l.kind, l.ref) = (r.kind, r.ref)
"""
_FORGE = """
INSERT INTO decision
SELECT 'dec_forged', at, tenant, key_id, kind, requested_model, chosen, label, body, server FROM decision LIMIT 1
"""
# Places are moved far away and back, since no two leaves may share one meanwhile.
ATTACKS = {
    "edit": _EDIT,
    "edit and rehash": (*_EDIT, _REHASH),
    "delete": (
        "DELETE FROM audit_leaf WHERE position = {place}",
        "UPDATE audit_leaf SET position = position + 1000000 WHERE position > {place}",
        "UPDATE audit_leaf SET position = position - 1000001 WHERE position > {place}",
    ),
    "swap": (
        "UPDATE audit_leaf SET position = 1000000 WHERE position = {place}",
        "UPDATE audit_leaf SET position = {place} WHERE position = {other}",
        "UPDATE audit_leaf SET position = {other} WHERE position = 1000000",
    ),
    "truncate": (
        "DELETE FROM decision WHERE id IN (SELECT ref FROM audit_leaf WHERE position >= {place})",
        "DELETE FROM outcome WHERE decision_id IN (SELECT ref FROM audit_leaf WHERE position >= {place})",
        "DELETE FROM audit_event WHERE id IN (SELECT ref FROM audit_leaf WHERE position >= {place})",
        "DELETE FROM audit_checkpoint WHERE size > {place}",
        "DELETE FROM audit_leaf WHERE position >= {place}",
    ),
    "insert": (
        "UPDATE audit_leaf SET position = position + 1000000 WHERE position >= {place}",
        "UPDATE audit_leaf SET position = position - 999999 WHERE position >= 1000000",
        _FORGE,
        """
        INSERT INTO audit_leaf (position, kind, ref, subject, salt, hash)
        SELECT {place}, 'decision', 'dec_forged', subject, '\\x00', '\\x00' FROM audit_leaf WHERE kind = 'decision' LIMIT 1
        """,
        _REHASH,
    ),
}
_TABLES = ("decision", "outcome", "audit_event", "audit_leaf", "audit_checkpoint")
_SIGN_ANEW = "UPDATE audit_checkpoint SET note = $1 WHERE size = $2"
_KEEP = "CREATE TABLE untouched.{0} AS SELECT * FROM public.{0}"
_PUT_BACK = "DELETE FROM public.{0}; INSERT INTO public.{0} SELECT * FROM untouched.{0}"


@pytest.mark.parametrize("attack", ATTACKS)
async def test_every_tampering_is_found(sealed_log: SealedLog, attack: str) -> None:
    outside = (await sealed_log.filled(RECORDS))[-1:]
    chance = random.Random(attack)  # noqa: S311 - a test's mixture
    await sealed_log.as_owner("CREATE SCHEMA untouched", *(_KEEP.format(table) for table in _TABLES))
    for _ in range(TIMES):
        place, other = chance.sample(range(outside[0].checkpoint.size), 2)
        await sealed_log.as_owner(*(statement.format(place=place, other=other) for statement in ATTACKS[attack]))
        assert not (await sealed_log.verified(outside)).sound, (place, other)
        await sealed_log.as_owner(*(_PUT_BACK.format(table) for table in _TABLES))
    assert (await sealed_log.verified(outside)).sound


async def test_a_log_that_was_built_anew_is_found_by_the_copy_from_outside(
    sealed_log: SealedLog, kinds: Callable[[Report], set[str]]
) -> None:
    outside = await sealed_log.filled(RECORDS)
    await sealed_log.as_owner(*(statement.format(place=7) for statement in ATTACKS["edit and rehash"]))
    await _signed_anew(sealed_log, outside)
    assert (await sealed_log.verified()).sound
    assert kinds(await sealed_log.verified(outside[-1:])) == {"outside"}


async def _signed_anew(log: SealedLog, notes: list[Note]) -> None:
    """By somebody who has the signing key as well."""
    async with log.database.reading() as connection:
        hashes = [row["hash"] for row in await connection.fetch("SELECT hash FROM audit_leaf ORDER BY position")]
        assert len(hashes) == await tree.size(connection)
    for note in notes:
        grown = Frontier()
        grown.extend(hashes[: note.checkpoint.size])
        await log.value(_SIGN_ANEW, log.signer.sign(grown.size, grown.root()), grown.size)


async def test_a_record_written_past_the_log_is_found(sealed_log: SealedLog, kinds: Callable[[Report], set[str]]) -> None:
    await sealed_log.filled(3)
    await sealed_log.as_owner(_FORGE)
    assert kinds(await sealed_log.verified()) == {"unlogged"}


async def test_another_persons_name_in_a_record_is_found(
    sealed_log: SealedLog, kinds: Callable[[Report], set[str]]
) -> None:
    await sealed_log.filled(3)
    await sealed_log.as_owner("UPDATE decision SET body = jsonb_set(body, '{user}', '\"taro\"')")
    assert kinds(await sealed_log.verified()) == {"name"}
    await sealed_log.as_owner("UPDATE data_subject SET name = 'taro' WHERE name = 'hanako' AND tenant = 'acme'")
    assert kinds(await sealed_log.verified()) == {"name"}


@pytest.mark.parametrize(
    "statements",
    [
        ("UPDATE decision SET tenant = 'other'",),
        ("UPDATE decision SET at = at - interval '1 year'",),
        ("UPDATE outcome SET output = 0",),
        ("UPDATE audit_event SET tenant = 'other'",),
        (
            "UPDATE outcome SET decision_id = decision_id || '.'",
            "UPDATE audit_leaf SET ref = ref || '.' WHERE kind = 'outcome'",
        ),
    ],
)
async def test_a_record_that_is_found_as_another_one_is_noticed(
    sealed_log: SealedLog, kinds: Callable[[Report], set[str]], statements: tuple[str, ...]
) -> None:
    await sealed_log.filled(3)
    await sealed_log.as_owner(*statements)
    assert kinds(await sealed_log.verified()) == {"column"}


async def test_an_event_that_cannot_be_read_any_more_is_a_finding(
    sealed_log: SealedLog, kinds: Callable[[Report], set[str]]
) -> None:
    await sealed_log.filled(3)
    await PostgresTrail(sealed_log.database).record(AuditEvent("evt_p", NOW, "record:pruned", detail={"decisions": 0}))
    await sealed_log.sealer.finish()
    await sealed_log.as_owner("UPDATE audit_event SET body = '{\"id\": 1}' WHERE id = 'evt_p'")
    assert kinds(await sealed_log.verified()) == {"record"}


async def test_the_log_itself_is_append_only(sealed_log: SealedLog) -> None:
    await sealed_log.filled(3)
    for statement in ("DELETE FROM audit_leaf", "UPDATE audit_leaf SET hash = ''", "TRUNCATE audit_event"):
        with pytest.raises(Exception, match="append-only"):
            await sealed_log.value(statement)


async def test_of_a_record_that_was_changed_no_proof_is_made(sealed_log: SealedLog) -> None:
    ids = await sealed_log.record(1)
    await sealed_log.sealer.finish()
    await sealed_log.as_owner("UPDATE decision SET body = jsonb_set(body, '{chosen}', '\"forged\"')")
    async with snapshot(sealed_log.database) as log:
        auditor = Auditor(log, TrustedKeys([]))
        with pytest.raises(NotFound, match="changed after it was recorded"):
            await auditor.prove("decision", ids[0])
        assert (await auditor.prove("outcome", ids[0])).evidence.ref == ids[0]
