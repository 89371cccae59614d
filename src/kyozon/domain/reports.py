"""Records for regulators, as values: what happened in a period, what was decided by, and which duty that proves."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct, field

from kyozon.domain.language import Text
from kyozon.domain.models import CardKind

GOVERNANCE: Final = "kyozon.governance/1"
INCIDENT: Final = "kyozon.incident/1"
"""Names of the two shapes; a change that readers must know of gets another number."""

ZoneKind = Literal["host", "lan", "external"]


class Period(Struct, frozen=True):
    """Decisions from `since` up to, not including, `until` (UTC), of one tenant or of all."""

    since: datetime
    until: datetime
    tenant: str | None = None


class Consumption(Struct, frozen=True):
    """Tokens read and written, and money by currency. What has no known price costs nothing here and says so."""

    input_tokens: int = 0
    output_tokens: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)
    unpriced_calls: int = 0


class InventoryModel(Struct, frozen=True, kw_only=True):
    """A model that answered, was called, or was permitted to answer, at one provider in one zone.

    What is None nobody has stated. `retains` and `trains` are what the zone states, else what is known of the provider,
    whose facts were checked on `verified`. `embedder` marks a model of the `kind` that turns texts into vectors.
    """

    model: str
    provider: str
    zone: str
    use: Literal["answered", "called", "permitted"]
    kind: CardKind | None
    embedder: bool | None
    zone_kind: ZoneKind | None
    region: str | None
    jurisdiction: str | None
    licence: str | None
    open_weights: bool | None
    retains: bool | None
    trains: bool | None
    verified: date | None
    permitted: int
    excluded: int
    chosen: int
    calls: int
    answered: int
    failed: int
    first_used: datetime | None
    last_used: datetime | None
    consumption: Consumption


class InventoryKind(Struct, frozen=True):
    """Another kind of thing that an AI inventory lists. `count` is None where Kyozon keeps no such thing."""

    kind: str
    count: int | None
    note: Text


class PolicyUse(Struct, frozen=True, kw_only=True):
    """What decisions were made from, and when: `policy_version` is the settings', `code` the version of Kyozon."""

    basis: str
    policy_version: str
    code: str | None
    router: str
    default_label: str | None
    rules: tuple[str, ...] | None
    models: int | None
    first_used: datetime
    last_used: datetime
    decisions: int


class ZoneCard(Struct, frozen=True):
    """A place data may be sent to, as the newest policy of the period states it, and the providers that stand there."""

    id: str
    kind: ZoneKind
    clearance: str
    region: str | None
    retains: bool | None
    trains: bool | None
    providers: tuple[str, ...]


class RuleUse(Struct, frozen=True):
    """What one rule has done: models excluded, and requests refused where it objected to a model."""

    rule: str
    exclusions: int
    refusals: int


class Change(Struct, frozen=True):
    """From one basis to the next, with the time at which the next was first used."""

    at: datetime
    old: str
    new: str
    what: tuple[Text, ...]


class SystemCard(Struct, frozen=True):
    """What decided, made from the records alone: the policies in use, the newest one's zones, the rules, the changes."""

    policies: tuple[PolicyUse, ...]
    zones: tuple[ZoneCard, ...]
    rules: tuple[RuleUse, ...]
    changes: tuple[Change, ...]


class Transfer(Struct, frozen=True, kw_only=True):
    """Deliveries to one provider outside, of one label and purpose. A zone of which nothing is known counts as outside.

    A delivery is a call that reached the provider, whether or not it answered; `masked` of them carried masked words, whose
    label it then is. `persons` counts callers, not their names.
    """

    provider: str
    jurisdiction: str | None
    zone: str
    region: str | None
    retains: bool | None
    trains: bool | None
    label: str
    kind: str
    purpose: str
    models: tuple[str, ...]
    requests: int
    deliveries: int
    masked: int
    persons: int
    first: datetime
    last: datetime
    consumption: Consumption


class Figure(Struct, frozen=True):
    """One number of this installation; None where it is not available."""

    name: str
    text: Text
    value: int | str | None


class Application(Struct, frozen=True):
    """Since when a duty applies, as far as that was verified `as_of` a day, from a kind of source."""

    text: Text
    as_of: date
    source: Text


Coverage = Literal["covered", "partly", "not_covered"]


class Duty(Struct, frozen=True):
    """One duty of a law or guideline, and the control or record that answers to it here.

    `figures` name the numbers that prove it. `not_covered` is for what Kyozon does not do, and cannot prove.
    """

    article: str
    duty: Text
    control: Text
    coverage: Coverage
    figures: tuple[str, ...] = ()
    applies: Application | None = None


class DutyTable(Struct, frozen=True):
    """A law or guideline, duty by duty."""

    id: str
    name: Text
    note: Text
    duties: tuple[Duty, ...]


class KeyGroup(Struct, frozen=True):
    """How many keys are in use with one clearance, how many of them administer, and how many have a ceiling."""

    clearance: str
    keys: int
    admins: int
    limited: int


class Present(Struct, frozen=True):
    """What holds at the moment at which the report is made; none of it can be made again from the records."""

    keys: tuple[KeyGroup, ...]
    settings: tuple[Figure, ...]
    figures: tuple[Figure, ...]


class Recorded(Struct, frozen=True):
    """The part of the report that comes from the records of its period alone, and can be made from them again."""

    models: tuple[InventoryModel, ...]
    system: SystemCard
    transfers: tuple[Transfer, ...]
    figures: tuple[Figure, ...]


class GovernanceReport(Struct, frozen=True, kw_only=True):
    """AI inventory, system card, transfer ledger and duty tables of one installation."""

    schema: Literal["kyozon.governance/1"] = GOVERNANCE
    version: str
    made_at: datetime
    period: Period
    disclaimer: Text
    recorded: Recorded
    others: tuple[InventoryKind, ...]
    present: Present
    duties: tuple[DutyTable, ...]


class ExposedCall(Struct, frozen=True, kw_only=True):
    """One call of one decision: who asked, where the words went, and which words, by the hash of the request's body.

    Words told to a collector of spans have the provider and zone `collector`, and no model. `grant` names the grant by
    which a person let these words go there.
    """

    decision: str
    at: datetime
    tenant: str
    key_id: str
    user: str
    label: str
    kind: str
    purpose: str
    provider: str
    model: str
    zone: str
    zone_kind: ZoneKind | None
    region: str | None
    retains: bool | None
    trains: bool | None
    masked: bool
    grant: str | None
    outcome: str
    error: str | None
    body_sha256: str


class ExposureSum(Struct, frozen=True):
    """All of an incident's calls to one provider in one zone, with the labels that reached it."""

    provider: str
    zone: str
    zone_kind: ZoneKind | None
    deliveries: int
    requests: int
    persons: int
    labels: tuple[str, ...]


class IncidentReport(Struct, frozen=True, kw_only=True):
    """Which decisions an incident is about, and everything that left for them; `refused` of them sent nothing.

    `unreadable` ones of the period were recorded by another version in a shape unknown to this one, and are left out.
    """

    schema: Literal["kyozon.incident/1"] = INCIDENT
    version: str
    made_at: datetime
    scope: Text
    decisions: int
    refused: int
    open: int
    given_from_cache: int
    unreadable: int
    sums: tuple[ExposureSum, ...]
    exposures: tuple[ExposedCall, ...]
    note: Text
