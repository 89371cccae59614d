"""A bar with what is left of it and for how long, on a terminal; nothing where programs read."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TaskProgressColumn, TextColumn
from rich.text import Text

from kyozon.cli.output import err
from kyozon.domain.ingestion import remaining


class Left(ProgressColumn):
    """How long the rest will take, reckoned as the server does: at the pace since the bar began, with `first` done."""

    max_refresh = 0.5

    def __init__(self) -> None:
        super().__init__()
        self._moved: dict[TaskID, tuple[float, float]] = {}

    def render(self, task: Task) -> Text:
        """Hours, minutes and seconds, once there is a pace; they run down until the bar moves on."""
        if task.elapsed is None or task.remaining is None:
            return _seconds(None)
        completed, at = self._moved.get(task.id, (-1.0, 0.0))
        if completed != task.completed:
            completed, at = self._moved[task.id] = task.completed, task.elapsed
        known = remaining(at, completed - task.fields.get("first", 0.0), task.remaining)
        return _seconds(None if known is None else max(0.0, known - (task.elapsed - at)))


def _seconds(left: float | None) -> Text:
    told = "-:--:--" if left is None else str(timedelta(seconds=math.ceil(left)))
    return Text(told, style="progress.remaining")


@contextmanager
def shown(*, as_json: bool) -> Iterator[Progress]:
    """Bars on the error stream, as long as the block runs."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=32), TaskProgressColumn())
    hidden = as_json or not err.is_terminal
    with Progress(*columns, Left(), console=err, transient=True, disable=hidden) as progress:
        yield progress
