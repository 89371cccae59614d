"""Time, chance and names: what services take as arguments, as this machine gives it."""

import asyncio
import random
import secrets
import time
from datetime import UTC, datetime

from kyozon.services.world import World


def new_id(prefix: str) -> str:
    """`prefix_` and 24 hexadecimal digits: the time in nanoseconds, then chance; later ones sort after earlier ones."""
    return f"{prefix}_{time.time_ns():016x}{secrets.token_hex(4)}"


WORLD = World(
    now=lambda: datetime.now(UTC), new_id=new_id, seconds=time.monotonic, sleep=asyncio.sleep, chance=random.random
)
