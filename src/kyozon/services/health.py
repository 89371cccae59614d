"""What this process has seen of each deployment, a card at its provider: whether it answers, and how soon."""

from collections.abc import Iterable, Sequence

from msgspec import structs

from kyozon.domain.errors import CircuitOpen
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.ports.telemetry import Gauge
from kyozon.routing.balancing import Load, heard, spread
from kyozon.routing.breaking import Breaker, Breaking, State, admit, failed, given_up, state_at, succeeded
from kyozon.routing.option import Option
from kyozon.services.world import World

_PROBED_SECONDS = 1.0
"""When somebody is told to come back while another one's call tries the deployment out."""
_LEVELS: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}


class Health:
    """The breaker and the load of each deployment."""

    def __init__(self, world: World, policy: Breaking) -> None:
        self._world = world
        self._policy = policy
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._loads: dict[tuple[str, str], Load] = {}

    def state(self, card: ModelCard) -> State:
        """The state of a card's breaker now."""
        return state_at(self._of(card), self._world.seconds())

    def load(self, card: ModelCard) -> Load:
        """What is under way at a card's deployment, and how fast it answers."""
        return self._loads.get(_place(card), Load())

    def ordered(self, options: Sequence[Option]) -> tuple[Option, ...]:
        """A router's order with the deployments of one model balanced, and those that rest behind all others."""
        balanced = spread(options, self.load, self._world.chance())
        return tuple(sorted(balanced, key=lambda option: self.state(option.card) == "open"))

    def begin(self, card: ModelCard) -> "Call":
        """Let a call to `card` through.

        Raises:
            CircuitOpen: its breaker does not.
        """
        now, breaker = self._world.seconds(), self._of(card)
        admitted = admit(breaker, self._policy, now)
        if admitted is None:
            raise _resting(card, max(breaker.until - now, _PROBED_SECONDS))
        self._breakers[_place(card)] = admitted
        self._under_way(card, 1)
        return Call(self, card, admitted.era, now)

    def gauges(self) -> Iterable[Gauge]:
        """The state of each breaker that has seen a call."""
        about, now = "State of a deployment's circuit breaker: 0 closed, 1 half open, 2 open.", self._world.seconds()
        for (provider, model), breaker in self._breakers.items():
            level = _LEVELS[state_at(breaker, now)]
            yield Gauge("kyozon_breaker_state", about, level, {"provider": provider, "model": model})

    def answered(self, card: ModelCard, era: int, began: float) -> None:
        """A call of `era` was answered."""
        now = self._world.seconds()
        self._breakers[_place(card)] = succeeded(self._of(card), self._policy, era, now)
        self._loads[_place(card)] = heard(self.load(card), now - began, now)

    def broke(self, card: ModelCard, era: int, told: float, *, begun: bool) -> None:
        """A call of `era` failed, or broke off after it had `begun`; the provider `told` callers to wait so long."""
        now = self._world.seconds()
        self._breakers[_place(card)] = failed(self._of(card), self._policy, era, now, told, begun=begun)

    def unknown(self, card: ModelCard, era: int) -> None:
        """A call of `era` ended and tells nothing."""
        self._breakers[_place(card)] = given_up(self._of(card), era)

    def finished(self, card: ModelCard) -> None:
        """A call is no longer under way."""
        self._under_way(card, -1)

    def _under_way(self, card: ModelCard, change: int) -> None:
        load = self.load(card)
        self._loads[_place(card)] = structs.replace(load, outstanding=load.outstanding + change)

    def _of(self, card: ModelCard) -> Breaker:
        return self._breakers.get(_place(card), Breaker())


class Call:
    """One call to a deployment. Whoever began it says how it went, and in any case when it has come to its `end`."""

    def __init__(self, health: Health, card: ModelCard, era: int, began: float) -> None:
        self._health = health
        self._card = card
        self._era = era
        self._began = began
        self._told = False
        self._ended = False

    def succeeded(self) -> None:
        """The deployment answered, be it that the request is wrong."""
        self._told = True
        self._health.answered(self._card, self._era, self._began)

    def failed(self, retry_after: float | None) -> None:
        """It failed, or an answer that had begun well broke off."""
        begun, self._told = self._told, True
        self._health.broke(self._card, self._era, retry_after or 0.0, begun=begun)

    def end(self) -> None:
        """It is over, its last piece too; where nobody has said how it went, that stays unknown. Once is enough."""
        if not self._told:
            self._told = True
            self._health.unknown(self._card, self._era)
        if not self._ended:
            self._ended = True
            self._health.finished(self._card)


def _place(card: ModelCard) -> tuple[str, str]:
    return card.provider, card.id


def _resting(card: ModelCard, seconds: float) -> CircuitOpen:
    return CircuitOpen(
        Text(
            f"{card.id} at {card.provider} has failed repeatedly and is left alone for now; nothing was sent. Try again in "
            f"{seconds:.0f} seconds, or ask for auto, so that another model can answer.",
            f"{card.provider} の {card.id} は失敗が続いたため一時的に呼び出しを止めています。何も送信していません。"
            f"{seconds:.0f} 秒後に再度お試しいただくか、auto を指定して別のモデルに任せてください。",
        ),
        seconds,
    )
