"""What a decision is made from besides its request, as a value that can be kept, compared and decided by again."""

import hashlib
from typing import Literal

import msgspec
from msgspec import Struct, field, structs

from kyozon.domain.cascades import Foresight
from kyozon.domain.labels import Label, Zone
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard, Provider, Quirks, Timeouts
from kyozon.domain.quality import HIGH, Goal
from kyozon.domain.review import ReviewRules


class Exploring(Struct, frozen=True):
    """How many requests go to another model than the router's choice, so that what is never chosen is still learnt of.

    `share` of them, from 0 to 1; none to a model of which less is expected than `floor` times what is expected of the best.
    """

    share: float = 0.0
    floor: float = 0.8


class Basis(Struct, frozen=True):
    """A policy, and what stood beside it at that moment: the models on this machine and the providers without a key.

    Of a provider what decides is kept: where it stands and what it does with data, not how it is reached. `rules` and
    `router` are names: what stands behind them is the code of version `code`. `quality` is how good answers must be where
    neither the request nor its key says; how good they were expected to be stands in each decision. `within` is in how many
    seconds first words should come at the latest, whatever request and key say.
    """

    policy_version: str
    default_label: Label
    zones: tuple[Zone, ...]
    providers: tuple[Provider, ...]
    cards: tuple[ModelCard, ...]
    local_cards: tuple[ModelCard, ...]
    rules: tuple[str, ...]
    router: str
    code: str
    compartments: frozenset[str] = frozenset()
    credentials_missing: dict[str, str] = field(default_factory=dict)
    review: ReviewRules = ReviewRules()
    quality: Goal = HIGH
    exploring: Exploring = Exploring()
    foresight: Foresight | None = None
    within: float | None = None

    @property
    def id(self) -> str:
        """16 hexadecimal digits over all of it."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]

    @property
    def all_cards(self) -> tuple[ModelCard, ...]:
        """Every card, those of this machine first."""
        return (*self.local_cards, *self.cards)

    def zone(self, name: str) -> Zone | None:
        """The zone of that name."""
        return next((zone for zone in self.zones if zone.id == name), None)


def as_decided(provider: Provider) -> Provider:
    """A provider without how it is reached: addresses and the names of variables decide nothing."""
    return structs.replace(provider, base_url="", key_variable=None, quirks=Quirks(), timeouts=Timeouts(), source="")


class Flow(Struct, frozen=True):
    """Whether data with a label may go to one model where it runs; `rules` are those that object."""

    label: Label
    model: str
    provider: str
    zone: str
    rules: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether no rule objects."""
        return not self.rules


class FlowChange(Struct, frozen=True):
    """The labels of which one model may, or may no more, receive data; `rules` object on the side that forbids."""

    change: Literal["allowed", "forbidden"]
    model: str
    provider: str
    zone: str
    labels: tuple[Label, ...]
    rules: tuple[str, ...]


class PolicyDifference(Struct, frozen=True):
    """What another policy changes: which data may go where, and what else is decided otherwise."""

    old: str
    new: str
    flows: tuple[FlowChange, ...]
    others: tuple[Text, ...]

    @property
    def widens(self) -> bool:
        """Whether any data may go somewhere it could not go before."""
        return any(change.change == "allowed" for change in self.flows)


class Reloaded(Struct, frozen=True):
    """One policy version in the place of another. `waiting` names changed settings that take a restart."""

    old: str
    new: str
    waiting: tuple[str, ...]
