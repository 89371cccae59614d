"""Reading decisions back: by whom they may be read, and page by page."""

from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text
from kyozon.ports.records import Records

_ROWS = 200


class ExplainService:
    """Explains what was decided. A key sees its tenant's decisions up to its clearance; the rest do not exist for it."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def decision(self, caller: Caller, decision_id: str) -> tuple[Decision, Outcome | None]:
        """A decision and its outcome (None while it runs); raises `NotFound`."""
        found = await self._records.decision(decision_id)
        if found is None or not _readable(caller, found[0]):
            raise NotFound(
                Text(
                    f"there is no decision {decision_id!r} that this key may read.",
                    f"このキーで読める決定記録 {decision_id!r} はありません。",
                )
            )
        return found

    async def page(self, caller: Caller, after: str | None, limit: int) -> list[tuple[Decision, Outcome | None]]:
        """Up to `limit` decisions, newest first, after the one with id `after`."""
        found: list[tuple[Decision, Outcome | None]] = []
        while len(found) < limit:
            rows = await self._records.decisions(caller.tenant, after, _ROWS)
            found += [pair for pair in rows if _readable(caller, pair[0])]
            if len(rows) < _ROWS:
                break
            after = rows[-1][0].id
        return found[:limit]


def _readable(caller: Caller, decision: Decision) -> bool:
    same = decision.tenant == caller.tenant and (caller.key.admin or decision.key_id == caller.key.id)
    return same and decision.label.within(caller.key.clearance)
