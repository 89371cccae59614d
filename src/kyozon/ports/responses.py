"""Where responses are kept that a conversation can go on from."""

from datetime import datetime
from typing import Protocol

from kyozon.domain.knowledge import Reader
from kyozon.domain.responses import KeptResponse


class ResponseStore(Protocol):
    """Responses at rest, encrypted for the person who asked. Every method may raise `StorageUnavailable`."""

    async def keep(self, response: KeptResponse) -> None:
        """Keep one; the first under its name stays. Nothing is kept of documents that were deleted meanwhile."""
        ...

    async def read(self, reader: Reader, name: str, now: datetime) -> KeptResponse | None:
        """One of the reader's tenant, whoever asked for it.

        None where there is none, any more, its person was erased, or a document that it was made from is not there for the
        reader at this moment.
        """
        ...

    async def may_read(self, reader: Reader, value: str) -> bool:
        """Whether every document that a stored value was made from, such as a decision, is there for the reader now."""
        ...

    async def whose(self, tenant: str, name: str, now: datetime) -> str | None:
        """Who asked for one, whatever became of what it was made from; None where `read` would find none either."""
        ...

    async def delete(self, tenant: str, name: str) -> None:
        """Delete one, if it is there, and what was kept of its answer for the cache or a repeated request."""
        ...
