"""The whole of `kyozon.toml`, and what the floors below make of it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from pydantic import Field

from kyozon.domain.callers import Limits
from kyozon.domain.cascades import Hold
from kyozon.domain.labels import Clearance, Label, Zone, parse_label
from kyozon.domain.models import ModelCard, Provider, Timeouts
from kyozon.domain.policy import Exploring
from kyozon.domain.review import ReviewRules
from kyozon.governance.links import LinkRules
from kyozon.routing.breaking import Breaking
from kyozon.routing.retrying import Retrying
from kyozon.settings import facts
from kyozon.settings.routing_section import Routing
from kyozon.settings.sections import (
    Answers,
    Audit,
    Cache,
    Database,
    Knowledge,
    Labels,
    LimitsTable,
    Local,
    Masking,
    ModelTable,
    ProviderTable,
    Reasoning,
    Review,
    Section,
    Server,
    Telemetry,
    ZoneTable,
)


class Settings(Section):
    """One installation. `load` is the way to get one: it has then been checked whole."""

    server: Server = Server()
    database: Database = Database()
    labels: Labels = Labels()
    zone_tables: dict[str, ZoneTable] = Field(default={}, alias="zones")
    provider_tables: dict[str, ProviderTable] = Field(default={}, alias="providers")
    model_tables: dict[str, ModelTable] = Field(default={}, alias="models")
    limits: LimitsTable = LimitsTable()
    local: Local = Local()
    answers: Answers = Answers()
    cache: Cache = Cache()
    masking: Masking = Masking()
    routing: Routing = Routing()
    telemetry: Telemetry = Telemetry()
    review: Review = Review()
    reasoning: Reasoning = Reasoning()
    audit: Audit = Audit()
    knowledge: Knowledge = Knowledge()

    @property
    def data_dir(self) -> Path:
        """Folder of everything Kyozon keeps, `~` expanded."""
        return Path(self.server.data_dir).expanduser()

    @property
    def audit_keys(self) -> Path:
        """Folder of the audit log's keys."""
        return Path(self.audit.keys).expanduser() if self.audit.keys else self.data_dir / "audit"

    @property
    def default_label(self) -> Label:
        """Label of a request that states none and whose key has none."""
        return parse_label(self.labels.default)

    @property
    def default_limits(self) -> Limits:
        """Ceilings of a new key that states none."""
        return Limits(**self.limits.model_dump(include=set(Limits.__struct_fields__)))

    @property
    def shared_limits(self) -> dict[str, dict[str, Limits]]:
        """Ceilings of `users`, `tenants` and `models`, by name."""
        kinds = {"users": self.limits.users, "tenants": self.limits.tenants, "models": self.limits.models}
        return {kind: {name: Limits(**dict(table)) for name, table in tables.items()} for kind, tables in kinds.items()}

    @property
    def links(self) -> LinkRules | None:
        """What becomes of links in answers; None leaves them as they are."""
        answers = self.answers
        return None if answers.links == "off" else LinkRules(answers.links, answers.link_hosts)

    @property
    def retrying(self) -> Retrying:
        """When a failed call is made again."""
        routing = self.routing
        return Retrying(
            routing.retries,
            routing.retry_seconds,
            routing.retry_longest_seconds,
            routing.retry_share,
            self._timeouts("").total,
        )

    @property
    def breaking(self) -> Breaking:
        """When a deployment is left alone."""
        routing, usual = self.routing, Breaking()
        longest = max(usual.longest, routing.breaker_seconds)
        return Breaking(routing.breaker_failures, routing.breaker_share, rest=routing.breaker_seconds, longest=longest)

    @property
    def hold(self) -> Hold:
        """How much of a streamed answer is held back where it may be judged."""
        return Hold(self.routing.cascade_seconds, self.routing.cascade_tokens)

    @property
    def exploring(self) -> Exploring:
        """How many requests go to another model than the router's choice."""
        return Exploring(self.routing.explore, self.routing.explore_floor)

    def zones(self) -> dict[str, Zone]:
        """The built-in zones and the file's, by name."""
        return facts.zones(self.zone_tables)

    def providers(self, vendors: Mapping[str, Provider]) -> dict[str, Provider]:
        """The providers that the file turns on, and unless `local.enabled` is false the ones of this machine, by name."""
        found = facts.providers(self.provider_tables, vendors, local=self.local.enabled)
        return {name: msgspec.structs.replace(provider, timeouts=self._timeouts(name)) for name, provider in found.items()}

    def cards(
        self, providers: Mapping[str, Provider], known: Mapping[str, ModelCard] = facts.NO_CARDS
    ) -> tuple[ModelCard, ...]:
        """The cards of the file's models.

        `known` are cards by id that came with Kyozon. Where one names the same model at the same vendor, what the file
        leaves out is taken from it; a provider whose table lists no `models` gets all that are known of its vendor. A model
        has one card for each provider that serves it.
        """
        tables = facts.model_tables(self.model_tables, self.provider_tables, known)
        return tuple(
            facts.card(name, served, providers[str(served.provider)], self._known(name, served, known))
            for name, table in tables.items()
            for served in (table.model_copy(update={"provider": at}) for at in (table.provider, *table.also_at))
        )

    @property
    def review_rules(self) -> ReviewRules:
        """Which answers a person looks at first."""
        review = self.review
        labels = tuple(parse_label(text) for text in review.labels)
        return ReviewRules(labels, review.zones, review.keys, timedelta(hours=review.hours))

    @property
    def policy_version(self) -> str:
        """12 hexadecimal digits that change when a label, zone, provider's place, model or the routing changes."""
        content = {
            "labels": self.labels.model_dump(),
            "zones": {name: msgspec.structs.asdict(zone) for name, zone in self.zones().items()},
            "providers": {name: [table.vendor or name, table.zone] for name, table in self.provider_tables.items()},
            "models": {
                name: table.model_dump()
                for name, table in facts.model_tables(self.model_tables, self.provider_tables).items()
            },
            "masking": [self.masking.enabled, sorted(self.masking.keys)],
            "review": self.review.model_dump(),
            "routing": self._routing,
        }
        text = json.dumps(content, sort_keys=True, default=_canonical, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def _routing(self) -> list[str | float]:
        """What of it changes decisions: how often to retry does not, nor how to explore where nobody does."""
        routing = self.routing
        explore = [routing.explore, routing.explore_floor] if routing.explore else []
        within = [] if routing.within is None else [f"within {routing.within:g}"]
        return [routing.router, routing.quality, *explore, *([] if routing.cascade else ["no cascade"]), *within]

    def _timeouts(self, provider: str) -> Timeouts:
        return facts.timeouts(self.server.timeouts, self.provider_tables.get(provider, ProviderTable()).timeouts)

    def _known(self, name: str, table: ModelTable, known: Mapping[str, ModelCard]) -> ModelCard | None:
        card = known.get(name)
        served_by = self.provider_tables.get(str(table.provider), ProviderTable())
        return card if card is not None and card.provider == (served_by.vendor or table.provider) else None


def _canonical(value: object) -> Any:
    """One JSON form for equal values: 0.15 and 0.150, and sets in any order, are the same policy."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Clearance):
        return str(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")
