"""Time, chance and names: what services take as arguments, as this machine gives it."""

import asyncio
import random
import time
from datetime import UTC, datetime

from kyozon.services.world import World

_chance = random.Random().getrandbits  # noqa: S311 - ids are names, not secrets
"""Seeded by the system once: asking it for each id costs a system call."""


def new_id(prefix: str) -> str:
    """`prefix_` and 24 hexadecimal digits: the time in nanoseconds, then chance; later ones sort after earlier ones."""
    return f"{prefix}_{time.time_ns():016x}{_chance(32):08x}"


WORLD = World(
    now=lambda: datetime.now(UTC), new_id=new_id, seconds=time.monotonic, sleep=asyncio.sleep, chance=random.random
)
