"""What has expired holds people's words: it goes as fast as it expires, whether or not requests come."""

import asyncio
import logging

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import Database

_EVERY, _MORE = 60.0, 0.25
"""Seconds between two rounds, and after one that may have left something."""
_MOST = 1000

_log = logging.getLogger(__name__)

# Rows that another server is deleting are left to it. What a cache holds that is in use no more goes here, too.
_EXPIRED = tuple(
    f"""
DELETE FROM {table} WHERE ({key}) IN (
    SELECT {key} FROM {table} WHERE expires_at <= now() ORDER BY expires_at LIMIT {_MOST} FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - put together from the constants below
    for table, key in (
        ("kept_answer", "key_id, idempotency_key"),
        ("cached_answer", "partition_sha256, question_sha256"),
        ("kept_reasoning", "decision_id"),
        ("kept_response", "id"),
    )
)
_OVER = "DELETE FROM call_under_way c USING outcome o WHERE o.decision_id = c.decision_id"
"""What was noted of requests that are over."""


async def forget_expired(database: Database) -> bool:
    """Delete a thousand of each kind at most; whether more may have to go. Raises `StorageUnavailable`."""
    async with database.reading() as connection:
        await connection.execute(_OVER)
        return f"DELETE {_MOST}" in [await connection.execute(statement) for statement in _EXPIRED]


async def forgetting(database: Database) -> None:
    """Delete what has expired, again and again; runs until cancelled."""
    while True:
        try:
            more = await forget_expired(database)
        except StorageUnavailable:
            more = False
        except Exception:  # noqa: BLE001 - a round that fails must not be the last one
            _log.exception("deleting what has expired failed; it is tried again")
            more = False
        await asyncio.sleep(_MORE if more else _EVERY)
