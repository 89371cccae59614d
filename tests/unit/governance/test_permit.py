"""Permission is the absence of objections: a conjunction over the rules, denied by default where a zone is unknown."""

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Label, Zone
from kyozon.domain.language import Text
from kyozon.governance.permit import objections, permit
from kyozon.governance.subject import Rule, Subject
from tests.fakes.installation import rules
from tests.fakes.strategies import labels, zones
from tests.unit.governance.subjects import subject


def _rule(name: str, *, objects: bool) -> Rule:
    objection = Objection(name, "a", "b", Text("no.", "不可。"))

    def rule(_: Subject) -> Objection | None:
        return objection if objects else None

    return rule


@given(st.lists(st.booleans(), max_size=6))
def test_permit_is_a_conjunction(answers: list[bool]) -> None:
    found = objections(subject(), [_rule(str(place), objects=objects) for place, objects in enumerate(answers)])
    assert [objection.rule for objection in found] == [str(place) for place, objects in enumerate(answers) if objects]


def test_every_subject_is_answered_in_the_order_given() -> None:
    first, second = subject(), subject(zone=None)
    verdict = permit([first, second, first], rules())
    assert [asked is first for asked, _ in verdict] == [True, False, True]
    assert [bool(found) for _, found in verdict] == [False, True, False]


@given(labels)
def test_an_unknown_zone_is_denied(label: Label) -> None:
    assert objections(subject(zone=None, label=label), rules())


@given(labels, zones)
def test_one_rule_less_never_objects_more(label: Label, zone: Zone) -> None:
    asked, every = subject(label=label, zone=zone), rules()
    whole = objections(asked, every)
    for left_out in every:
        rest = objections(asked, [rule for rule in every if rule is not left_out])
        assert set(rest) <= set(whole)


@given(labels, zones)
def test_objections_say_what_to_do_in_both_languages(label: Label, zone: Zone) -> None:
    for objection in objections(subject(label=label, zone=zone), rules()):
        assert objection.need
        assert objection.have
        assert objection.text.en.endswith((".", ")"))
        assert objection.text.ja.endswith(("。", "）"))
