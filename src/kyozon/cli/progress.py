"""A bar with what is left of it and for how long, on a terminal; nothing where programs read."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from kyozon.cli.output import err


@contextmanager
def shown(*, as_json: bool) -> Iterator[Progress]:
    """Bars on the error stream, as long as the block runs."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=32), TaskProgressColumn())
    hidden = as_json or not err.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True, disable=hidden) as progress:
        yield progress
