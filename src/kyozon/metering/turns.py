"""Whose turn it is: who runs, who waits, who comes next, who must go when the room is full. No clock, no event loop.

Waiting requests stand in one line for each key at each deployment, and the lines take turns (fair queueing, Nagle 1987), so
that somebody's thousand do not hold up somebody else's one. When too many wait, the last of whoever has most goes.
"""

from collections import deque
from collections.abc import Mapping

from msgspec import Struct


class Ticket(Struct, frozen=True, eq=False):
    """One call that wants to run: whose it is, where it goes, and how many may run at once of each; None is no cap."""

    key: str
    deployment: str
    key_cap: int | None = None
    deployment_cap: int | None = None


class Turns:
    """At most `total` run and `length` wait. Between two calls nobody waits who could run."""

    def __init__(self, total: int, length: int) -> None:
        self._total = total
        self._length = length
        self._running: set[Ticket] = set()
        self._at_deployment: dict[str, int] = {}
        self._of_key: dict[str, int] = {}
        self._lines: dict[str, dict[str, deque[Ticket]]] = {}
        self._waiting_of_key: dict[str, int] = {}
        self.waiting = 0

    @property
    def running(self) -> int:
        """How many run."""
        return len(self._running)

    @property
    def waiting_at(self) -> Mapping[str, int]:
        """How many wait at each deployment where somebody does."""
        return {name: sum(map(len, lines.values())) for name, lines in self._lines.items()}

    def capped(self, ticket: Ticket) -> bool:
        """Whether its own key's cap is what keeps it from running."""
        return ticket.key_cap is not None and self._of_key.get(ticket.key, 0) >= ticket.key_cap

    def full_at(self, ticket: Ticket) -> bool:
        """Whether its deployment has no room."""
        cap = ticket.deployment_cap
        return cap is not None and self._at_deployment.get(ticket.deployment, 0) >= cap

    def start(self, ticket: Ticket) -> bool:
        """Run at once, if there is room; nobody who waits is passed over, since none of them could run."""
        if len(self._running) >= self._total or self.full_at(ticket) or self.capped(ticket):
            return False
        self._running.add(ticket)
        _count(self._at_deployment, ticket.deployment, 1)
        _count(self._of_key, ticket.key, 1)
        return True

    def wait(self, ticket: Ticket) -> Ticket | None:
        """Stand in line. Returns who must go because too many wait: the last of the key that has most, or the newcomer."""
        victim = None
        if self.waiting >= self._length:
            victim = self._last_of_the_longest(ticket.key)
            if victim is None:
                return ticket
            self.leave(victim)
        lines = self._lines.setdefault(ticket.deployment, {})
        lines.setdefault(ticket.key, deque()).append(ticket)
        _count(self._waiting_of_key, ticket.key, 1)
        self.waiting += 1
        return victim

    def leave(self, ticket: Ticket) -> None:
        """Step out of the line."""
        lines = self._lines[ticket.deployment]
        lines[ticket.key].remove(ticket)
        self._tidy(ticket)

    def finish(self, ticket: Ticket) -> list[Ticket]:
        """End running. Returns who runs instead."""
        self._running.remove(ticket)
        _count(self._at_deployment, ticket.deployment, -1)
        _count(self._of_key, ticket.key, -1)
        started = []
        while self.waiting and (following := self._next()) is not None:
            started.append(following)
        return started

    def _next(self) -> Ticket | None:
        """Start the first that can run; its line and its deployment then stand behind the others."""
        for deployment, lines in self._lines.items():
            for key, line in lines.items():
                ticket = line[0]
                if self.start(ticket):
                    line.popleft()
                    lines[key] = lines.pop(key)
                    self._lines[deployment] = self._lines.pop(deployment)
                    self._tidy(ticket)
                    return ticket
        return None

    def _last_of_the_longest(self, newcomer: str) -> Ticket | None:
        """None where nobody has more waiting than the newcomer's key will have."""
        key = max(self._waiting_of_key, key=self._waiting_of_key.__getitem__, default=newcomer)
        if self._waiting_of_key.get(key, 0) <= self._waiting_of_key.get(newcomer, 0) + 1:
            return None
        longest = max((lines[key] for lines in self._lines.values() if key in lines), key=len)
        return longest[-1]

    def _tidy(self, ticket: Ticket) -> None:
        """One fewer waits; an empty line goes."""
        self.waiting -= 1
        _count(self._waiting_of_key, ticket.key, -1)
        lines = self._lines[ticket.deployment]
        if not lines[ticket.key]:
            del lines[ticket.key]
        if not lines:
            del self._lines[ticket.deployment]


def _count(counts: dict[str, int], name: str, change: int) -> None:
    """Names at zero are forgotten: keys come and go for as long as the server runs."""
    counts[name] = counts.get(name, 0) + change
    if not counts[name]:
        del counts[name]
