"""How long is left, beside a bar."""

from typing import Any

import pytest
from rich.progress import Progress

from kyozon.cli.progress import Left


@pytest.mark.parametrize(
    ("total", "done", "more", "said"),
    [
        (100, 25, {}, "0:00:30"),
        (100, 40, {"first": 20}, "0:00:30"),  # what was there at first took none of the time
        (100, 100, {}, "0:00:00"),
        (100, 0, {}, "-:--:--"),
        (None, 5, {}, "-:--:--"),
        (100_000, 10, {}, "1 day, 3:46:30"),
    ],
)
def test_the_rest_takes_as_long_as_what_is_done(total: int | None, done: int, more: dict[str, Any], said: str) -> None:
    times = iter((0.0, 0.0))
    progress = Progress(get_time=lambda: next(times, 10.0), disable=True)
    task = progress.add_task("", total=total)
    progress.reset(task, completed=done, **more)
    assert Left().render(progress.tasks[0]).plain == said


def test_between_two_steps_it_runs_down() -> None:
    clock = [0.0]
    progress, left = Progress(get_time=lambda: clock[0], disable=True), Left()
    task = progress.add_task("", total=100)
    told = []
    for at, done in ((10.0, 25), (16.0, 25), (90.0, 25), (100.0, 50)):
        clock[0] = at
        progress.update(task, completed=done)
        told.append(left.render(progress.tasks[0]).plain)
    assert told == ["0:00:30", "0:00:24", "0:00:00", "0:01:40"]
