"""Time, chance and ids enter here, as functions, so that what decides can be replayed."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct


class World(Struct, frozen=True):
    """`now` is aware and in UTC; `new_id("dec")` gives `dec_…`, later ids sorting after earlier ones.

    `seconds` is a clock that is never set back, `sleep` waits on it; `chance` gives numbers from 0 up to 1.
    """

    now: Callable[[], datetime]
    new_id: Callable[[str], str]
    seconds: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    chance: Callable[[], float]
