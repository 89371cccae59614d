"""A recorded decision made again: under the policy it was made under, as proof, or under another one, as a forecast.

The moment's accidents are taken as recorded: which deployments rested, which of one model's deployments came first, which
models had no room left. Everything else is decided anew by the code that decides requests.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.cascades import Cascade
from kyozon.domain.decisions import Candidate, Decision, Exclusion, Exploration, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.labels import Clearance, Label, LabelSource
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO
from kyozon.domain.requests import Needs
from kyozon.domain.review import GrantUse
from kyozon.domain.usage import Charge
from kyozon.governance.labelling import INSTALLATION_DEFAULT, joined
from kyozon.governance.releasing import UNFIT, lifted
from kyozon.routing.exploring import left_to_chance, may_explore
from kyozon.routing.option import Option, Ranking
from kyozon.routing.planned import still
from kyozon.services.candidates import expected_then, paces_then
from kyozon.services.costing import would_cost
from kyozon.services.registry import Registry
from kyozon.services.weighing import Query, Verdict, options_of, ranked, weighed

Deployment = tuple[str, str]
"""A model at a provider: (provider, model)."""

_NOBODY = Ranking((), Text("", ""))


class Replay(Struct, frozen=True):
    """What came out when a decision was made again; without `differences` it was the same in every respect."""

    decision_id: str
    basis: str
    chosen: str | None
    chosen_again: str | None
    differences: tuple[Text, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the record is proved."""
        return not self.differences


class Forecast(Struct, frozen=True):
    """One decision under another policy. `cost` is None where no price is known; refusals cost nothing."""

    decision_id: str
    before: Deployment | None
    after: Deployment | None
    rules: tuple[str, ...]
    cost_before: Decimal | None
    cost_after: Decimal | None


def replayable(decision: Decision) -> bool:
    """Whether the record holds what it takes; those of an earlier version do not."""
    return bool(decision.basis) and decision.needs is not None and decision.clearance is not None


def replay(decision: Decision, registry: Registry) -> Replay:
    """Make a decision again; `registry` is as its basis says. Raises `ValueError` where it is not `replayable`."""
    verdict, ranking, drawn = _again(decision, registry, decision.label, decision.grant)
    found = {subject.card.place: tuple(map(_exclusion, objections)) for subject, objections in verdict}
    recorded = {_place(candidate): _by_rules(candidate) for candidate in decision.candidates}
    differences = [_differs(name, recorded.get(name), found.get(name)) for name in sorted(recorded.keys() | found.keys())]
    in_order = sorted((c for c in decision.candidates if c.rank is not None), key=lambda candidate: candidate.rank or 0)
    before = [(_place(one), one.predicted_cost, one.predicted_seconds, one.late) for one in in_order]
    after = [_ranked(option) for option in ranking.options] if decision.chosen is not None else []
    if before != after:
        differences.append(_other_order([name for name, *_ in before], [name for name, *_ in after]))
    chosen = after[0][0][1] if after else None
    if chosen != decision.chosen:
        differences.append(
            Text(f"chosen: {decision.chosen} then, {chosen} now", f"選択：記録 {decision.chosen}、再現 {chosen}")
        )
    if drawn != decision.exploration:
        differences.append(_other_draw(decision.exploration, drawn))
    if decision.chosen is not None and (plan := still(ranking.cascade, ranking.options)) != decision.cascade:
        differences.append(_other_plan(decision.cascade, plan))
    told = tuple(text for text in differences if text is not None)
    return Replay(decision.id, decision.basis, decision.chosen, chosen, told)


def ranked_again(decision: Decision, registry: Registry) -> Ranking:
    """The permitted models in the order that comes out, and the plan; raises `ValueError` where it is not `replayable`."""
    return _again(decision, registry, decision.label, decision.grant)[1]


def forecast(decision: Decision, outcome: Outcome | None, registry: Registry, before: Label) -> Forecast:
    """A decision under the policy of `registry`; `before` is the default label of the policy that it was made under.

    Before is everything that was called, after `costing.would_cost`: what was used is priced at the models that would
    answer then, and tokens of two models are not quite the same. A request that was refused is priced as it was estimated.
    """
    ranking = _NOBODY
    try:
        verdict, ranking, _ = _again(decision, registry, _label(decision, before, registry.installation.default_label))
        rules = {objection.rule for _, objections in verdict for objection in objections}
    except NotFound:
        rules = {"unknown model"}
    limited = decision.chosen is None and any(candidate.permitted for candidate in decision.candidates)
    best = None if limited or not ranking.options else ranking.options[0]
    was = next((_place(candidate) for candidate in decision.candidates if candidate.rank == 1), None)
    now = None if best is None else best.card.place
    refused = tuple(sorted(rules)) if now is None and not limited else ()
    paid = Decimal(0) if outcome is None else _known(outcome.paid)
    cost = Decimal(0) if best is None or decision.kind == "count" else _cost(decision, outcome, ranking)
    return Forecast(decision.id, was, now, refused, paid, cost)


def _masked(decision: Decision, label: Label) -> Label | None:
    """The label of the masked words, if `label` is that of the words: masking takes away the same compartments."""
    if decision.masked_label is None:
        return None
    taken = decision.label.compartments - decision.masked_label.compartments
    return structs.replace(label, compartments=label.compartments - taken)


def _again(
    decision: Decision, registry: Registry, label: Label, grant: GrantUse | None = None
) -> tuple[Verdict, Ranking, Exploration | None]:
    needs, clearance = decision.needs, decision.clearance
    if needs is None or clearance is None:
        raise ValueError(f"decision {decision.id} does not hold what it was made from")
    key = _key(decision, clearance)
    masked = _masked(decision, label)
    verdict = weighed(registry, Query(decision.requested_model, needs, label, key, masked))
    if grant is not None:
        verdict = lifted(verdict, grant.zone)
    options = options_of(verdict, needs, decision.at.date(), expected_then(decision), paces_then(decision))
    return (verdict, *_ordered(decision, registry, options, needs)) if options else (verdict, _NOBODY, None)


def _ordered(
    decision: Decision, registry: Registry, options: Sequence[Option], needs: Needs
) -> tuple[Ranking, Exploration | None]:
    """The router's order, with the accidents of the moment as they were, chance among them."""
    recorded = {_place(candidate): candidate for candidate in decision.candidates}
    ranking, order = ranked(registry, options, needs), list[Option]()
    for _, group in groupby(ranking.options, key=lambda o: (o.card.id, o.cost)):
        order += sorted(group, key=lambda option: _rank(recorded.get(option.card.place)))
    order.sort(key=lambda option: (_health(recorded.get(option.card.place)) == "open", option.late))
    full = {name for name, candidate in recorded.items() if candidate.permitted and candidate.rank is None}
    roomy = [option for option in order if decision.chosen is None or option.card.place not in full]
    ranking = structs.replace(ranking, options=tuple(roomy or order))
    drawn, goal = decision.exploration, needs.quality or registry.installation.quality
    if drawn is None or decision.requested_model != AUTO or not may_explore(goal, needs):
        return ranking, None
    rule = registry.installation.exploring
    return left_to_chance(ranking, rule, drawn.draw, lambda card: _health(recorded.get(card.place)) is None)


def _label(decision: Decision, before: Label, after: Label) -> Label:
    """The label of a request that rests on the default of the installation is another one where the default is."""
    if before == after or all(source.source != INSTALLATION_DEFAULT for source in decision.label_sources):
        return decision.label
    return joined(
        [
            LabelSource(INSTALLATION_DEFAULT, after) if one.source == INSTALLATION_DEFAULT else one
            for one in decision.label_sources
        ]
    )


def _cost(decision: Decision, outcome: Outcome | None, ranking: Ranking) -> Decimal | None:
    if decision.chosen is None:
        return ranking.options[0].cost
    return Decimal(0) if outcome is None else _known(would_cost(decision, outcome, ranking))


def _known(charge: Charge) -> Decimal | None:
    return charge.amount if charge.priced else None


def _key(decision: Decision, clearance: Clearance) -> ApiKey:
    """The caller as far as a decision depends on it."""
    return ApiKey(
        decision.key_id,
        decision.tenant,
        decision.user,
        decision.key_id,
        "",
        "",
        created_at=decision.at,
        clearance=clearance,
    )


def _differs(name: Deployment, then: tuple[Exclusion, ...] | None, now: tuple[Exclusion, ...] | None) -> Text | None:
    if then == now:
        return None
    where = "/".join(name)
    said = [_said(then), _said(now)]
    return Text(f"{where}: {said[0].en} then, {said[1].en} now", f"{where}：記録は{said[0].ja}、再現は{said[1].ja}")


def _said(found: tuple[Exclusion, ...] | None) -> Text:
    if found is None:
        return Text("not weighed", "対象外")
    if not found:
        return Text("permitted", "許可")
    told = ", ".join(f"{one.rule} ({one.need} / {one.have})" for one in found)
    return Text(f"excluded by {told}", f"{told} により除外")


def _other_order(before: Sequence[Deployment], after: Sequence[Deployment]) -> Text:
    then, now = (", ".join(map("/".join, names)) or "-" for names in (before, after))
    return Text(f"order, cost or time: {then} then, {now} now", f"順位・費用・時間：記録は {then}、再現は {now}")


def _other_draw(before: Exploration | None, after: Exploration | None) -> Text:
    then, now = (
        "-" if one is None else f"{one.draw:g} ({one.propensity:g}, {'explored' if one.explored else 'kept'})"
        for one in (before, after)
    )
    return Text(f"left to chance: {then} then, {now} now", f"抽選：記録は {then}、再現は {now}")


def _other_plan(before: Cascade | None, after: Cascade | None) -> Text:
    then, now = (
        "-" if one is None else " → ".join(filter(None, (one.first, one.opinion, one.strong))) for one in (before, after)
    )
    return Text(f"cascade: {then} then, {now} now", f"カスケード：記録は {then}、再現は {now}")


def _by_rules(candidate: Candidate) -> tuple[Exclusion, ...]:
    """Without what was wrong with a grant: that stands in no policy."""
    return tuple(found for found in candidate.objections if found.rule != UNFIT)


def _exclusion(found: Exclusion) -> Exclusion:
    return Exclusion(found.rule, found.need, found.have)


def _place(candidate: Candidate) -> Deployment:
    return candidate.provider, candidate.model


def _ranked(option: Option) -> tuple[Deployment, Decimal | None, float | None, bool]:
    return option.card.place, option.cost, None if option.soon is None else option.soon.words, option.late


def _rank(candidate: Candidate | None) -> float:
    return float("inf") if candidate is None or candidate.rank is None else candidate.rank


def _health(candidate: Candidate | None) -> str | None:
    return None if candidate is None else candidate.health
