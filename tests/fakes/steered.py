"""A world whose clock stands still until it is told to move or somebody sleeps, and whose ids count up."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

from kyozon.services.world import World

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


class Steered:
    """`advance` moves the clock; `world` is what services take.

    Sleeping moves the clock at once and is remembered in `slept`; `chance` is what chance gives, every time.
    """

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self.chance = 0.5
        self._ids = count(1)
        self.world = World(
            now=lambda: self.now,
            new_id=self._new_id,
            seconds=self._seconds,
            sleep=self._sleep,
            chance=lambda: self.chance,
        )

    def advance(self, **delta: float) -> None:
        """Move the clock forward, as `timedelta` counts."""
        self.now += timedelta(**delta)

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids):06d}"

    def _seconds(self) -> float:
        return (self.now - START).total_seconds()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds=seconds)
        await asyncio.sleep(0)
