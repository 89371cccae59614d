"""The store that other tests use keeps the port's promises, too."""

import pytest

from tests.contract.storage.provenance_store import ProvenanceStoreSuite
from tests.fakes.memory import MemoryBook
from tests.fakes.provenance import MemoryProvenance


class TestMemoryProvenance(ProvenanceStoreSuite):
    @pytest.fixture
    def stores(self) -> tuple[MemoryProvenance, MemoryBook]:
        book = MemoryBook([])
        return MemoryProvenance(book), book
