"""What this installation knows: providers, zones, model cards, rules and the router, as of one policy version."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, CardKind, ModelCard, Provider
from kyozon.governance.subject import Rule
from kyozon.routing.option import Router


class Installation(Struct, frozen=True):
    """The parts that settings and discovery give. `credentials_missing` maps a provider to the variable it lacks."""

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


class Registry:
    """Looks cards up; the local ones are asked for each time, since models are pulled and removed while Kyozon runs."""

    def __init__(self, installation: Installation, local_cards: Callable[[], Sequence[ModelCard]]) -> None:
        self._local_cards = local_cards
        self.installation = installation

    @property
    def installation(self) -> Installation:
        """What settings and discovery gave; another one may be put in its place."""
        return self._installation

    @installation.setter
    def installation(self, installation: Installation) -> None:
        self._installation = installation
        self._named: dict[str, list[ModelCard]] = {}
        for card in installation.cards:
            for name in _names(card):
                self._named.setdefault(name, []).append(card)

    def cards(self) -> tuple[ModelCard, ...]:
        """All cards: those of this machine first."""
        return (*self._local_cards(), *self.installation.cards)

    def candidates(self, name: str, kind: CardKind) -> tuple[ModelCard, ...]:
        """The cards a request for `name` may mean: all of its kind for `auto`, else every card of that name.

        Raises:
            NotFound: no card is called `name` or `provider/name`.
        """
        if name == AUTO:
            return tuple(card for card in self.cards() if card.kind == kind)
        found = (*(card for card in self._local_cards() if name in _names(card)), *self._named.get(name, ()))
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

    def provider(self, card: ModelCard) -> Provider:
        """The provider that serves a card."""
        return self.installation.providers[card.provider]

    def zone(self, card: ModelCard) -> Zone | None:
        """The zone a card runs in; None where settings name none of that id."""
        return self.installation.zones.get(card.zone)


def _names(card: ModelCard) -> set[str]:
    return {card.id, f"{card.provider}/{card.upstream}"}
