"""The processes that look requests through, where the settings ask for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kyozon.bootstrap.steps import Step
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.inference import tagger
from kyozon.inference.detecting import DetectionProcesses
from kyozon.ports.detection import DetectionFailed
from kyozon.services.masking import Masking
from kyozon.settings import Settings


@asynccontextmanager
async def looked_through(settings: Settings, step: Step) -> AsyncIterator[Masking]:
    """What looks requests through; nothing does unless the settings say so.

    Raises:
        MissingPiece: it is wanted, and the extra `pii` is not installed, or its processes do not start.
    """
    wanted = settings.masking
    if not wanted.enabled:
        yield Masking()
        return
    tagger.require()
    processes = DetectionProcesses(wanted.processes, wanted.timeout_seconds)
    try:
        with step(Text("detectors", "個人情報の検出器")):
            await _started(processes)
        yield Masking(processes, frozenset(wanted.keys))
    finally:
        await processes.close()


async def _started(processes: DetectionProcesses) -> None:
    try:
        await processes.start()
    except DetectionFailed as failure:
        raise MissingPiece(
            Text(
                f"the detectors for personal data {failure.reason} at their start: run python -m "
                f"kyozon.inference.detection_child "
                "to see why, or set [masking] enabled = false.",
                f"個人情報の検出器が起動しませんでした（{failure.reason}）。python -m kyozon.inference.detection_child "
                f"を実行して"
                "原因を確認するか、[masking] enabled = false にしてください。",
            )
        ) from failure
