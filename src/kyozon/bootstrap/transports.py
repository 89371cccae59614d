"""The HTTP clients towards models: one for each set of timeouts that the settings give."""

from kyozon.domain.models import Timeouts
from kyozon.providers import transport
from kyozon.providers.transport import Transport


class Transports:
    """Clients, made when they are first asked for."""

    def __init__(self) -> None:
        self._made: dict[transport.Timeouts, Transport] = {}

    def of(self, timeouts: Timeouts) -> Transport:
        """The client that waits so long.

        A whole answer comes in one go, so its first byte may take as long as the call; for the first words of a stream
        `services.patience` waits, which can tell words from a sign of life.
        """
        limits = transport.Timeouts(timeouts.connect, first_byte=timeouts.total, between=timeouts.between)
        if limits not in self._made:
            self._made[limits] = Transport(limits)
        return self._made[limits]

    async def close(self) -> None:
        """Close them all."""
        while self._made:
            await self._made.popitem()[1].close()
