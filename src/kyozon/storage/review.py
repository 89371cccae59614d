"""The review queue and the grants: people under their pseudonyms, content encrypted, and gone when it is decided on."""

from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.labels import Label
from kyozon.domain.review import Claim, Grant, Lowering, ReviewItem, ReviewState
from kyozon.ports.review import Lowered
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.provenance import relabel
from kyozon.storage.vault import UNSEALED, Sealed, Sealing

_ADD = """
INSERT INTO review_item (id, kind, state, at, expires_at, tenant, requester, decision_id, body, content, subject)
VALUES ($1, $2, 'waiting', $3, $4, $5, subject_of($5, $6), $7, $8::jsonb, $9, $10)
"""
_SHOWN = """
SELECT i.id, i.kind, i.state, i.at, i.expires_at, i.tenant, i.decided_at, i.decision_id, i.grant_id, i.body,
       coalesce(r.name, i.requester) AS requester_name, coalesce(v.name, i.reviewer, '') AS reviewer_name
FROM review_item i JOIN data_subject r ON r.id = i.requester LEFT JOIN data_subject v ON v.id = i.reviewer
"""
_ITEM = f"{_SHOWN} WHERE i.tenant = $1 AND i.id = $2"
_ITEMS = f"""
{_SHOWN} WHERE i.tenant = $1 AND ($2::text IS NULL OR i.state = $2) {{after}} ORDER BY i.at DESC, i.id DESC LIMIT $3
"""
_AFTER = "AND (i.at, i.id) < (SELECT at, id FROM review_item WHERE id = $4 AND tenant = $1)"
_WAITING = f"""
{_SHOWN} WHERE i.tenant = $1 AND r.name = $2 AND i.state = 'waiting' AND i.kind <> 'answer' AND i.expires_at > $3
"""
_CONTENT = "SELECT content, subject FROM review_item WHERE id = $1"
# Whoever decides on two items at once, each for the other, is kept waiting in one order.
_PEOPLE = "SELECT subject_of($1, name) FROM (SELECT unnest($2::text[]) AS name ORDER BY 1) AS people"
_DECIDE = """
UPDATE review_item SET state = $2, reviewer = subject_of($3, $4), decided_at = $5, grant_id = $6,
       content = CASE WHEN kind = 'answer' AND $2 = 'approved' THEN content END
WHERE id = $1 AND state = 'waiting' AND expires_at > $5 AND requester <> subject_of($3, $4) RETURNING id
"""
_GIVE = """
INSERT INTO release_grant (id, tenant, requester, approver, content_sha256, zone, purpose, label, policy_version,
                           at, expires_at)
VALUES ($1, $2, subject_of($2, $3), subject_of($2, $4), $5, $6, $7, $8, $9, $10, $11)
"""
# It stays: whoever loses the connection before he has read it asks again.
_DELIVER = """
UPDATE review_item SET state = 'delivered'
WHERE id = $1 AND kind = 'answer' AND state IN ('approved', 'delivered') AND content IS NOT NULL AND expires_at > $2
RETURNING content, subject
"""
_EXPIRE = """
UPDATE review_item SET state = CASE state WHEN 'delivered' THEN state ELSE 'expired' END, content = NULL
WHERE expires_at <= $1 AND (state = 'waiting' OR content IS NOT NULL)
"""
_GRANT = """
SELECT g.*, coalesce(r.name, g.requester) AS requester_name, coalesce(a.name, g.approver) AS approver_name
FROM release_grant g JOIN data_subject r ON r.id = g.requester JOIN data_subject a ON a.id = g.approver
WHERE g.tenant = $1 AND g.id = $2
"""
# One statement: of servers that ask at the same moment one finds the row unused.
_USE = """
UPDATE release_grant SET used_at = $9, used_for = $10
WHERE id = $1 AND tenant = $2 AND requester = subject_of($2, $3) AND content_sha256 = $4 AND zone = $5 AND purpose = $6
  AND label = $7 AND policy_version = $8 AND used_at IS NULL AND expires_at > $9
RETURNING id
"""


class _Stale(Exception):
    """Rolls a decision back: the label is not the one that it was made on."""


class _Body(Struct, frozen=True):
    """What of an item is neither searched for nor about people."""

    content_sha256: str
    zone: str
    purpose: str
    label: Label
    policy_version: str
    key_id: str
    model: str
    content_type: str
    lowering: Lowering | None = None


_body = msgspec.json.Decoder(_Body)
_label = msgspec.json.Decoder(Label)


class PostgresReviews:
    """`ports.review.Reviews` on PostgreSQL."""

    def __init__(self, database: Database, sealing: Sealing = UNSEALED) -> None:
        self._database = database
        self._sealing = sealing

    async def add(self, item: ReviewItem, content: bytes | None, event: AuditEvent) -> None:
        """Queue an item; the content is the requester's."""
        claim = item.claim
        sealed = await self._sealed(item, content)
        body = _Body(
            claim.content_sha256,
            claim.zone,
            claim.purpose,
            claim.label,
            claim.policy_version,
            item.key_id,
            item.model,
            item.content_type,
            item.lowering,
        )
        who = claim.tenant, to_text(claim.requester)
        async with self._database.writing() as connection:
            decision_id = item.decision_id or None
            await connection.execute(
                _ADD, item.id, item.kind, item.at, item.expires_at, *who, decision_id, to_json(body), *sealed
            )
            await write(connection, event)  # an erasure holds the person, and then waits for whoever writes events

    async def item(self, tenant: str, item_id: str) -> ReviewItem | None:
        """The item of that id in a tenant."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_ITEM, tenant, to_text(item_id))
        return None if row is None else _item(row)

    async def items(self, tenant: str, state: ReviewState | None, limit: int, after: str | None = None) -> list[ReviewItem]:
        """The items of a tenant, newest first; nothing after an item that is not the tenant's."""
        start = () if after is None else (to_text(after),)
        query = _ITEMS.format(after=_AFTER if start else "")
        async with self._database.reading() as connection:
            return [_item(row) for row in await connection.fetch(query, tenant, state, limit, *start)]

    async def waiting(self, tenant: str, requester: str, at: datetime) -> list[ReviewItem]:
        """What one person has asked for and nobody has decided on yet."""
        async with self._database.reading() as connection:
            return [_item(row) for row in await connection.fetch(_WAITING, tenant, to_text(requester), at)]

    async def content(self, item: ReviewItem) -> bytes | None:
        """What an item is about, None where it is kept no more."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_CONTENT, item.id)
        return await self._opened(row, item.id)

    async def decide(self, item: ReviewItem, effect: Grant | Lowered | None, event: AuditEvent) -> bool:
        """Make a waiting item what `item` says, with what it brings about, in one transaction."""
        tenant, reviewer = item.claim.tenant, to_text(item.reviewer)
        with suppress(_Stale):
            async with self._database.writing() as connection:
                await connection.execute(_PEOPLE, tenant, [to_text(item.claim.requester), reviewer])
                decided = item.id, item.state, tenant, reviewer, item.decided_at, item.grant_id
                if await connection.fetchval(_DECIDE, *decided) is None:
                    return False
                await write(connection, event)
                if isinstance(effect, Grant):
                    await connection.execute(_GIVE, *_granted(effect))
                elif effect is not None and not await relabel(connection, effect.change, effect.event):
                    raise _Stale
                return True
        return False

    async def deliver(self, item: ReviewItem, event: AuditEvent) -> bytes | None:
        """The content of an approved answer, with its event in one transaction."""
        async with self._database.writing() as connection:
            row = await connection.fetchrow(_DELIVER, item.id, event.at)
            if row is not None:
                await write(connection, event)
        return await self._opened(row, item.id)

    async def expire(self, at: datetime) -> int:
        """Let go of everything whose time is over."""
        async with self._database.reading() as connection:
            done = await connection.execute(_EXPIRE, at)
        return int(done.rpartition(" ")[2])

    async def grant(self, tenant: str, grant_id: str) -> Grant | None:
        """The grant of that id in a tenant."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_GRANT, tenant, to_text(grant_id))
        return None if row is None else _grant(row)

    async def use(self, grant_id: str, claim: Claim, decision_id: str, event: AuditEvent) -> bool:
        """Use a grant up; True for one caller only."""
        who = claim.tenant, to_text(claim.requester)
        what = claim.content_sha256, claim.zone, claim.purpose, _exact(claim.label), claim.policy_version
        async with self._database.writing() as connection:
            used = await connection.fetchval(_USE, grant_id, *who, *what, event.at, decision_id) is not None
            if used:
                await write(connection, event)
        return used

    async def _sealed(self, item: ReviewItem, content: bytes | None) -> tuple[bytes | None, str | None]:
        if content is None:
            return None, None
        sealed = await self._sealing.seal((item.claim.tenant, item.claim.requester), content, _context(item.id))
        return sealed.payload, sealed.subject

    async def _opened(self, row: Any, item_id: str) -> bytes | None:
        if row is None or row["content"] is None:
            return None
        return await self._sealing.open(Sealed(row["subject"], row["content"]), _context(item_id))


def _exact(label: Label) -> str:
    """A label in the one form that is compared: compartments have no order."""
    return msgspec.json.encode(label, order="deterministic").decode()


def _context(item_id: str) -> str:
    return f"review {item_id}"


def _granted(grant: Grant) -> tuple[Any, ...]:
    claim = grant.claim
    who = claim.tenant, to_text(claim.requester), to_text(grant.approver)
    what = claim.content_sha256, claim.zone, claim.purpose, _exact(claim.label), claim.policy_version
    return grant.id, *who, *what, grant.at, grant.expires_at


def _item(row: Any) -> ReviewItem:
    body = _body.decode(row["body"])
    claim = Claim(
        row["tenant"],
        row["requester_name"],
        body.content_sha256,
        body.zone,
        body.purpose,
        body.label,
        body.policy_version,
    )
    return ReviewItem(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        at=row["at"],
        expires_at=row["expires_at"],
        claim=claim,
        key_id=body.key_id,
        decision_id=row["decision_id"] or "",
        model=body.model,
        content_type=body.content_type,
        reviewer=row["reviewer_name"],
        decided_at=row["decided_at"],
        grant_id=row["grant_id"],
        lowering=body.lowering,
    )


def _grant(row: Any) -> Grant:
    claim = Claim(
        row["tenant"],
        row["requester_name"],
        row["content_sha256"],
        row["zone"],
        row["purpose"],
        _label.decode(row["label"]),
        row["policy_version"],
    )
    return Grant(row["id"], claim, row["approver_name"], row["at"], row["expires_at"], row["used_at"], row["used_for"])
