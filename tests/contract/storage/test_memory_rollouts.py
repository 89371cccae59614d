"""The store that other tests use keeps the port's promises, too."""

import pytest

from tests.contract.storage.rollout_store import RolloutsSuite
from tests.fakes.rollouts import MemoryRollouts


class TestMemoryRollouts(RolloutsSuite):
    @pytest.fixture
    def store(self) -> MemoryRollouts:
        return MemoryRollouts()
