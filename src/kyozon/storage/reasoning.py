"""Models' chains of thought, encrypted for the persons whose requests they answered; they expire."""

from datetime import datetime

import msgspec

from kyozon.domain.errors import NotAllowed
from kyozon.domain.labels import Label
from kyozon.domain.reasoning import Reasoning
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_json, to_text
from kyozon.storage.provenance import made_from_gone
from kyozon.storage.vault import Sealed, Sealing

_KEEP = """
INSERT INTO kept_reasoning (decision_id, tenant, subject, at, label, payload, whole, expires_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8) ON CONFLICT DO NOTHING
"""
_READ = f"""
SELECT k.*, d.body->>'user' AS "user" FROM kept_reasoning k JOIN decision d ON d.id = k.decision_id
WHERE k.decision_id = $1 AND k.expires_at > $2 AND NOT {made_from_gone("k.decision_id")}
"""  # noqa: S608 - constants
_label = msgspec.json.Decoder(Label)


class PostgresReasoning:
    """`ports.reasoning.ReasoningStore` on PostgreSQL. Expired rows are deleted with other expired words."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def keep(self, reasoning: Reasoning) -> None:
        """Keep one; the first for a decision stays. Nothing is kept of who was erased meanwhile."""
        owner = (reasoning.tenant, reasoning.user)
        try:
            sealed = await self._sealing.seal(owner, reasoning.text.encode(), _context(reasoning.decision_id))
        except NotAllowed:
            return
        async with self._database.reading() as connection:
            await connection.execute(
                _KEEP,
                reasoning.decision_id,
                to_text(reasoning.tenant),
                sealed.subject,
                reasoning.at,
                to_json(reasoning.label),
                sealed.payload,
                reasoning.whole,
                reasoning.expires_at,
            )

    async def read(self, decision_id: str, now: datetime) -> Reasoning | None:
        """What is kept for a decision."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(_READ, to_text(decision_id), now)
        if row is None:
            return None
        text = await self._sealing.open(Sealed(row["subject"], row["payload"]), _context(row["decision_id"]))
        if text is None:
            return None
        return Reasoning(
            decision_id=row["decision_id"],
            tenant=row["tenant"],
            user=row["user"],
            at=row["at"],
            label=_label.decode(row["label"]),
            text=text.decode(),
            whole=row["whole"],
            expires_at=row["expires_at"],
        )


def _context(decision_id: str) -> str:
    return f"kept_reasoning {decision_id}"
