"""Where models' chains of thought are kept, apart from records and answers."""

from datetime import datetime
from typing import Protocol

from kyozon.domain.reasoning import Reasoning


class ReasoningStore(Protocol):
    """Reasoning at rest, encrypted for the person whose request it was. Both may raise `StorageUnavailable`."""

    async def keep(self, reasoning: Reasoning) -> None:
        """Keep one; the first for a decision stays."""
        ...

    async def read(self, decision_id: str, now: datetime) -> Reasoning | None:
        """What is kept for a decision, None where nothing is, any more, or its person was erased."""
        ...
