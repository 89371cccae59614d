"""`kyozon up` with one part exchanged, `python -m bench.gateway.exchanged PART up …`, to see what the part costs."""

import sys
from contextlib import ExitStack
from functools import partial
from unittest.mock import patch

from bench.gateway import rungs
from bench.gateway.unwritten import Unwritten
from kyozon import cli
from kyozon.providers.transport import Transport

_APPLICATION = "kyozon.bootstrap.house.build"
_JOURNAL: tuple[str, object] = ("kyozon.bootstrap.store.PostgresJournal", Unwritten)
_PARTS: dict[str, list[tuple[str, object]]] = {
    "asgi": [(_APPLICATION, rungs.asgi)],
    "client": [(_APPLICATION, rungs.client)],
    "authentication": [(_APPLICATION, rungs.authentication)],
    "decision": [(_APPLICATION, rungs.decision)],
    "service": [(_APPLICATION, rungs.service), _JOURNAL],
    "unwritten": [_JOURNAL],
    "pooled": [("kyozon.bootstrap.transports.Transport", partial(Transport, lean=False))],
}


def main() -> None:
    """Exchange the part, then do as `kyozon` does."""
    with ExitStack() as stack:
        for place, part in _PARTS[sys.argv.pop(1)]:
            stack.enter_context(patch(place, part))
        cli.main()


if __name__ == "__main__":
    main()
