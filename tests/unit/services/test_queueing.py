"""What is told of documents on their way: how many in each state."""

from collections.abc import Mapping

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.language import Text
from kyozon.services.knowledge.queueing import Queueing
from tests.fakes.steered import Steered


class _Queue:
    """Implements `IngestionQueue`."""

    def __init__(self) -> None:
        self.found: Mapping[str, int] | None = {"waiting": 7, "embedding": 2}

    async def states(self) -> Mapping[str, int]:
        if self.found is None:
            raise StorageUnavailable(Text("away", "不在"))
        return self.found


def _told(queueing: Queueing) -> dict[str, float]:
    assert {gauge.name for gauge in queueing.gauges()} <= {"kyozon_documents_in_progress"}
    assert all(list(gauge.labels) == ["state"] for gauge in queueing.gauges())
    return {gauge.labels["state"]: gauge.value for gauge in queueing.gauges()}


async def test_every_state_is_told_and_nothing_while_it_is_not_known() -> None:
    queue = _Queue()
    queueing = Queueing(queue, Steered().world)
    assert _told(queueing) == {}
    await queueing.look()
    assert _told(queueing) == {"waiting": 7, "retrying": 0, "reading": 0, "embedding": 2}
    queue.found = None
    await queueing.look()
    assert _told(queueing) == {}
    queue.found = {}
    await queueing.look()
    assert set(_told(queueing).values()) == {0}
