"""Where it stands what was found for a question, in case that its caller repeats it: no words of documents, only places."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from kyozon.services.replays import Repeat
from kyozon.services.world import World

KEPT_FOR = timedelta(minutes=10)
_MOST = 1024


class Found(Struct, frozen=True):
    """What was looked for, and the score of each place that was found, by document and ordinal, best first."""

    queries: tuple[str, ...]
    places: Mapping[tuple[str, int], float]


class FoundBefore:
    """The last questions that may come again: those with an Idempotency-Key, and those of the official SDKs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: OrderedDict[tuple[str, str], tuple[str, datetime, Found]] = OrderedDict()

    def find(self, repeat: Repeat) -> Found | None:
        """What was found for the request that this one repeats, if it repeats one."""
        self._tidy()
        if repeat.idempotency_key is None and not repeat.retry:
            return None
        sha256, _, found = self._kept.get(repeat.name, ("", None, None))
        return found if sha256 == repeat.sha256 else None

    def keep(self, repeat: Repeat, found: Found) -> None:
        """Keep what was found for a request, if it may be repeated."""
        if repeat.idempotency_key is None and not repeat.sdk:
            return
        self._kept.pop(repeat.name, None)
        self._kept[repeat.name] = repeat.sha256, self._world.now() + KEPT_FOR, found
        self._tidy()

    def _tidy(self) -> None:
        while self._kept and (len(self._kept) > _MOST or next(iter(self._kept.values()))[1] <= self._world.now()):
            self._kept.popitem(last=False)
