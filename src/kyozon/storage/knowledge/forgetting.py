"""What was kept of answers, and of the reasoning before them, goes with the documents that they were made from."""

from collections.abc import Sequence
from typing import Any

from kyozon.storage.knowledge import holding
from kyozon.storage.provenance import derived

_CACHED = "DELETE FROM cached_answer WHERE tenant = $1 AND source = ANY($2)"
_REPLAYS = "DELETE FROM kept_answer WHERE decision_id = ANY($1)"
_REASONING = "DELETE FROM kept_reasoning WHERE decision_id = ANY($1)"
_RESPONSES = "DELETE FROM kept_response WHERE tenant = $1 AND id = ANY($2)"
_ANSWERS = "SELECT source FROM value_source WHERE tenant = $1 AND value = $2"
# The cache has kept the same words under the name of the decision that they were first given for. Nobody loses any but
# the person for whom they were: only his requests, by the same key, find them there.
_FIRST_GIVEN = """
SELECT o.body#>>'{cache,source}' AS source FROM outcome o JOIN decision d ON d.id = o.decision_id
WHERE d.tenant = $1 AND d.id = ANY($2) AND o.body#>>'{cache,source}' IS NOT NULL
"""


async def forget_answers(connection: Any, tenant: str, documents: Sequence[str]) -> None:
    """Delete answers that were kept, for the cache, a repeated request or a conversation, whose requests carried them.

    The records of those requests stay: they hold names and hashes.
    """
    if documents:
        exchanges = await derived(connection, tenant, documents)
        await _forget(connection, tenant, exchanges, exchanges)


async def forget_response(connection: Any, tenant: str, name: str) -> None:
    """Delete a kept response and what was kept of its answer: a repeated request would bring both back.

    Where the answer came from the cache it goes there, too. The response that it was first given in is another one: it
    stays until it is deleted, and so does what a repetition of its request gets.
    """
    answers = [row["source"] for row in await connection.fetch(_ANSWERS, tenant, name)]
    first = [row["source"] for row in await connection.fetch(_FIRST_GIVEN, tenant, answers)]
    await _forget(connection, tenant, answers, [name])
    await connection.execute(_CACHED, tenant, first)


async def _forget(connection: Any, tenant: str, exchanges: Sequence[str], responses: Sequence[str]) -> None:
    await connection.execute(holding.COUNT, tenant)
    await connection.execute(_CACHED, tenant, exchanges)
    await connection.execute(_REPLAYS, exchanges)
    await connection.execute(_REASONING, exchanges)
    await connection.execute(_RESPONSES, tenant, responses)
