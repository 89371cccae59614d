"""The review queue and the grants: people under their pseudonyms, content encrypted, and gone when it is decided on."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.labels import Label
from kyozon.domain.review import Claim, Grant, ReviewItem, ReviewState
from kyozon.storage.audit.trail import write
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.vault import UNSEALED, Sealed, Sealing

_ADD = """
INSERT INTO review_item (id, kind, state, at, expires_at, tenant, requester, decision_id, body, content, subject)
VALUES ($1, $2, 'waiting', $3, $4, $5, subject_of($5, $6), $7, $8::jsonb, $9, $10)
"""
_SHOWN = """
SELECT i.*, coalesce(r.name, i.requester) AS requester_name, coalesce(v.name, i.reviewer, '') AS reviewer_name
FROM review_item i JOIN data_subject r ON r.id = i.requester LEFT JOIN data_subject v ON v.id = i.reviewer
"""
_ITEM = f"{_SHOWN} WHERE i.tenant = $1 AND i.id = $2"
_ITEMS = f"{_SHOWN} WHERE i.tenant = $1 AND ($2::text IS NULL OR i.state = $2) ORDER BY i.at DESC, i.id DESC LIMIT $3"
_CONTENT = "SELECT content, subject FROM review_item WHERE id = $1"
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
# The row as it was before: an UPDATE returns it as it is after.
_DELIVER = """
WITH found AS (
    SELECT id, content, subject FROM review_item
    WHERE id = $1 AND kind = 'answer' AND state = 'approved' AND expires_at > $2 FOR UPDATE
)
UPDATE review_item i SET state = 'delivered', content = NULL FROM found WHERE i.id = found.id
RETURNING found.content, found.subject
"""
_EXPIRE = """
UPDATE review_item SET state = 'expired', content = NULL
WHERE expires_at <= $1 AND (state = 'waiting' OR (state = 'approved' AND kind = 'answer'))
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


_body = msgspec.json.Decoder(_Body)
_label = msgspec.json.Decoder(Label)


class PostgresReviews:
    """`ports.review.Reviews` on PostgreSQL."""

    def __init__(self, database: Database, sealing: Sealing = UNSEALED) -> None:
        self._database = database
        self._sealing = sealing

    async def add(self, item: ReviewItem, content: bytes, event: AuditEvent) -> None:
        """Queue an item; the content is the requester's."""
        claim = item.claim
        sealed = await self._sealing.seal((claim.tenant, claim.requester), content, _context(item.id))
        body = _Body(
            claim.content_sha256,
            claim.zone,
            claim.purpose,
            claim.label,
            claim.policy_version,
            item.key_id,
            item.model,
            item.content_type,
        )
        who = claim.tenant, to_text(claim.requester)
        async with self._database.writing() as connection:
            await write(connection, event)
            await connection.execute(
                _ADD, item.id, item.kind, item.at, item.expires_at, *who, item.decision_id, to_json(body), *_pair(sealed)
            )

    async def item(self, tenant: str, item_id: str) -> ReviewItem | None:
        """The item of that id in a tenant."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_ITEM, tenant, to_text(item_id))
        return None if row is None else _item(row)

    async def items(self, tenant: str, state: ReviewState | None, limit: int) -> list[ReviewItem]:
        """The items of a tenant, newest first."""
        async with self._database.reading() as connection:
            return [_item(row) for row in await connection.fetch(_ITEMS, tenant, state, limit)]

    async def content(self, item: ReviewItem) -> bytes | None:
        """What an item is about, None where it is kept no more."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_CONTENT, item.id)
        return await self._opened(row, item.id)

    async def decide(self, item: ReviewItem, grant: Grant | None, event: AuditEvent) -> bool:
        """Make a waiting item what `item` says, with its grant, in one transaction; False where it waits no more."""
        tenant = item.claim.tenant
        async with self._database.writing() as connection:
            done = await connection.fetchval(
                _DECIDE, item.id, item.state, tenant, to_text(item.reviewer), item.decided_at, item.grant_id
            )
            if done is not None:
                await write(connection, event)
            if done is not None and grant is not None:
                await connection.execute(_GIVE, *_granted(grant))
        return done is not None

    async def deliver(self, item: ReviewItem, at: datetime) -> bytes | None:
        """The content of an approved answer, which is then kept no more."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_DELIVER, item.id, at)
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

    async def _opened(self, row: Any, item_id: str) -> bytes | None:
        if row is None or row["content"] is None:
            return None
        return await self._sealing.open(Sealed(row["subject"], row["content"]), _context(item_id))


def _exact(label: Label) -> str:
    """A label in the one form that is compared: compartments have no order."""
    return msgspec.json.encode(label, order="deterministic").decode()


def _context(item_id: str) -> str:
    return f"review {item_id}"


def _pair(sealed: Sealed) -> tuple[bytes, str | None]:
    return sealed.payload, sealed.subject


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
        decision_id=row["decision_id"],
        model=body.model,
        content_type=body.content_type,
        reviewer=row["reviewer_name"],
        decided_at=row["decided_at"],
        grant_id=row["grant_id"],
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
