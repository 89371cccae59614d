"""What this installation knows: providers, zones, model cards, rules and the router, as of one policy version."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, structs

from kyozon.domain.cascades import Foresight
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, CardKind, ModelCard, Provider
from kyozon.domain.policy import Basis, Exploring, as_decided
from kyozon.domain.quality import HIGH, Goal
from kyozon.domain.review import ReviewRules
from kyozon.governance.subject import Rule
from kyozon.ports.quality import Estimator
from kyozon.routing.option import Router


class Tried(Struct, frozen=True):
    """A version of the estimator on trial: asked beside the one in use, followed in `share` of a hundred conversations.

    In the stage `shadow` that is none of them, whatever the share is. `rollout` is the id of what it is part of.
    """

    rollout: str
    estimator: Estimator
    stage: Literal["shadow", "share"]
    share: int


class Installation(Struct, frozen=True):
    """The parts that settings and discovery give. `credentials_missing` maps a provider to the variable it lacks.

    `quality` is how good answers must be where neither the request nor its key says. `estimator` says how good they will
    be, None where the router asks for no estimates. `exploring` says how many requests go elsewhere to learn from it. First
    words should come `within` so many seconds, or fewer where the request or its key says so.
    """

    providers: Mapping[str, Provider]
    zones: Mapping[str, Zone]
    cards: tuple[ModelCard, ...]
    rules: Sequence[Rule]
    router: Router
    router_name: str
    policy_version: str
    default_label: Label
    credentials_missing: Mapping[str, str]
    default_output: int = 1024
    compartments: frozenset[str] = frozenset()
    code: str = ""
    review: ReviewRules = ReviewRules()
    quality: Goal = HIGH
    estimator: Estimator | None = None
    exploring: Exploring = Exploring()
    foresight: Foresight | None = None
    within: float | None = None


def basis_of(installation: Installation, local_cards: Sequence[ModelCard]) -> Basis:
    """What is decided by, as a value."""
    return Basis(
        policy_version=installation.policy_version,
        default_label=installation.default_label,
        zones=tuple(installation.zones.values()),
        providers=tuple(map(as_decided, installation.providers.values())),
        cards=installation.cards,
        local_cards=tuple(local_cards),
        rules=tuple(map(name_of, installation.rules)),
        router=installation.router_name,
        code=installation.code,
        compartments=installation.compartments,
        credentials_missing=dict(installation.credentials_missing),
        review=installation.review,
        quality=installation.quality,
        exploring=installation.exploring,
        foresight=installation.foresight,
        within=installation.within,
    )


def name_of(rule: Rule) -> str:
    """A rule goes by the name of its module."""
    return rule.__module__.rpartition(".")[2]


Keep = Callable[[Basis], Awaitable[None]]
"""Makes a basis durable; raises `StorageUnavailable` where that fails."""


async def kept_nowhere(_: Basis) -> None:
    """Nobody decides by it again."""


class Registry:
    """Looks cards up; the local ones are asked for each time, since models are pulled and removed while Kyozon runs."""

    def __init__(
        self,
        installation: Installation,
        local_cards: Callable[[], Sequence[ModelCard]],
        keep: Keep = kept_nowhere,
    ) -> None:
        self._local_cards = local_cards
        self._keep = keep
        self._kept: set[str] = set()
        self.installation = installation
        self.followed: Estimator | None = None
        self.tried: Tried | None = None

    @property
    def estimator(self) -> Estimator | None:
        """What says how good answers will be: the version that went live, else the settings' own; None where none is."""
        own = self._installation.estimator
        return own if own is None else self.followed or own

    @property
    def installation(self) -> Installation:
        """What settings and discovery gave; another one may be put in its place."""
        return self._installation

    @installation.setter
    def installation(self, installation: Installation) -> None:
        self._installation = installation
        self._basis: tuple[tuple[ModelCard, ...], str, Basis] | None = None
        self._placed = {card.place: card for card in installation.cards}
        self._named: dict[str, list[ModelCard]] = {}
        for card in installation.cards:
            for name in _names(card):
                self._named.setdefault(name, []).append(card)

    async def basis_id(self) -> str:
        """The name of what is decided by from now until the next wait, which is durable: decisions refer to it."""
        while True:
            name, basis = self._named_basis()
            if name in self._kept:
                return name
            await self._keep(basis)
            self._kept.add(name)

    @property
    def basis(self) -> Basis:
        """What is decided by now."""
        return self._named_basis()[1]

    def _named_basis(self) -> tuple[str, Basis]:
        """The hash over a basis costs more than a decision: it is made again where the cards of this machine are others."""
        local = self._on_this_machine()
        if self._basis is None or self._basis[0] != local:
            basis = basis_of(self._installation, local)
            self._basis = local, basis.id, basis
        return self._basis[1:]

    def cards(self) -> tuple[ModelCard, ...]:
        """All cards: those of this machine first."""
        local = self._on_this_machine()
        places = {card.place for card in local}
        return (*local, *(card for card in self.installation.cards if card.place not in places))

    def _on_this_machine(self) -> tuple[ModelCard, ...]:
        """The cards of this machine, with what settings say of them: a price, a licence."""
        return tuple(_stated(card, self._placed.get(card.place)) for card in self._local_cards())

    def candidates(self, name: str, kind: CardKind) -> tuple[ModelCard, ...]:
        """The cards a request for `name` may mean: all of its kind for `auto`, else every card of that name.

        Raises:
            NotFound: no card is called `name` or `provider/name`.
        """
        if name == AUTO:
            return tuple(card for card in self.cards() if card.kind == kind)
        found = self.named(name)
        if not found:
            known = ", ".join([AUTO, *(card.id for card in self.cards())][:20])
            raise NotFound(
                Text(
                    f"there is no model {name!r}. Known: {known}. Pull one (kyozon models pull) or add it to kyozon.toml.",
                    f"モデル {name!r} はありません。利用できるのは {known} です。kyozon models pull で取得するか、"
                    "kyozon.toml に追加してください。",
                ),
                param="model",
            )
        return found

    def named(self, name: str) -> tuple[ModelCard, ...]:
        """Every card called `name` or `provider/name`."""
        local = self._on_this_machine()
        places = {card.place for card in local}
        others = (card for card in self._named.get(name, ()) if card.place not in places)
        return (*(card for card in local if name in _names(card)), *others)

    def current(self, card: ModelCard) -> ModelCard | None:
        """The card as it stands now, None where that model is no more at that provider."""
        local = (one for one in self._on_this_machine() if one.place == card.place)
        return next(local, None) or self._placed.get(card.place)

    def provider(self, card: ModelCard) -> Provider:
        """The provider that serves a card."""
        return self.installation.providers[card.provider]

    def zone(self, card: ModelCard) -> Zone | None:
        """The zone a card runs in; None where settings name none of that id."""
        return self.installation.zones.get(card.zone)


def _stated(card: ModelCard, said: ModelCard | None) -> ModelCard:
    """What is known of a card, with what settings say of the same place instead."""
    if said is None:
        return card
    silent = ModelCard(said.id, said.provider, said.upstream, said.zone)
    fields = {name: getattr(said, name) for name in said.__struct_fields__}
    return structs.replace(card, **{name: value for name, value in fields.items() if value != getattr(silent, name)})


def _names(card: ModelCard) -> set[str]:
    return {card.id, f"{card.provider}/{card.upstream}"}
