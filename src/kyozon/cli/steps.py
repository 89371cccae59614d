"""Long steps on the screen: a spinner or bar while they run, a line with their duration when they end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from kyozon.bootstrap.steps import Step
from kyozon.cli.output import err, print_json
from kyozon.cli.speech import language
from kyozon.domain.errors import KyozonError
from kyozon.domain.language import Text
from kyozon.ports import local


class Steps:
    """Shows steps and keeps how long each took, in seconds."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: Text) -> Iterator[local.Report]:
        """Run one step."""
        began = time.perf_counter()
        with Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=self._as_json or not err.is_terminal,
        ) as progress:
            task = progress.add_task(name.to(language()), total=None)

            def report(state: local.Progress) -> None:
                progress.update(task, description=f"{name.to(language())}: {state.step}")
                progress.update(task, completed=state.done, total=state.total or None)

            try:
                yield report
            except KyozonError:
                self._end(name, began, "[yellow]![/]")
                raise
        self._end(name, began, "[green]✓[/]")

    def _end(self, name: Text, began: float, mark: str) -> None:
        seconds = time.perf_counter() - began
        self.seconds[name.en] = round(seconds, 3)
        if self._as_json:
            print_json({"step": name.en, "seconds": round(seconds, 3), "ok": "green" in mark})
        else:
            padding = " " * max(1, 22 - _width(name.to(language())))
            err.print(f"  {mark} {name.to(language())}{padding}{seconds:6.1f} s")


def _width(text: str) -> int:
    return sum(2 if ord(character) >= 0x2E80 else 1 for character in text)  # noqa: PLR2004 - where wide characters begin


@contextmanager
def _silently(_: Text) -> Iterator[local.Report]:
    yield lambda _: None


silently: Step = _silently
"""For commands whose steps are short."""
