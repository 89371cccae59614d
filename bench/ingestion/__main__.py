"""Documents taken in while the server is killed, and one that is very large: `python -m bench.ingestion`."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.ingestion import page, plot
from bench.ingestion.killed import killed
from bench.ingestion.large import taken_in
from bench.report import deliver, options

_FILES, _KILLS, _PAGES = 200, 10, 5_000
_QUICK_FILES, _QUICK_KILLS, _QUICK_PAGES = 40, 2, 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and hand in; 1 where a file was lost, broken or doubled."""
    given = options("ingestion", "Documents taken in under kill -9, and in bounded memory.", arguments)
    with tempfile.TemporaryDirectory(prefix="kz-ing-") as scratch:
        Path(scratch).chmod(0o711)  # Started by root, the database runs under an account of its own and must get there.
        found = asyncio.run(_measured(Path(scratch), quick=given.quick))
    deliver(page.page(found), page.metrics(found), plot.figure(found), given)
    lost = found.killed
    return 1 if lost.broken or lost.missing or lost.twice or lost.again_decisions else 0


async def _measured(scratch: Path, *, quick: bool) -> page.Measured:
    files, kills, pages = (_QUICK_FILES, _QUICK_KILLS, _QUICK_PAGES) if quick else (_FILES, _KILLS, _PAGES)
    return page.Measured(await killed(scratch, files, kills), await taken_in(scratch, pages))


if __name__ == "__main__":
    sys.exit(main())
