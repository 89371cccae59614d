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
        self.installation = installation
        self._local_cards = local_cards

    def cards(self) -> tuple[ModelCard, ...]:
        """All cards: those of this machine first."""
        return (*self._local_cards(), *self.installation.cards)

    def candidates(self, name: str, kind: CardKind) -> tuple[ModelCard, ...]:
        """The cards a request for `name` may mean: all of its kind for `auto`, else every card of that name.

        Raises:
            NotFound: no card is called `name` or `provider/name`.
        """
        cards = self.cards()
        if name == AUTO:
            return tuple(card for card in cards if card.kind == kind)
        found = tuple(card for card in cards if name in (card.id, f"{card.provider}/{card.upstream}"))
        if not found:
            known = ", ".join([AUTO, *(card.id for card in cards)][:20])
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
