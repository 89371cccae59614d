"""What a durable write costs on this disk: the limit under every record that is on disk before its request leaves."""

import os
import statistics
import time
from pathlib import Path

_WRITES = 200
_PAGE = bytes(8192)  # what PostgreSQL's log is written in


def flush_ms(folder: Path) -> float:
    """Milliseconds at the median to append one page to a file and have the disk say that it is kept."""
    file = folder / "flushed"
    took = []
    with file.open("wb", buffering=0) as log:
        for _ in range(_WRITES):
            began = time.perf_counter()
            log.write(_PAGE)
            os.fdatasync(log.fileno())
            took.append(time.perf_counter() - began)
    file.unlink()
    return statistics.median(took) * 1000
