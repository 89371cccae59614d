"""What was kept of answers goes with the documents that they were made from."""

from collections.abc import Sequence
from typing import Any

from kyozon.storage.knowledge import holding
from kyozon.storage.provenance import derived

_CACHED = "DELETE FROM cached_answer WHERE tenant = $1 AND source = ANY($2)"
_REPLAYS = "DELETE FROM kept_answer WHERE decision_id = ANY($1)"
_RESPONSES = "DELETE FROM kept_response WHERE tenant = $1 AND id = ANY($2)"
_ANSWERS = "SELECT source FROM value_source WHERE tenant = $1 AND value = $2"


async def forget_answers(connection: Any, tenant: str, documents: Sequence[str]) -> None:
    """Delete answers that were kept, for the cache, a repeated request or a conversation, whose requests carried them.

    The records of those requests stay: they hold names and hashes.
    """
    if documents:
        exchanges = await derived(connection, tenant, documents)
        await _forget(connection, tenant, exchanges, exchanges)


async def forget_response(connection: Any, tenant: str, name: str) -> None:
    """Delete a kept response and what was kept of its answer: a repeated request would bring both back."""
    answers = [row["source"] for row in await connection.fetch(_ANSWERS, tenant, name)]
    await _forget(connection, tenant, answers, [name])


async def _forget(connection: Any, tenant: str, exchanges: Sequence[str], responses: Sequence[str]) -> None:
    await connection.execute(holding.COUNT, tenant)
    await connection.execute(_CACHED, tenant, exchanges)
    await connection.execute(_REPLAYS, exchanges)
    await connection.execute(_RESPONSES, tenant, responses)
