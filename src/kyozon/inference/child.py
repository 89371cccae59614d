"""Runs a program to its end while somebody watches the files it writes grow."""

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_LOOK_EVERY = 0.2


def run_watched(command: list[str], log: Path, env: Mapping[str, str], look: Callable[[str], None]) -> tuple[int, str]:
    """Run `command`, calling `look` with its output so far several times a second; its exit status and whole output.

    The program is killed when `look` raises or the wait is interrupted.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=dict(env), cwd=log.parent
        )
        try:
            while process.poll() is None:
                time.sleep(_LOOK_EVERY)
                look(_text(log))
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    return process.returncode, _text(log)


def _text(log: Path) -> str:
    return log.read_bytes().decode("utf-8", "replace")
