"""A process that uses the embedded server in argv[1] until told to stop; prints what it does."""

import sys
from pathlib import Path

from kyozon.storage.embedded import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]))
print("using", server.start(), flush=True)  # noqa: T201 - its parent reads this
sys.stdin.readline()
server.stop()
print("left", flush=True)  # noqa: T201 - its parent reads this
