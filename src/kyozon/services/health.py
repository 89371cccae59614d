"""What this process has seen of each deployment, a card at its provider: whether it answers, and how soon."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from kyozon.domain.errors import CircuitOpen
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Pace
from kyozon.ports.telemetry import Gauge
from kyozon.routing.balancing import Load, heard, spread
from kyozon.routing.breaking import Breaker, Breaking, State, admit, failed, given_up, state_at, succeeded
from kyozon.routing.option import Option
from kyozon.routing.pacing import Timed, began, ended, pace_at
from kyozon.services.world import World

_PROBED_SECONDS = 1.0
"""When somebody is told to come back while another one's call tries the deployment out."""
_LEVELS: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}


class _Deployment(Struct):
    """A card at its provider."""

    breaker: Breaker = Breaker()
    load: Load = Load()
    timed: Timed = Timed()


class Health:
    """The breaker and the load of each deployment."""

    def __init__(self, world: World, policy: Breaking) -> None:
        self._world = world
        self._policy = policy
        self._deployments: defaultdict[tuple[str, str], _Deployment] = defaultdict(_Deployment)

    def state(self, card: ModelCard) -> State:
        """The state of a card's breaker now."""
        return state_at(self._of(card).breaker, self._world.seconds())

    def load(self, card: ModelCard) -> Load:
        """What is under way at a card's deployment, and how fast it answers."""
        return self._of(card).load

    def pace(self, card: ModelCard) -> Pace | None:
        """How fast a card's deployment has answered lately, None where that is not known."""
        deployment = self._of(card)
        return pace_at(deployment.timed, self._world.seconds(), busy=deployment.load.outstanding > 0)

    def ordered(self, options: Sequence[Option]) -> tuple[Option, ...]:
        """A router's order with the deployments of one model balanced, late ones behind, and behind all those that rest."""
        balanced = spread(options, self.load, self._world.chance())
        return tuple(sorted(balanced, key=lambda option: (self.state(option.card) == "open", option.late)))

    def begin(self, card: ModelCard) -> "Call":
        """Let a call to `card` through.

        Raises:
            CircuitOpen: its breaker does not.
        """
        now, deployment = self._world.seconds(), self._of(card)
        admitted = admit(deployment.breaker, self._policy, now)
        if admitted is None:
            raise _resting(card, max(deployment.breaker.until - now, _PROBED_SECONDS))
        deployment.breaker = admitted
        return Call(deployment, self._policy, self._world, now)

    def gauges(self) -> Iterable[Gauge]:
        """The state of each breaker."""
        about, now = "State of a deployment's circuit breaker: 0 closed, 1 half open, 2 open.", self._world.seconds()
        for (provider, model), deployment in self._deployments.items():
            level = _LEVELS[state_at(deployment.breaker, now)]
            yield Gauge("kyozon_breaker_state", about, level, {"provider": provider, "model": model})

    def _of(self, card: ModelCard) -> _Deployment:
        return self._deployments[card.place]


class Call:
    """One call to a deployment. Whoever began it says how it went, and in any case when it has come to its `end`."""

    def __init__(self, deployment: _Deployment, policy: Breaking, world: World, began: float) -> None:
        self._deployment = deployment
        self._policy = policy
        self._world = world
        self._began = began
        self._era = deployment.breaker.era
        self._told = False
        self._ended = False
        self._under_way(1)

    def succeeded(self, *, streamed: bool = False) -> None:
        """The deployment answered, be it that the request is wrong; a `streamed` answer has brought its first words."""
        self._told = True
        now, deployment = self._world.seconds(), self._deployment
        deployment.breaker = succeeded(deployment.breaker, self._policy, self._era, now)
        deployment.load = heard(deployment.load, now - self._began, now)
        if streamed:
            deployment.timed = began(deployment.timed, now - self._began, now)

    def failed(self, retry_after: float | None) -> None:
        """It failed, or an answer that had begun well broke off; the provider may have told callers to wait so long."""
        begun, self._told = self._told, True
        now, deployment = self._world.seconds(), self._deployment
        deployment.breaker = failed(deployment.breaker, self._policy, self._era, now, retry_after or 0.0, begun=begun)

    def end(self, tokens: int = 0) -> None:
        """It is over, its last piece too; where nobody has said how it went, that stays unknown. Once is enough.

        `tokens` is the length of an answer that is whole, and that nobody has read meanwhile: a slow reader slows a stream.
        """
        if not self._told:
            self._told = True
            self._deployment.breaker = given_up(self._deployment.breaker, self._era)
        if not self._ended:
            self._ended = True
            self._under_way(-1)
            if tokens:
                now = self._world.seconds()
                self._deployment.timed = ended(self._deployment.timed, now - self._began, tokens, now)

    def _under_way(self, change: int) -> None:
        load = self._deployment.load
        self._deployment.load = Load(load.outstanding + change, load.latency, load.at)


def _resting(card: ModelCard, seconds: float) -> CircuitOpen:
    return CircuitOpen(
        Text(
            f"{card.id} at {card.provider} has failed repeatedly and is left alone for now; nothing was sent. Try again in "
            f"{seconds:.0f} seconds, or ask for auto where there is another model of its kind.",
            f"{card.provider} の {card.id} は失敗が続いたため一時的に呼び出しを止めています。何も送信していません。"
            f"{seconds:.0f} 秒後に再度お試しください。同種のモデルがほかにあれば、auto に任せることもできます。",
        ),
        seconds,
    )
