"""What was kept of answers goes with the documents that they were made from."""

from collections.abc import Sequence
from typing import Any

from kyozon.storage.provenance import derived

_CACHED = "DELETE FROM cached_answer WHERE tenant = $1 AND source = ANY($2)"
_REPLAYS = "DELETE FROM kept_answer WHERE decision_id = ANY($1)"
_RESPONSES = "DELETE FROM kept_response WHERE tenant = $1 AND id = ANY($2)"


async def forget_answers(connection: Any, tenant: str, documents: Sequence[str]) -> None:
    """Delete answers that were kept, for the cache, a repeated request or a conversation, whose requests carried them.

    The records of those requests stay: they hold names and hashes.
    """
    if documents:
        exchanges = await derived(connection, tenant, documents)
        await connection.execute(_CACHED, tenant, exchanges)
        await connection.execute(_REPLAYS, exchanges)
        await connection.execute(_RESPONSES, tenant, exchanges)
