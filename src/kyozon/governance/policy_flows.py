"""What a policy allows, spelled out: every label with every model; and what another policy would change.

A level and one compartment at a time are enough: each rule about labels asks for the level and for each compartment, so a
label of several compartments may go where the level may go with each of them. Two regions together may go nowhere but
stay on this machine, in every policy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import ALL_COMPARTMENTS, COMPARTMENT_NO_TRAIN, Clearance, Label, Level
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.domain.policy import Basis, Flow, FlowChange, PolicyDifference
from kyozon.domain.requests import Needs
from kyozon.governance.permit import objections
from kyozon.governance.subject import Rule, Subject

ANY_OTHER = "any-other"
"""Stands for the compartments that no policy names: a clearance of `*` holds for them, too."""

_EVERYTHING = Clearance(Level.RESTRICTED, frozenset({ALL_COMPARTMENTS}))
_READER = ApiKey("", "", "", "", "", "", datetime(2026, 1, 1, tzinfo=UTC), clearance=_EVERYTHING)
"""Somebody who may read everything: what is left are the objections to places."""

Deployment = tuple[str, str]


def compartments_of(*policies: Basis) -> tuple[str, ...]:
    """The compartments that these policies name, those that mean something to Kyozon, and one for all others."""
    found = {COMPARTMENT_NO_TRAIN}
    for basis in policies:
        found |= basis.compartments | basis.default_label.compartments
        for zone in basis.zones:
            found |= zone.clearance.compartments
            if zone.region:
                found.add(f"{zone.region.lower()}-only")
    return (*sorted(found - {ALL_COMPARTMENTS}), ANY_OTHER)


def labels_of(compartments: Sequence[str]) -> list[Label]:
    """Every level alone and with each compartment."""
    return [Label(level, names) for level in Level for names in (frozenset[str](), *(frozenset({c}) for c in compartments))]


def flows(basis: Basis, rules: Sequence[Rule], compartments: Sequence[str]) -> Iterator[Flow]:
    """Every label with every model, and the rules that object; what a request needs and who asks is left aside."""
    providers = {provider.id: provider for provider in basis.providers}
    for card in basis.all_cards:
        for label in labels_of(compartments):
            subject = Subject(
                card, providers[card.provider], basis.zone(card.zone), label, Needs(card.kind), _READER, named=True
            )
            found = objections(subject, rules)
            yield Flow(label, card.id, card.provider, card.zone, tuple(objection.rule for objection in found))


def difference(old: Basis, new: Basis, old_rules: Sequence[Rule], new_rules: Sequence[Rule]) -> PolicyDifference:
    """What becomes allowed or forbidden from one policy to another, and what else is decided otherwise."""
    compartments = compartments_of(old, new)
    before = _by_deployment(flows(old, old_rules, compartments))
    after = _by_deployment(flows(new, new_rules, compartments))
    changes: list[FlowChange] = []
    for name in sorted(before.keys() | after.keys()):
        changes += _changes(before.get(name, {}), after.get(name, {}))
    return PolicyDifference(old.policy_version, new.policy_version, tuple(changes), tuple(_others(old, new)))


def _by_deployment(found: Iterable[Flow]) -> dict[Deployment, dict[Label, Flow]]:
    grouped: dict[Deployment, dict[Label, Flow]] = {}
    for flow in found:
        grouped.setdefault((flow.provider, flow.model), {})[flow.label] = flow
    return grouped


def _changes(before: Mapping[Label, Flow], after: Mapping[Label, Flow]) -> Iterator[FlowChange]:
    """Of one model: a label is allowed where the model is there and no rule objects. Grouped by why it is forbidden."""
    grouped: dict[tuple[Literal["allowed", "forbidden"], tuple[str, ...]], list[Label]] = {}
    for label in before or after:
        then, now = before.get(label), after.get(label)
        was, is_ = then is not None and then.allowed, now is not None and now.allowed
        if was != is_:
            other = then if is_ else now
            rules = other.rules if other is not None else ("unknown model",)
            grouped.setdefault(("allowed" if is_ else "forbidden", rules), []).append(label)
    one = next(iter((after or before).values()))
    for (change, rules), labels in grouped.items():
        yield FlowChange(change, one.model, one.provider, one.zone, tuple(labels), rules)


def _others(old: Basis, new: Basis) -> Iterator[Text]:
    if old.default_label != new.default_label:
        yield Text(
            f"a request that states no label, with a key that has no default, is {new.default_label} instead of "
            f"{old.default_label}.",
            f"ラベルのない要求は、キーにも既定がなければ、{old.default_label} ではなく {new.default_label} になります。",
        )
    if old.router != new.router:
        yield Text(
            f"the permitted models are ranked by {new.router} instead of {old.router}.",
            f"許可されたモデルの順位は {old.router} ではなく {new.router} が決めます。",
        )
    if old.quality != new.quality:
        yield Text(
            f"answers must be {new.quality} in quality instead of {old.quality}, where nobody says otherwise.",
            f"指定がないときの品質目標は {old.quality} ではなく {new.quality} になります。",
        )
    if old.within != new.within:
        was, now = ("no time" if one.within is None else f"{one.within:g} s" for one in (old, new))
        before, after = ("指定なし" if one.within is None else f"{one.within:g} 秒以内" for one in (old, new))
        yield Text(
            f"first words should come within {now} instead of {was}.",
            f"最初の言葉までの目標時間は {before} ではなく {after} になります。",
        )
    if old.exploring != new.exploring:
        was, now = (f"{100 * one.exploring.share:g} %" for one in (old, new))
        yield Text(
            f"{now} of the requests try another model by chance instead of {was}.",
            f"抽選で別のモデルを試す要求は {was} ではなく {now} になります。",
        )
    if old.rules != new.rules:
        yield Text(
            f"the rules are {', '.join(new.rules)} instead of {', '.join(old.rules)}.",
            f"適用されるルールは {', '.join(old.rules)} ではなく {', '.join(new.rules)} です。",
        )
    if old.review != new.review:
        yield Text("other answers wait for a person.", "担当者の確認を待つ応答が変わります。")
    yield from _models(old, new)


def _models(old: Basis, new: Basis) -> Iterator[Text]:
    before, after = _cards(old), _cards(new)
    for name in sorted(after.keys() - before.keys()):
        yield Text(f"{name} is new.", f"{name} が加わります。")
    for name in sorted(before.keys() - after.keys()):
        yield Text(f"{name} is gone.", f"{name} がなくなります。")
    for name in sorted(before.keys() & after.keys()):
        if before[name].zone != after[name].zone:
            yield Text(
                f"{name} stands in zone {after[name].zone} instead of {before[name].zone}.",
                f"{name} のゾーンは {before[name].zone} から {after[name].zone} に変わります。",
            )
        if before[name].prices != after[name].prices:
            yield Text(f"{name} has other prices.", f"{name} の価格が変わります。")


def _cards(basis: Basis) -> dict[str, ModelCard]:
    return {card.address: card for card in basis.all_cards}
