"""What would have had to be otherwise for another choice: single changes, each proved by deciding again with it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct, structs

from kyozon.domain.decisions import Candidate, Decision
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, ModelCard, Price
from kyozon.domain.quality import Goal
from kyozon.governance.flow import regions
from kyozon.routing.measured import offers, turning_points
from kyozon.routing.option import Option
from kyozon.services.registry import Installation, Registry
from kyozon.services.replaying import Deployment, forecast, replayable

_MILLION = Decimal(1_000_000)
_STEPS = 1000
"""In so many steps a quality is tried."""
_ESTIMATING = "measured"
_LITTLE = Decimal("0.001")
"""How far beyond a threshold a price is put to see what happens there."""


class Counterfactual(Struct, frozen=True):
    """One change that would have flipped the choice, and to what; None is a refusal."""

    text: Text
    before: str | None
    after: str | None


class Altered(Struct, frozen=True):
    """A decision and what it is made from, with one thing changed."""

    text: Text
    decision: Decision
    registry: Registry


def counterfactuals(decision: Decision, registry: Registry, most: int = 3) -> tuple[Counterfactual, ...]:
    """The smallest changes that flip the choice: first what the caller could have said, then what the operator could set.

    `registry` is as the decision's basis says. Empty for a decision that is not `replayable`, and where no single change of
    these kinds is enough.
    """
    if not replayable(decision):
        return ()
    was, found = _choice(decision, registry), list[Counterfactual]()
    for altered in alterations(decision, registry):
        now = _choice(altered.decision, altered.registry)
        if now != was:
            found.append(Counterfactual(altered.text, _name(was), _name(now)))
        if len(found) == most:
            break
    return tuple(found)


def alterations(decision: Decision, registry: Registry) -> Iterator[Altered]:
    """Every single change that is tried, in the order of their size."""
    cards = {card.place: card for card in registry.cards()}
    whole = Registry(structs.replace(registry.installation, cards=registry.cards()), tuple)
    for text, changed in (*_undrawn(decision), *_other_goals(decision, cards)):
        yield Altered(text, changed, registry)
    yield from _more_time(decision, whole)
    for said in (_other_labels, _other_requests):
        yield from ((Altered(text, changed, registry)) for text, changed in said(decision))
    for stated in (_clearances, _statements, _credentials, _prices):
        for text, installation in stated(decision, whole):
            yield Altered(text, decision, Registry(installation, tuple))
    yield from ((Altered(text, changed, registry)) for text, changed in _circumstances(decision))


def _choice(decision: Decision, registry: Registry) -> Deployment | None:
    return forecast(decision, None, registry, registry.installation.default_label).after


def _undrawn(decision: Decision) -> Iterator[tuple[Text, Decision]]:
    """Another draw; or the goal at which nothing is left to chance."""
    drawn, needs = decision.exploration, decision.needs
    if drawn is None or not drawn.explored or needs is None:
        return
    text = Text("not drawn to try another model", "別のモデルを試す抽選に当たらなかった場合")
    yield text, structs.replace(decision, exploration=None)
    best = Goal(1.0, "max")
    text = Text(f"quality {best}, which is never left to chance", f"品質目標が {best}（抽選の対象外）")
    yield text, structs.replace(decision, needs=structs.replace(needs, quality=best))


def _other_goals(decision: Decision, cards: Mapping[Deployment, ModelCard]) -> Iterator[tuple[Text, Decision]]:
    """The nearest lower goal at which a cheaper model is the better trade, the nearest higher at which a dearer one is."""
    needs, goal = decision.needs, decision.quality
    places = [(one, cards.get((one.provider, one.model))) for one in weighed_together(decision)]
    found = offers([Option(card, one.predicted_cost, one.estimate) for one, card in places if card is not None])
    drawn = decision.exploration is not None and decision.exploration.explored
    if not found or needs is None or goal is None or drawn:
        return
    lower, higher = turning_points(found[0], found[1:])
    below = -1 if lower is None else math.ceil(lower * _STEPS) - 1
    above = -1 if higher is None else math.floor(higher * _STEPS) + 1
    for step in (below, above):
        if 0 <= step <= _STEPS:
            share, now = f"{goal.share:g}", Goal(step / _STEPS)
            was = Text(f"{goal.name} ({share})", f"{goal.name}（{share}）") if goal.name else Text(share, share)
            text = Text(f"quality {now} instead of {was.en}", f"品質目標が {was.ja} でなく {now}")
            yield text, structs.replace(decision, needs=structs.replace(needs, quality=now))


def _more_time(decision: Decision, registry: Registry) -> Iterator[Altered]:
    """The least time to the first words in which a late model is chosen, if there is one, whoever said that it be less."""
    needs, within, was = decision.needs, decision.within, _choice(decision, registry)
    late = {one.predicted_seconds for one in decision.candidates if one.late and one.predicted_seconds is not None}
    if needs is None:
        return
    for seconds in sorted(late):
        text = Text(
            f"first words within {seconds:g} s instead of {within:g} s",
            f"最初の言葉までの目標が {within:g} 秒でなく {seconds:g} 秒",
        )
        changed = structs.replace(decision, needs=structs.replace(needs, within=seconds), within=seconds)
        altered = Altered(text, changed, Registry(structs.replace(registry.installation, within=None), tuple))
        if _choice(altered.decision, altered.registry) != was:
            yield altered
            return


def _other_labels(decision: Decision) -> Iterator[tuple[Text, Decision]]:
    """Another level, the nearest first; one compartment fewer."""
    label = decision.label
    for level in sorted(Level, key=lambda one: (abs(one.rank - label.level.rank), one.rank)):
        if level is not label.level:
            yield _relabelled(decision, level, frozenset())
    for name in sorted(label.compartments):
        yield _relabelled(decision, None, frozenset({name}))


def _relabelled(decision: Decision, level: Level | None, without: frozenset[str]) -> tuple[Text, Decision]:
    def change(old: Label) -> Label:
        return structs.replace(old, level=level or old.level, compartments=old.compartments - without)

    label, masked = change(decision.label), decision.masked_label
    changed = structs.replace(decision, label=label, masked_label=None if masked is None else change(masked))
    return Text(f"label {label} instead of {decision.label}", f"ラベルが {decision.label} でなく {label}"), changed


def _other_requests(decision: Decision) -> Iterator[tuple[Text, Decision]]:
    """The choice left to Kyozon; one thing fewer that the model must be able to do."""
    needs = decision.needs
    # What estimates would have been made, had the choice been left to a router that asks for them, stands nowhere.
    if decision.requested_model != AUTO and decision.router != _ESTIMATING:
        named = decision.requested_model
        text = Text(f"model auto instead of {named}", f"モデルが {named} でなく auto")
        yield text, structs.replace(decision, requested_model=AUTO)
    for name in sorted(needs.abilities) if needs else ():
        fewer = structs.replace(needs, abilities=needs.abilities - {name}) if needs else None
        yield Text(f"a request without {name}", f"{name} を使わない要求"), structs.replace(decision, needs=fewer)


def _clearances(decision: Decision, registry: Registry) -> Iterator[tuple[Text, Installation]]:
    """A zone that is cleared for the label."""
    now, label = registry.installation, decision.label
    for name in _objected(decision, "clearance"):
        zone = now.zones.get(name)
        if zone is not None:
            wider = Clearance(
                max(zone.clearance.level, label.level, key=lambda level: level.rank),
                zone.clearance.compartments | label.compartments,
            )
            text = Text(f"zone {name} cleared for {label}", f"ゾーン {name} の取り扱い範囲に {label} を含む")
            yield text, _with_zone(now, name, clearance=wider)


def _statements(decision: Decision, registry: Registry) -> Iterator[tuple[Text, Installation]]:
    """A zone that states what it has left open or denied."""
    now = registry.installation
    for name in _objected(decision, "training"):
        text = Text(f"zone {name} stating that it does not train", f"ゾーン {name} が学習に使わないと明示")
        yield text, _with_zone(now, name, trains=False)
    for name in _objected(decision, "region"):
        for region in sorted(map(str.upper, regions(decision.label))):
            text = Text(f"zone {name} in region {region}", f"ゾーン {name} の地域が {region}")
            yield text, _with_zone(now, name, region=region)


def _credentials(decision: Decision, registry: Registry) -> Iterator[tuple[Text, Installation]]:
    """A provider whose key is set."""
    now = registry.installation
    for name in sorted({c.provider for c in decision.candidates if any(o.rule == "credential" for o in c.objections)}):
        missing = {provider: variable for provider, variable in now.credentials_missing.items() if provider != name}
        text = Text(f"provider {name} with its key set", f"提供元 {name} のキーが設定済み")
        yield text, structs.replace(now, credentials_missing=missing)


def _prices(decision: Decision, registry: Registry) -> Iterator[tuple[Text, Installation]]:
    """The choice just dearer than the next one; the next one just cheaper than the choice."""
    first, second = ranked(decision)[:2] if len(ranked(decision)) > 1 else (None, None)
    if first is None or second is None or first.predicted_cost is None or second.predicted_cost is None:
        return
    for one, other, sign in ((first, second, 1), (second, first, -1)):
        target = (other.predicted_cost or Decimal(0)) * (1 + sign * _LITTLE)
        costs = f"{other.predicted_cost:f} {decision.currency}"
        more = sign > 0
        text = Text(
            f"{one.model} at {'more' if more else 'less'} than {costs} for this request",
            f"この要求での {one.model} の費用が {costs} {'より高い' if more else '未満'}",
        )
        yield text, _priced(decision, registry, one, target)


def _priced(decision: Decision, registry: Registry, candidate: Candidate, target: Decimal) -> Installation:
    """With one card at a price by which the request costs `target` there: all of it for the input, where there is any."""
    needs = decision.needs
    read = needs.input_tokens if needs else 0
    written = 0 if read or needs is None else needs.output_tokens
    rate = target * _MILLION / (read or written or 1)
    none = Decimal(0)
    price = Price(date.min, rate if read else none, none if read else rate, currency=decision.currency)
    place = (candidate.provider, candidate.model)
    cards = [structs.replace(card, prices=(price,)) if card.place == place else card for card in registry.cards()]
    return structs.replace(registry.installation, cards=tuple(cards))


def _circumstances(decision: Decision) -> Iterator[tuple[Text, Decision]]:
    """A reader who is cleared; a deployment that does not rest."""
    clearance, label = decision.clearance, decision.label
    if clearance is not None and not label.within(clearance):
        wider = Clearance(
            max(clearance.level, label.level, key=lambda level: level.rank), clearance.compartments | label.compartments
        )
        text = Text(f"a key cleared for {label}", f"{label} を許可されたキー")
        yield text, structs.replace(decision, clearance=wider)
    for place, candidate in enumerate(decision.candidates):
        if candidate.health == "open":
            well = structs.replace(candidate, health=None)
            candidates = (*decision.candidates[:place], well, *decision.candidates[place + 1 :])
            text = Text(f"{candidate.model} not resting after failures", f"{candidate.model} が障害で休止していない")
            yield text, structs.replace(decision, candidates=candidates)


def ranked(decision: Decision) -> Sequence[Candidate]:
    """The permitted candidates in their order."""
    return sorted((one for one in decision.candidates if one.rank is not None), key=lambda one: one.rank or 0)


def weighed_together(decision: Decision) -> Sequence[Candidate]:
    """Those of them that were weighed against each other: not with whoever was set behind the choice for being late."""
    order = ranked(decision)
    return [one for one in order if one.late == order[0].late]


def _objected(decision: Decision, rule: str) -> list[str]:
    return sorted({c.zone for c in decision.candidates if any(o.rule == rule for o in c.objections)})


def _with_zone(now: Installation, name: str, **changes: object) -> Installation:
    return structs.replace(now, zones={**now.zones, name: structs.replace(now.zones[name], **changes)})


def _name(place: Deployment | None) -> str | None:
    return None if place is None else "/".join(place)
