"""The system card: what decided in a period, made from the records and the policies that they name."""

from collections import Counter
from datetime import datetime

from msgspec import Struct

from kyozon.domain.decisions import Decision
from kyozon.domain.labels import Zone
from kyozon.domain.policy import Basis
from kyozon.domain.reports import Change, PolicyUse, RuleUse, SystemCard, ZoneCard
from kyozon.services.reporting.changes import changes


class _Use(Struct):
    basis: Basis | None
    policy_version: str
    router: str
    first: datetime
    last: datetime
    decisions: int = 0


class System:
    """Told of each decision, in order, with the basis that it was made from, None where the record names none."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}
        self._changes: list[Change] = []
        self._newest: Basis | None = None
        self._exclusions: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()

    def take(self, decision: Decision, basis: Basis | None) -> None:
        """Count one decision."""
        name = decision.basis or f"unrecorded:{decision.policy_version}"
        use = self._uses.get(name)
        if use is None:
            use = _Use(basis, decision.policy_version, decision.router, decision.at, decision.at)
            self._uses[name] = use
        use.last = decision.at
        use.decisions += 1
        if basis is not None and (self._newest is None or self._newest.id != basis.id):
            if self._newest is not None:
                self._changes.append(Change(decision.at, self._newest.id, basis.id, changes(self._newest, basis)))
            self._newest = basis
        objecting = Counter(objection.rule for candidate in decision.candidates for objection in candidate.objections)
        self._exclusions += objecting
        if decision.chosen is None:
            self._refusals.update(objecting.keys())

    def card(self) -> SystemCard:
        """What it comes to."""
        known = set(self._newest.rules) if self._newest else set()
        rules = sorted(known | self._exclusions.keys())
        return SystemCard(
            policies=tuple(_policy(name, use) for name, use in sorted(self._uses.items(), key=lambda item: item[1].first)),
            zones=() if self._newest is None else tuple(_zone(self._newest, zone) for zone in self._newest.zones),
            rules=tuple(RuleUse(rule, self._exclusions[rule], self._refusals[rule]) for rule in rules),
            changes=tuple(self._changes),
        )


def _policy(name: str, use: _Use) -> PolicyUse:
    basis = use.basis
    return PolicyUse(
        basis=name,
        policy_version=use.policy_version,
        code=basis.code if basis else None,
        router=use.router,
        default_label=str(basis.default_label) if basis else None,
        rules=basis.rules if basis else None,
        models=len(basis.all_cards) if basis else None,
        first_used=use.first,
        last_used=use.last,
        decisions=use.decisions,
    )


def _zone(basis: Basis, zone: Zone) -> ZoneCard:
    standing = tuple(sorted(provider.id for provider in basis.providers if provider.zone == zone.id))
    clearance = str(zone.clearance)
    return ZoneCard(zone.id, zone.kind, clearance, zone.region, zone.retains, zone.trains, standing)
