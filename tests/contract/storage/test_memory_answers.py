"""The store that other tests use keeps the port's promises, too."""

import pytest

from tests.contract.storage.answer_store import AnswerStoreSuite
from tests.fakes.answers import MemoryAnswers


class TestMemoryAnswers(AnswerStoreSuite):
    @pytest.fixture
    def store(self) -> MemoryAnswers:
        return MemoryAnswers([])
