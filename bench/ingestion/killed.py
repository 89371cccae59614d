"""Small files are taken in while the server, and now and then its database, is killed: what is there afterwards?"""

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import Struct

from bench.ingestion.house import House, opened
from bench.ingestion.made import last_words, small

_MORE = (3, 18)
"""So many more documents are complete, between the least and the most, and then up to `_LATER` seconds go by."""
_LATER = 1.0
_LOOK = 0.05
_DATABASE_EVERY = 3


class Killed(Struct, frozen=True):
    """What was found: of `files`, how many are `whole`, broken, missing, or there `twice`.

    `complete` is how many were complete after each kill. `again_decisions` is how many requests the same folder cost once
    more, in `again_seconds`.
    """

    files: int
    complete: tuple[int, ...]
    whole: int
    broken: int
    missing: int
    twice: int
    seconds: float
    again_seconds: float
    again_decisions: int


async def killed(scratch: Path, files: int, kills: int) -> Killed:
    """Send, kill, start, send again; then look at everything."""
    folder, chance = scratch / "many", random.Random(6)  # noqa: S311 - moments, no secrets
    small(folder, files)
    began = time.monotonic()
    async with opened(scratch / "killed") as house:
        complete = [await _round(house, folder, chance, database=kill % _DATABASE_EVERY == 0) for kill in range(kills)]
        said = await house.sent(folder)
        seconds = time.monotonic() - began
        found = await house.documents()
        counts = Counter(str(one["attributes"]["kyozon:path"]) for one in found)
        whole = sum([await _is_whole(house, one) for one in found])
        before, began = await house.newest(), time.monotonic()
        await house.sent(folder)
        again = time.monotonic() - began
        return Killed(
            files=files,
            complete=tuple(complete),
            whole=whole,
            broken=len(found) - whole + len(said["failed"]),
            missing=files - len(counts),
            twice=sum(count > 1 for count in counts.values()),
            seconds=seconds,
            again_seconds=again,
            again_decisions=await house.since(before),
        )


async def _round(house: House, folder: Path, chance: random.Random, *, database: bool) -> int:
    """How many are complete after a kill; what is called complete must be whole at that moment, too."""
    wanted = await house.complete() + chance.randint(*_MORE)
    sending = await house.sending(folder)
    while await house.complete() < wanted and sending.returncode is None:  # noqa: ASYNC110 - it only answers
        await asyncio.sleep(_LOOK)
    await asyncio.sleep(chance.uniform(0.0, _LATER))
    if database:
        house.server.kill_database_at_once()
    await house.server.kill()
    if sending.returncode is None:
        sending.kill()
    await sending.communicate()
    await house.server.start()
    complete = [one for one in await house.documents() if one["status"] == "completed"]
    for one in complete:
        if not await _is_whole(house, one):
            raise RuntimeError(f"{one['filename']} is called complete and is not")
    return len(complete)


async def _is_whole(house: House, document: dict[str, Any]) -> bool:
    if document["status"] != "completed":
        return False
    number = int(document["filename"].partition(".")[0])
    text = await house.text(document["id"])
    return text.startswith(f"Paragraph 0 of {number}:") and text.rstrip().endswith(last_words(number))
