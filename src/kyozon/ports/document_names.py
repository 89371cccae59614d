"""What documents are called, for those who may see them."""

from collections.abc import Sequence
from typing import Protocol

from kyozon.domain.knowledge import Named, Reader


class DocumentNames(Protocol):
    """Asked anew whenever somebody reads of documents, as of an earlier decision: rights may have changed since."""

    async def named(self, reader: Reader, values: Sequence[str]) -> tuple[Named, ...]:
        """Those of the stored values that are documents which the reader may see at this moment, in the order given.

        What is gone, and what he may not see, is left out alike; may raise `StorageUnavailable`.
        """
        ...
