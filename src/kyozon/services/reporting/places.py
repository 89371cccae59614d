"""What the recorded policies say of a model at a provider, and of the place where it stands."""

from kyozon.domain.labels import Zone
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.policy import Basis

Deployment = tuple[str, str]
"""A model at a provider: (provider, model)."""


class Places:
    """The facts of the bases in use, each taken from the newest that knows of it; `take` them in the order of their use."""

    def __init__(self) -> None:
        self._cards: dict[Deployment, ModelCard] = {}
        self._providers: dict[str, Provider] = {}
        self._zones: dict[str, Zone] = {}

    def take(self, basis: Basis) -> None:
        """Take a basis that came into use."""
        self._cards |= {card.place: card for card in basis.all_cards}
        self._providers |= {provider.id: provider for provider in basis.providers}
        self._zones |= {zone.id: zone for zone in basis.zones}

    def card(self, place: Deployment) -> ModelCard | None:
        """The card of a model at a provider."""
        return self._cards.get(place)

    def provider(self, name: str) -> Provider | None:
        """The provider of that name."""
        return self._providers.get(name)

    def zone(self, name: str | None) -> Zone | None:
        """The zone of that name."""
        return None if name is None else self._zones.get(name)

    def zone_of(self, place: Deployment, recorded: str | None) -> str:
        """The zone a record names, else the one that the card stands in; empty where neither is known."""
        card = self._cards.get(place)
        return recorded or (card.zone if card else "")

    def region(self, provider: str, zone: str) -> str | None:
        """Where data is processed: the zone's region, else the provider's."""
        stands, serves = self._zones.get(zone), self._providers.get(provider)
        return (stands.region if stands else None) or (serves.region if serves else None)

    def retains(self, provider: str, zone: str) -> bool | None:
        """Whether what is sent there is kept: as the zone states, else as it is known of the provider."""
        stands, serves = self._zones.get(zone), self._providers.get(provider)
        return _stated(stands.retains if stands else None, serves.retains if serves else None)

    def trains(self, provider: str, zone: str) -> bool | None:
        """Whether what is sent there may train models, likewise."""
        stands, serves = self._zones.get(zone), self._providers.get(provider)
        return _stated(stands.trains if stands else None, serves.trains if serves else None)

    def outside(self, zone: str) -> bool:
        """Whether a zone is somebody else's; one of which nothing is known counts as such."""
        found = self._zones.get(zone)
        return found is None or found.kind == "external"


def _stated(by_zone: bool | None, of_provider: bool | None) -> bool | None:  # noqa: FBT001 - both are the same fact
    return of_provider if by_zone is None else by_zone
