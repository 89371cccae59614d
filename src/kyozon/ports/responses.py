"""Where responses are kept that a conversation can go on from."""

from datetime import datetime
from typing import Protocol

from kyozon.domain.responses import KeptResponse


class ResponseStore(Protocol):
    """Responses at rest, encrypted for the person who asked. Every method may raise `StorageUnavailable`."""

    async def keep(self, response: KeptResponse) -> None:
        """Keep one; the first under its name stays."""
        ...

    async def read(self, tenant: str, name: str, now: datetime) -> KeptResponse | None:
        """One, None where there is none, any more, or its person was erased."""
        ...

    async def delete(self, tenant: str, name: str) -> None:
        """Delete one, if it is there."""
        ...
