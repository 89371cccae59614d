"""A policy spelled out and compared: by consequence, not by line."""

import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

import kyozon.governance.rules
from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.domain.models import ModelCard, Provider
from kyozon.domain.policy import Basis, Exploring
from kyozon.domain.review import ReviewRules
from kyozon.governance.flow import may_flow
from kyozon.governance.policy_flows import ANY_OTHER, compartments_of, difference, flows
from kyozon.governance.policy_words import in_words

RULES = [
    importlib.import_module(module.name).rule
    for module in pkgutil.iter_modules(kyozon.governance.rules.__path__, f"{kyozon.governance.rules.__name__}.")
]
HOST = Zone("host", "host", Clearance(Level.RESTRICTED, frozenset({"*"})))
AWAY = Zone("away", "external", Clearance(Level.INTERNAL, frozenset({"pii"})), region="JP", trains=False)
NAMES = ("pii", "no-train", "jp-only", "us-only", "legal")
ZONES = st.builds(
    Zone,
    st.just("away"),
    st.sampled_from(["host", "lan", "external"]),
    st.builds(Clearance, st.sampled_from(list(Level)), st.frozensets(st.sampled_from((*NAMES, "*")))),
    st.sampled_from([None, "JP", "US"]),
    st.none(),
    st.sampled_from([None, True, False]),
)
LABELS = st.builds(Label, st.sampled_from(list(Level)), st.frozensets(st.sampled_from(NAMES)))


def policy(*zones: Zone, **changes: object) -> Basis:
    cards = tuple(ModelCard(f"in-{zone.id}", "vendor", "m", zone.id, context=8192) for zone in zones)
    providers = (Provider("vendor", "vendor", "openai", ""),)
    rules = tuple(rule.__module__.rpartition(".")[2] for rule in RULES)
    basis = Basis("v1", Label(Level.CONFIDENTIAL), zones, providers, cards, (), rules, "cheapest", "test")
    return structs.replace(basis, **changes)


@given(zone=ZONES, label=LABELS)
def test_a_level_and_one_compartment_at_a_time_are_enough(zone: Zone, label: Label) -> None:
    """What the listing rests on; two regions at once may go nowhere but stay here, which no listing need say."""
    found = {flow.label: flow.allowed for flow in flows(policy(zone), RULES, NAMES)}
    parts = [Label(label.level, frozenset({name})) for name in label.compartments] or [Label(label.level)]
    if {"jp-only", "us-only"} <= label.compartments and zone.kind != "host":
        assert not may_flow(label, zone)
    else:
        assert may_flow(label, zone) is all(found[part] for part in parts)


@given(old=ZONES, new=ZONES)
def test_the_difference_is_exactly_what_flows_otherwise(old: Zone, new: Zone) -> None:
    before, after = policy(old), policy(new)
    compartments = compartments_of(before, after)
    changed = {
        (a.label, a.allowed)
        for b, a in zip(flows(before, RULES, compartments), flows(after, RULES, compartments), strict=True)
        if a.allowed != b.allowed
    }
    found = difference(before, after, RULES, RULES)
    assert {(label, change.change == "allowed") for change in found.flows for label in change.labels} == changed
    assert found.widens is any(allowed for _, allowed in changed)
    assert all(change.rules for change in found.flows)


def test_a_policy_does_not_differ_from_itself() -> None:
    basis = policy(HOST, AWAY)
    found = difference(basis, basis, RULES, RULES)
    assert (found.flows, found.others) == ((), ())


def test_models_that_come_go_or_move_are_told() -> None:
    old, new = policy(HOST, AWAY), policy(HOST)
    found = difference(old, new, RULES, RULES)
    assert {change.change for change in found.flows} == {"forbidden"}
    assert [text.en for text in found.others] == ["vendor/in-away is gone."]
    assert [text.en for text in difference(new, old, RULES, RULES).others] == ["vendor/in-away is new."]
    moved = structs.replace(old, cards=(old.cards[0], structs.replace(old.cards[1], zone="host")))
    assert "stands in zone host instead of away" in difference(old, moved, RULES, RULES).others[0].en


@pytest.mark.parametrize(
    "change",
    [
        {"default_label": Label(Level.PUBLIC)},
        {"router": "other"},
        {"review": ReviewRules(keys=frozenset({"k"}))},
        {"exploring": Exploring(0.02)},
        {"within": 2.5},
    ],
)
def test_what_else_decides_is_told(change: dict[str, object]) -> None:
    found = difference(policy(HOST), policy(HOST, **change), RULES, RULES)
    assert len(found.others) == 1
    assert found.others[0].en != found.others[0].ja


@given(zone=ZONES)
def test_the_words_say_what_the_zone_may_receive(zone: Zone) -> None:
    """Each compartment stands among those admitted or with the reason why not; the two lists are the rules' own."""
    basis = policy(zone, compartments=frozenset(NAMES))
    section = in_words(basis)[-1]
    said = [text.en for text in section.sentences]
    admitted = {name for line in said if line.startswith("Also in") for name in line.split(": ")[1].rstrip(".").split(", ")}
    refused = {line.split()[4].rstrip(",") for line in said if line.startswith("No data in compartment")}
    assert admitted == {name for name in NAMES if may_flow(Label(Level.PUBLIC, frozenset({name})), zone)}
    assert refused == set(NAMES) - admitted
    others = any(line == "And in any other compartment." for line in said)
    assert others is may_flow(Label(Level.PUBLIC, frozenset({ANY_OTHER})), zone)
    assert all(text.ja for part in in_words(basis) for text in part.sentences)


def test_masked_words_are_spoken_of_only_where_something_would_be_masked() -> None:
    masked = "Personal data and secrets may go there in masked words, where the masking has been verified."
    said = {part.heading.en: [text.en for text in part.sentences] for part in in_words(policy(HOST, AWAY))}
    assert [masked in sentences for heading, sentences in sorted(said.items()) if heading.startswith("Zone")] == [
        True,
        False,
    ]


def test_default_deny_and_held_answers_are_said() -> None:
    sections = in_words(policy(HOST, review=ReviewRules((Label(Level.RESTRICTED),), frozenset({"host"}), frozenset({"k"}))))
    assert "refused" in sections[0].sentences[0].en
    assert len(sections[1].sentences) == 3
