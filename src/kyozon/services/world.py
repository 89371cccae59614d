"""Time and ids enter here, as functions, so that what decides can be replayed."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct


class World(Struct, frozen=True):
    """`now` is aware and in UTC; `new_id("dec")` gives `dec_…`, later ids sorting after earlier ones."""

    now: Callable[[], datetime]
    new_id: Callable[[str], str]
    seconds: Callable[[], float]
