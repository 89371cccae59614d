"""Many recorded decisions made again: all of them as proof of the record, or as a forecast for another policy."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

from msgspec import Struct, field

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.ports.policies import Policies
from kyozon.services.registries import Registries, RegistryAsOf
from kyozon.services.replaying import Forecast, Replay, forecast, replay

_EXAMPLES = 5


class Proof(Struct):
    """How many decisions came out as recorded.

    `unreplayable` are of a version that recorded less. For `uninstalled` ones a rule or router of their time is not there,
    `missing` says which. `left_out` names records that cannot be read; they are not among the `decisions`.
    """

    decisions: int = 0
    same: int = 0
    unreplayable: int = 0
    different: list[Replay] = field(default_factory=list)
    uninstalled: int = 0
    missing: list[Text] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Simulated(Struct):
    """What another policy would have changed. `examples` are ids of decisions, by what happens to them.

    Money is in one currency; `unpriced` decisions have no known price on one of the sides and stand in neither sum.
    `left_out` names records that cannot be read; they are not among the `decisions`.
    """

    policy_version: str
    decisions: int = 0
    unreplayable: int = 0
    unchanged: int = 0
    refused: int = 0
    allowed: int = 0
    elsewhere: int = 0
    unpriced: int = 0
    cost_before: Decimal = Decimal(0)
    cost_after: Decimal = Decimal(0)
    rules: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: {"refused": [], "allowed": [], "elsewhere": []})
    left_out: list[str] = field(default_factory=list)


class Replayer:
    """Makes recorded decisions again."""

    def __init__(self, policies: Policies, as_of: RegistryAsOf) -> None:
        self._policies = policies
        self._then = Registries(policies, as_of)

    async def one(self, decision: Decision) -> Replay | None:
        """A decision under the policy that it was made under; None where the record does not hold enough.

        Raises `MissingPiece` where a rule or router of that time is not installed any more.
        """
        registry = await self._then.of(decision)
        return None if registry is None else replay(decision, registry)

    async def prove(self, since: datetime, tenant: str | None = None) -> Proof:
        """Every decision since a moment under the policy that it was made under."""
        found = Proof()
        async for decision, _ in self._policies.recorded(since, tenant, found.left_out):
            found.decisions += 1
            try:
                again = await self.one(decision)
            except MissingPiece as error:
                found.uninstalled += 1
                found.missing += [] if error.text in found.missing else [error.text]
                continue
            if again is None:
                found.unreplayable += 1
            elif again.same:
                found.same += 1
            else:
                found.different.append(again)
        return found

    async def simulate(
        self, would: RegistryAsOf, policy_version: str, since: datetime, tenant: str | None = None
    ) -> Simulated:
        """Every decision since a moment under another policy: `would` says what would have been known under it."""
        found, new = Simulated(policy_version), Registries(self._policies, would)
        async for decision, outcome in self._policies.recorded(since, tenant, found.left_out):
            found.decisions += 1
            basis, registry = await new.basis(decision), await new.of(decision)
            if basis is None or registry is None:
                found.unreplayable += 1
            else:
                _count(found, forecast(decision, outcome, registry, basis.default_label), outcome)
        return found


def _count(found: Simulated, one: Forecast, outcome: Outcome | None) -> None:
    if one.before == one.after:
        found.unchanged += 1
    else:
        what = "refused" if one.after is None else "allowed" if one.before is None else "elsewhere"
        setattr(found, what, getattr(found, what) + 1)
        if len(found.examples[what]) < _EXAMPLES:
            found.examples[what].append(one.decision_id)
        if what == "refused":
            found.rules.update(one.rules)
    if outcome is not None and outcome.cache is not None and outcome.cache.hit:
        return  # no model was asked, and none would have been
    if one.cost_before is None or one.cost_after is None:
        found.unpriced += 1
    else:
        found.cost_before += one.cost_before
        found.cost_after += one.cost_after
