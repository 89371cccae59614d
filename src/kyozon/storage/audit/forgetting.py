"""Erases a person: the name gives way to its pseudonym, what was kept of words is deleted, and its keys are destroyed.

The tree commits to pseudonyms, so it verifies as before. Backups of the database from before hold words that nothing opens
any more; where a name still stands in them, in records, it goes with the backup.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from kyozon.domain.audit import AuditEvent, Erasure
from kyozon.domain.errors import NotAllowed, NotFound
from kyozon.domain.language import Text
from kyozon.services.world import World
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database, trouble
from kyozon.storage.encoding import to_text
from kyozon.storage.master_keys import MasterKeys

_EVER, _JUST_NOW = timedelta(days=365_000), timedelta(hours=1)
_ADOPT = "SELECT audit_adopt(1000)"
_HELD = "SELECT id FROM legal_hold WHERE lifted_at IS NULL AND (tenant IS NULL OR tenant = $1) LIMIT 1"
_KEYS = "SELECT id FROM api_key WHERE tenant = $1 AND body->>'user' = $2"
# Locked: whoever keeps something with the name in it at this moment is waited for, or finds that it is gone.
_PERSON = "SELECT id FROM data_subject WHERE tenant = $1 AND name = $2 FOR UPDATE"
_RETIRE = """
UPDATE data_subject SET retired_at = now() WHERE tenant = $1 AND name = $2 AND retired_at IS NULL RETURNING id
"""
_USERS_OF_KEYS = "SELECT id FROM data_subject WHERE tenant = '' AND name = ANY($1)"
_NAMED = """
UPDATE {table} r SET body = jsonb_set(r.body, '{{user}}', to_jsonb(leaf.subject))
FROM (SELECT ref, kind, subject FROM audit_leaf UNION ALL SELECT ref, kind, subject FROM audit_pending) AS leaf
WHERE r.tenant = $1 AND r.body->>'user' = $2 AND leaf.ref = r.id AND leaf.kind = $3 AND leaf.subject = ANY($4)
  AND r.at >= now() - $5::interval
"""
# What bears the name is held ahead, in the order of storage.knowledge.holding: who has a row of it deletes answers and
# writes the record of what he does last, and would wait for us while we wait for him.
_HOLD = (
    "SELECT FROM collection WHERE tenant = $1 AND owner = $2 ORDER BY id FOR NO KEY UPDATE",
    "SELECT FROM file WHERE tenant = $1 AND owner = $2 ORDER BY id FOR NO KEY UPDATE",
    "SELECT FROM document WHERE tenant = $1 AND readers @> ARRAY['user:' || $2::text] ORDER BY id FOR UPDATE",
)
_HOLD_COUNT = "SELECT FROM knowledge_version WHERE tenant = $1 FOR UPDATE"
# Who writes a record at this moment is waited for, and whoever comes next finds that the person is not known any more.
_STILL = "LOCK TABLE decision, audit_event IN SHARE MODE"
_REVOKE = """
UPDATE api_key SET revoked_at = coalesce(revoked_at, $2),
    body = body || jsonb_build_object('user', $3::text, 'name', id)
WHERE id = ANY($1)
"""
# Under the count, and when nobody writes a record any more who would keep an answer with it.
_DELETE_REPLAYS = "DELETE FROM kept_answer WHERE key_id = ANY($1)"
_DELETE_ANSWERS = (
    "DELETE FROM cached_answer WHERE tenant = $1 AND $2 = ANY(principals)",
    "DELETE FROM kept_response WHERE subject IN (SELECT id FROM data_subject WHERE tenant = $1 AND name = $2)",
)
_DELETE = (
    "DELETE FROM kept_reasoning WHERE subject IN (SELECT id FROM data_subject WHERE tenant = $1 AND name = $2)",
    """
    UPDATE review_item SET content = NULL, state = CASE state WHEN 'delivered' THEN state ELSE 'expired' END
    WHERE (content IS NOT NULL OR state = 'waiting')
      AND requester IN (SELECT id FROM data_subject WHERE tenant = $1 AND name = $2)
    """,
    """
    UPDATE feedback f SET comment = NULL WHERE f.tenant = $1 AND f.comment IS NOT NULL AND EXISTS (
        SELECT FROM data_subject s JOIN decision d ON d.id = f.decision_id
        WHERE s.tenant = $1 AND s.name = $2 AND s.id IN (f.judge, d.body->>'user')
    )
    """,
    "DELETE FROM membership WHERE tenant = $1 AND member = $2",
    """
    DELETE FROM collection_share s USING collection c
    WHERE c.id = s.collection_id AND c.tenant = $1 AND s.kind = 'user' AND s.name = $2
    """,
    "DELETE FROM limit_lease WHERE kind = 'user' AND tenant = $1 AND id = $2",
    "DELETE FROM limit_pool WHERE kind = 'user' AND tenant = $1 AND id = $2",
    "DELETE FROM upload WHERE tenant = $1 AND owner = $2",
)
"""Beside the records, what holds a person's words or name. Nobody decides on words that are gone, or
for a person who is. Of what was said of answers goes what the person said, and what was said of the answers to him: in the
decisions his pseudonym stands by now.

Tables that come later add themselves here.
"""
_RENAME = (
    "UPDATE file SET owner = $3 WHERE tenant = $1 AND owner = $2",
    "UPDATE collection SET owner = $3 WHERE tenant = $1 AND owner = $2",
    """
    UPDATE document SET readers = array_replace(readers, 'user:' || $2::text, 'user:' || $3::text),
        version = CASE WHEN version > 0 THEN knowledge_changed(tenant) ELSE 0 END
    WHERE tenant = $1 AND readers @> ARRAY['user:' || $2::text]
    """,
)
"""Files and collections are the organisation's and stay, as their pseudonym's. Without a reader a document would be open to
all, so that the pseudonym takes that place, too. Nobody else gets a right by it, and admin keys have theirs.
"""
# Until the old key is gone from the file nobody else may put a new one into it: theirs would be lost, and all it opens.
_ONE_AT_A_TIME = "SELECT pg_advisory_lock($1)"
_LOCK = 0x6B796F7A6F6E2E65  # "kyozon.e"
_LOCK_KEYS = "LOCK TABLE subject_key IN EXCLUSIVE MODE"
_DESTROY = "DELETE FROM subject_key WHERE subject = ANY($1)"
_UNNAME = """
UPDATE data_subject SET name = NULL, secret = NULL, erased_at = now(), retired_at = coalesce(retired_at, now())
WHERE id = ANY($1)
"""
_WRAPPED = "SELECT subject, master, wrapped FROM subject_key WHERE master = ANY($1)"
_REWRAP = "UPDATE subject_key SET master = $3, wrapped = $4 WHERE subject = $1 AND master = $2"


class Forgetting:
    """Erases people from the database that all servers share, and destroys the keys to what backups hold of their words."""

    def __init__(self, database: Database, masters: MasterKeys, world: World) -> None:
        self._database = database
        self._masters = masters
        self._world = world

    async def erase(self, tenant: str, user: str) -> Erasure:
        """Erase one person; the keys that they use are revoked.

        Raises:
            NotAllowed: a legal hold stands over the tenant.
            NotFound: nobody of that name has ever been on record.
        """
        tenant, user = to_text(tenant), to_text(user)
        async with self._database.alone() as connection:
            with trouble():
                await connection.execute(_ONE_AT_A_TIME, _LOCK)
                while await connection.fetchval(_ADOPT):
                    pass
                async with connection.transaction():
                    await connection.execute(_LOCK_KEYS)
                    await refuse_held(connection, tenant)
                    found = await self._erase(connection, tenant, user)
                    await self._renew(connection)
                await asyncio.to_thread(self._masters.keep_newest)
        return found

    async def rotate(self, tenant: str, user: str) -> None:
        """Have the records from now on commit to a new pseudonym; raises `NotFound` for who is not on record.

        Proofs given away before and after then tell nobody that they are of one person.
        """
        async with self._database.writing() as connection:
            old = await connection.fetchval(_RETIRE, to_text(tenant), to_text(user))
            if old is None:
                raise NotFound(_unknown(tenant, user))
            new, now = self._world.new_id("evt"), self._world.now()
            await write(connection, AuditEvent(new, now, "subject:rotated", tenant, "", old))

    async def _erase(self, connection: Any, tenant: str, user: str) -> Erasure:
        people = await _ids(connection, _PERSON, tenant, user)
        keys = await _ids(connection, _KEYS, tenant, user)
        if not people:
            raise NotFound(_unknown(tenant, user))
        records = await _unnamed(connection, (tenant, user), people, _EVER)
        deleted = await _deleted(connection, _DELETE, tenant, user)
        await connection.execute(_REVOKE, keys, self._world.now(), people[0])
        for statement in _HOLD:
            await connection.execute(statement, tenant, user)
        await connection.execute(_HOLD_COUNT, tenant)
        await connection.execute(_STILL)
        deleted += await _deleted(connection, _DELETE_ANSWERS, tenant, user)
        deleted += _count(await connection.execute(_DELETE_REPLAYS, keys))
        for statement in _RENAME:
            records += _count(await connection.execute(statement, tenant, user, people[0]))
        records += await _unnamed(connection, (tenant, user), people, _JUST_NOW)
        everybody = people + await _ids(connection, _USERS_OF_KEYS, keys)
        await connection.execute(_DESTROY, everybody)
        await connection.execute(_UNNAME, everybody)
        detail = {"records": records, "keys": len(keys), "deleted": deleted}
        for subject in people:
            new = self._world.new_id("evt")
            await write(connection, AuditEvent(new, self._world.now(), "subject:erased", tenant, "", subject, {**detail}))
        return Erasure(tuple(people), records, len(keys), deleted)

    async def _renew(self, connection: Any) -> None:
        """Wrap everybody else's keys anew. Until this is committed the file has the old key, too."""
        old = {master.id: master for master in await asyncio.to_thread(self._masters.all)}
        new = await asyncio.to_thread(self._masters.renew)
        rows = await connection.fetch(_WRAPPED, list(old))
        again = [
            (row["subject"], row["master"], new.id, new.wrap(row["subject"], _key(old[row["master"]].unwrap, row)))
            for row in rows
        ]
        await connection.executemany(_REWRAP, again)


def _key(unwrap: Any, row: Any) -> bytes:
    key: bytes = unwrap(row["subject"], row["wrapped"])
    return key


async def refuse_held(connection: Any, tenant: str) -> None:
    """Raises `NotAllowed` where a legal hold stands over the tenant."""
    held = await connection.fetchval(_HELD, tenant)
    if held is not None:
        raise NotAllowed(
            Text(
                f"the legal hold {held} stands over tenant {tenant}: nothing of it may be erased. kyozon audit lift {held} "
                "ends it, where it has served its purpose.",
                f"テナント {tenant} には法的保全 {held} が設定されているため、消去できません。"
                f"目的を果たした後は kyozon audit lift {held} で解除できます。",
            )
        )


async def _unnamed(connection: Any, person: tuple[str, str], subjects: list[str], within: timedelta) -> int:
    """Put the pseudonym in the place of the name, in records of so long; in how many."""
    done = [
        await connection.execute(_NAMED.format(table=table), *person, kind, subjects, within)
        for table, kind in (("decision", "decision"), ("audit_event", "event"))
    ]
    return sum(map(_count, done))


async def _deleted(connection: Any, statements: Sequence[str], tenant: str, user: str) -> int:
    """How many rows are gone."""
    return sum([_count(await connection.execute(statement, tenant, user)) for statement in statements])


async def _ids(connection: Any, query: str, *arguments: object) -> list[str]:
    return [row["id"] for row in await connection.fetch(query, *arguments)]


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])


def _unknown(tenant: str, user: str) -> Text:
    return Text(
        f"nobody called {user!r} has a record in tenant {tenant!r}. Names are those of the keys: kyozon keys list.",
        f"テナント {tenant!r} に利用者 {user!r} の記録はありません。"
        "名前はキーの利用者名です（kyozon keys list で確認できます）。",
    )
