"""Long steps on the screen: a spinner or bar while they run, a line with their duration when they end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)

from kyozon.bootstrap.steps import Step
from kyozon.cli.output import err, print_json
from kyozon.cli.speech import language
from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Text
from kyozon.ports import local


class Steps:
    """Shows steps, which may overlap, and keeps how long each took, in seconds."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._began = time.perf_counter()
        self._open = 0
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            _Known(BarColumn(bar_width=24)),
            _Known(DownloadColumn()),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=as_json or not err.is_terminal,
        )
        self.seconds: dict[str, float] = {}

    def total(self) -> float:
        """Seconds since the first thought of a step: less than the sum where steps overlap."""
        return time.perf_counter() - self._began

    @contextmanager
    def step(self, name: Text) -> Iterator[local.Report]:
        """Run one step."""
        began = time.perf_counter()
        try:
            with self._shown(name) as report:
                yield report
        except KyozonError:
            self._end(name, began, "[yellow]![/]")
            raise
        self._end(name, began, "[green]✓[/]")

    @contextmanager
    def _shown(self, name: Text) -> Iterator[local.Report]:
        """A line of its own on the one live display that a terminal can have."""
        task = self._progress.add_task(name.to(language()), total=None)

        def report(state: local.Progress) -> None:
            self._progress.update(task, description=f"{name.to(language())}: {state.step}")
            self._progress.update(task, completed=state.done, total=state.total or None)

        if self._open == 0:
            self._progress.start()
        self._open += 1
        try:
            yield report
        finally:
            self._progress.remove_task(task)
            self._open -= 1
            if self._open == 0:
                self._progress.stop()

    def _end(self, name: Text, began: float, mark: str) -> None:
        seconds = time.perf_counter() - began
        self.seconds[name.en] = round(seconds, 3)
        if self._as_json:
            print_json({"step": name.en, "seconds": round(seconds, 3), "ok": "green" in mark})
        else:
            padding = " " * max(1, 22 - _width(name.to(language())))
            err.print(f"  {mark} {name.to(language())}{padding}{seconds:6.1f} s")


class _Known(ProgressColumn):
    """A column that shows itself once the step's size in bytes is known."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        """The column, or nothing."""
        return self._column(task) if task.total and task.total > 1 else ""


def _width(text: str) -> int:
    return sum(2 if ord(character) >= 0x2E80 else 1 for character in text)  # noqa: PLR2004 - where wide characters begin


@contextmanager
def _silently(_: Text) -> Iterator[local.Report]:
    yield lambda _: None


silently: Step = _silently
"""For commands whose steps are short."""
