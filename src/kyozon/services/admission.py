"""Who may call a model now, who waits for a turn, and who is sent away: concurrency caps and fair queues.

A call waits after its decision is recorded (only then its deployment is known) and before anything leaves. Whoever waits
too long, or comes when too many wait, is refused: with the key's own cap as the reason where that is one (429), else
because Kyozon or the deployment is busy (503), and then another candidate is tried first.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from types import TracebackType
from typing import Self

from msgspec import Struct

from kyozon.domain.callers import ApiKey
from kyozon.domain.errors import Busy, KyozonError, LimitReached
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.metering.turns import Ticket, Turns
from kyozon.ports.provider import Piece
from kyozon.ports.telemetry import Gauge
from kyozon.services.pieces import close_pieces
from kyozon.services.world import World

_AGAIN_SECONDS = 1.0
"""When a key at its cap is told to try again: nobody knows when one of its calls will end."""


class Deployment(Struct, frozen=True):
    """What serves a card, and how many calls it takes at once; None is no cap."""

    name: str
    cap: int | None = None


class Caps(Struct, frozen=True):
    """At most `total` calls run, `queue_length` wait, each for `queue_seconds` at most."""

    total: int
    queue_length: int
    queue_seconds: float
    deployment: Callable[[ModelCard], Deployment]


class Slot:
    """A call's place among those that run. Leaving the `with` block gives it to the next."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release

    def release(self) -> None:
        """Let the next one in; a second time it does nothing."""
        release, self._release = self._release, None
        if release is not None:
            release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class AdmittedStream:
    """A stream that holds a slot until `aclose`. Iterating goes to the stream itself: a piece costs nothing more."""

    def __init__(self, pieces: AsyncIterator[Piece], slot: Slot) -> None:
        self._pieces = pieces
        self._slot = slot

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self._pieces.__aiter__()

    async def __anext__(self) -> Piece:
        return await self._pieces.__anext__()

    async def aclose(self) -> None:
        """Close the stream, then give the slot up."""
        try:
            await close_pieces(self._pieces)
        finally:
            self._slot.release()


class Admission:
    """The caps of one process. Every call to a model holds a slot while it runs."""

    def __init__(self, caps: Caps, world: World) -> None:
        self._caps = caps
        self._world = world
        self._turns = Turns(caps.total, caps.queue_length)
        self._waiting: dict[Ticket, asyncio.Future[None]] = {}

    async def admit(self, key: ApiKey, card: ModelCard) -> Slot:
        """A slot for one call of `key` to `card`, at once or in turn. Whoever is cancelled while waiting leaves the line.

        Raises:
            LimitReached: the key runs as many as it may, and no turn came.
            Busy: Kyozon or the deployment is busy, and no turn came.
        """
        deployment = self._caps.deployment(card)
        ticket = Ticket(key.id, deployment.name, key.limits.concurrent_requests, deployment.cap)
        if not self._turns.start(ticket):
            await self._turn(ticket, key)
        return Slot(lambda: self._finish(ticket))

    async def stream(self, key: ApiKey, card: ModelCard, pieces: AsyncIterator[Piece]) -> AdmittedStream:
        """`pieces`, not begun yet, once there is a slot for them; raises as `admit`."""
        return AdmittedStream(pieces, await self.admit(key, card))

    def gauges(self) -> Iterable[Gauge]:
        """How many run, and how many wait."""
        yield Gauge("kyozon_calls_running", "Calls to models that run now.", self._turns.running)
        yield Gauge("kyozon_calls_waiting", "Calls to models that wait for a slot.", self._turns.waiting)

    async def _turn(self, ticket: Ticket, key: ApiKey) -> None:
        loop = asyncio.get_running_loop()
        victim = self._turns.wait(ticket)
        if victim is ticket:
            raise self._refusal(ticket, key.name)
        if victim is not None:
            self._send_away(victim, key.name if victim.key == key.id else victim.key)
        granted = self._waiting[ticket] = loop.create_future()
        patience = loop.call_later(self._caps.queue_seconds, self._out_of_time, ticket, key.name)
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                if granted.exception() is None:  # the turn came just before the caller left
                    self._finish(ticket)
            elif self._waiting.pop(ticket, None) is not None:
                self._turns.leave(ticket)
            raise
        finally:
            patience.cancel()

    def _finish(self, ticket: Ticket) -> None:
        for following in self._turns.finish(ticket):
            granted = self._waiting.pop(following)
            if granted.cancelled():  # the caller has left and does not know yet that the turn came
                self._finish(following)
            else:
                granted.set_result(None)

    def _out_of_time(self, ticket: Ticket, name: str) -> None:
        granted = self._waiting.get(ticket)
        if granted is not None and not granted.done():
            self._turns.leave(ticket)
            self._send_away(ticket, name)

    def _send_away(self, ticket: Ticket, name: str) -> None:
        granted = self._waiting.pop(ticket)
        if not granted.done():
            granted.set_exception(self._refusal(ticket, name))

    def _refusal(self, ticket: Ticket, name: str) -> KyozonError:
        if self._turns.capped(ticket):
            return _over_cap(name, ticket, self._world)
        return _busy(ticket.deployment if self._turns.full_at(ticket) else "Kyozon")


def _busy(what: str) -> Busy:
    return Busy(
        Text(
            f"{what} is working on as many requests as it takes at once. Try again in a moment; if it stays so, raise "
            "max_concurrent ([server] or the provider's) or add a deployment.",
            f"{what} は同時に処理できる上限に達しています。少し待って再度お試しください。続く場合は max_concurrent"
            "（[server] またはプロバイダー）を上げるか、提供先を増やしてください。",
        )
    )


def _over_cap(name: str, ticket: Ticket, world: World) -> LimitReached:
    return LimitReached(
        Text(
            f"key {name} may run {ticket.key_cap} requests at the same time; wait for one of them to end.",
            f"キー {name} が同時に実行できる要求は {ticket.key_cap} 件までです。どれかの完了をお待ちください。",
        ),
        "concurrent_requests",
        world.now() + timedelta(seconds=_AGAIN_SECONDS),
    )
