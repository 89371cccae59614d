"""What decisions were made from, and the decisions in the order in which they were made."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.policy import Basis
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json
from kyozon.storage.recorded import readable

_log = logging.getLogger(__name__)
_basis = msgspec.json.Decoder(Basis)
_ROWS = 500

_KEEP = "INSERT INTO policy_basis (id, policy_version, body) VALUES ($1, $2, $3::jsonb) ON CONFLICT DO NOTHING"
_ONE = "SELECT body FROM policy_basis WHERE id = $1"
_RECORDED = """
SELECT d.at, d.id, d.body AS decision, o.body AS outcome FROM decision d LEFT JOIN outcome o ON o.decision_id = d.id
WHERE (d.at, d.id) > ($1, $2) AND ($3::text IS NULL OR d.tenant = $3) AND d.body <> '{}'
ORDER BY d.at, d.id LIMIT $4
"""


class PostgresPolicies:
    """`ports.policies.Policies` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, basis: Basis) -> None:
        """Keep a basis under its id."""
        async with self._database.reading() as connection:
            await connection.execute(_KEEP, basis.id, basis.policy_version, to_json(basis))

    async def basis(self, basis_id: str) -> Basis | None:
        """The basis of that id; None, too, where another version wrote it in a shape unknown here."""
        async with self._database.reading() as connection:
            body = await connection.fetchval(_ONE, basis_id)
        try:
            return None if body is None else _basis.decode(body)
        except msgspec.DecodeError as error:
            _log.warning("basis %s cannot be read: %s", basis_id, error)
            return None

    async def recorded(
        self, since: datetime, tenant: str | None = None, left_out: list[str] | None = None
    ) -> AsyncIterator[tuple[Decision, Outcome | None]]:
        """Every decision since a moment, oldest first; what another version wrote in a shape unknown here is left out."""
        place = since, ""
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(_RECORDED, *place, tenant, _ROWS)
            for pair in readable(rows, left_out):
                yield pair
            if len(rows) < _ROWS:
                return
            place = rows[-1]["at"], rows[-1]["id"]
