"""How far documents on their way have come, and how soon they will be there, by what their work has taken so far."""

from msgspec import Struct

from kyozon.domain.knowledge import Progress


def remaining(seconds: float, done: float, left: float) -> float | None:
    """The seconds that what is left will take at the pace of what is done; None where there is no pace to go by."""
    if left <= 0:
        return 0.0
    return seconds * left / done if done > 0 and seconds > 0 else None


class Work(Struct, frozen=True):
    """Documents that are taken in together, weighed by the bytes of their files.

    `done` bytes have been taken in. `measured` of these took `seconds`, each document by itself. `working` says how many
    documents are worked on. `held` are those of them that have told how far they have come, with their bytes; all other
    bytes are `waiting`.
    """

    done: int = 0
    measured: int = 0
    seconds: float = 0.0
    waiting: int = 0
    working: int = 0
    held: tuple[tuple[int, Progress], ...] = ()

    @property
    def share(self) -> float:
        """How much of all work is done, from 0 to 1."""
        every = self.done + self.waiting + sum(size for size, _ in self.held)
        return (self.done + sum(size * one.share for size, one in self.held)) / every if every else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all are there, as many at a time as are worked on now.

        Where none waits, the slowest of those that are worked on tells it; else those that are done. None where neither
        does: other documents may come first, and how long is not known.
        """
        known = [one.seconds_left for _, one in self.held if one.seconds_left is not None]
        if known and len(known) == len(self.held) and not self.waiting:
            return max(known)
        left = self.waiting + sum(size * (1 - one.share) for size, one in self.held)
        found = remaining(self.seconds, self.measured, left) if self.working else None
        return None if found is None else found / self.working
