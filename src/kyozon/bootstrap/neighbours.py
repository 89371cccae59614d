"""This server among those that share its database: known to them, with shared limits; dead ones are buried."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from kyozon.bootstrap.store import Store
from kyozon.services.asked_again import AskedAgain
from kyozon.services.leasing import Leasing
from kyozon.services.reviewing import Reviewing
from kyozon.services.settling import Settler
from kyozon.storage import presence


async def inherited(store: Store, settler: Settler) -> int:
    """Close what is left behind, where no other server runs that may still be at it. Returns how many decisions."""
    await store.leases.tidy(datetime.now(UTC))
    async with presence.alone(store.database) as alone:
        if not alone:
            return 0
        recovered = await settler.recover(store.records)
        for server in await presence.left_behind(store.database):
            await store.leases.void(server)
        return recovered


def beside(
    store: Store,
    leasing: Leasing,
    settler: Settler,
    reviewing: Reviewing,
    asked_again: AskedAgain,
    known: asyncio.Event,
) -> list[Coroutine[Any, Any, None]]:
    """What runs as long as the server does. `known` is set once the others know of it: no request may be decided before."""

    def confirmed(until: float) -> None:
        leasing.confirm(until)
        known.set()

    def heard(payload: str) -> None:
        word = store.leases.word(payload)
        if word is not None:
            leasing.heard(word)

    async def bury(server: str) -> None:
        await settler.recover(store.records, server)
        await store.leases.void(server)

    told = presence.Told(confirmed, leasing.void, heard)
    return [
        presence.stay(store.database, store.server, told),
        presence.mourn(store.database, store.server, bury),
        leasing.tend(),
        reviewing.tend(),
        asked_again.watch(),
    ]
