"""The store that other tests use keeps the port's promises, too."""

import pytest

from tests.contract.storage.feedback_store import FeedbackStoreSuite
from tests.fakes.feedback import MemoryFeedback
from tests.fakes.memory import MemoryBook


class TestMemoryFeedback(FeedbackStoreSuite):
    @pytest.fixture
    def stores(self) -> tuple[MemoryFeedback, MemoryBook]:
        book = MemoryBook([])
        return MemoryFeedback(book), book
