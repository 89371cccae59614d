"""The leases that other tests use keep the port's promises, too."""

from collections.abc import Awaitable, Callable

import pytest

from kyozon.ports.leases import Word
from tests.contract.storage.lease_store import Joins, LeasesSuite
from tests.fakes.leases import MemoryLeases, SharedCeilings
from tests.fakes.memory import MemoryBook
from tests.fakes.steered import START


class TestMemoryLeases(LeasesSuite):
    @pytest.fixture
    def ceilings(self) -> SharedCeilings:
        return SharedCeilings(MemoryBook([]), lambda: START)

    @pytest.fixture
    def joins(self, ceilings: SharedCeilings) -> Joins:
        async def join(server: str) -> MemoryLeases:
            return MemoryLeases(ceilings, server)

        return join

    @pytest.fixture
    def said(self, ceilings: SharedCeilings) -> Callable[[], Awaitable[list[Word]]]:
        async def words() -> list[Word]:
            return list(ceilings.said)

        return words
