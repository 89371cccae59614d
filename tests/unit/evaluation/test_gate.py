"""What earns a version its next stage, what sends it back, and what leaves it where it is."""

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.cascades import Cascade
from kyozon.domain.decisions import CacheUse, Decision, Exploration, Trial
from kyozon.domain.feedback import Rated
from kyozon.domain.rollout import Difference, Evidence, Rollout, Ruling
from kyozon.evaluation import trials
from kyozon.evaluation.gate import ruling
from kyozon.evaluation.sequential import Group, surely_between
from kyozon.evaluation.trials import Tally
from tests.fakes.trials import SHADOW, SHARE, Told, rated


def shown(told: Iterable[Told | Rated], rollout: Rollout = SHARE, floor: float = 0.0) -> Evidence:
    tally = Tally(rollout, floor)
    for one in told:
        tally.add(rated(one, rollout) if isinstance(one, Told) else one)
    return tally.evidence()


def judged(told: Iterable[Told | Rated], rollout: Rollout = SHARE) -> Ruling:
    return ruling(rollout, shown(told, rollout))


def both(count: int, before: float, after: float, **more: Any) -> list[Told]:
    """So many requests with each version, of which these shares were good."""
    return [
        Told(used, score=float(at < count * good), **more)
        for used, good in ((False, before), (True, after))
        for at in range(count)
    ]


def test_a_shadow_waits_for_its_decisions_and_then_goes_on() -> None:
    said = judged([Told() for _ in range(19)], SHADOW)
    assert (said.act, said.reasons[0].en) == ("stay", "19 of at least 20 decisions so far")
    assert said.reasons[0].ja == "決定はまだ 19 件です（最低 20 件）"
    assert judged([Told() for _ in range(20)], SHADOW).act == "on"


@pytest.mark.parametrize("rollout", [SHADOW, SHARE])
def test_a_version_that_abstains_goes_back_at_once(rollout: Rollout) -> None:
    said = judged([Told(failed=True)], rollout)
    assert (said.act, said.reasons[0].en) == ("back", "it failed in 1 of 1 decisions")
    patient = structs.replace(rollout, terms=structs.replace(rollout.terms, least=200))
    assert judged([Told(failed=True), Told(failed=True)], patient).act == "stay"  # 1 % of 200
    assert judged([Told(failed=True)] * 3, patient).act == "back"


def test_a_share_without_judgements_stays_whatever_happens() -> None:
    said = judged([Told(used=at % 2 == 0) for at in range(2000)])
    assert said.act == "stay"
    assert "lower by as much as 100.0 points, and 10 are allowed" in said.reasons[0].en
    assert "0 conversations without it and 0 with it were judged" in said.reasons[0].en


def test_a_cheaper_version_that_is_as_good_goes_whole() -> None:
    evidence = shown(both(400, 0.9, 0.9))
    assert evidence.cost_change == pytest.approx(-0.9)
    assert evidence.quality is not None
    assert evidence.quality.value == 0
    assert -0.1 <= evidence.quality.low < 0 < evidence.quality.high
    said = ruling(SHARE, evidence)
    assert said.act == "on"
    assert "90.0 % of the cost is saved" in said.reasons[0].en


def test_a_worse_one_goes_back_as_soon_as_that_is_sure() -> None:
    told = [one for pair in zip(both(60, 0.9, 0.9)[:60], both(60, 0.9, 0.2)[60:], strict=True) for one in pair]
    acts = [judged(told[:count]).act for count in range(20, len(told), 4)]
    assert acts[0] == "stay"
    assert acts[-1] == "back"
    assert "surely worse" in judged(told).reasons[0].en
    assert "on" not in acts


def test_nothing_is_promoted_that_costs_more() -> None:
    dearer = [structs.replace(one, paid=Decimal("0.05") if one.used else None) for one in both(400, 0.5, 0.9)]
    evidence = shown(dearer)
    assert evidence.cost_change is not None
    assert evidence.cost_change > 0  # cheaper by its word, dearer by the bill
    said = ruling(SHARE, evidence)
    assert (said.act, len(said.reasons)) == ("stay", 1)
    assert "only a person can say" in said.reasons[0].en


def test_a_little_worse_is_no_reason_to_go_back_where_it_saves() -> None:
    slightly = Difference(-0.09, -0.01, -0.05, 999, 999)
    saves = Evidence(1000, 500, 0, 1000, -0.5, slightly)
    assert ruling(SHARE, saves).act == "on"
    assert ruling(SHARE, structs.replace(saves, cost_change=0.0)).act == "back"
    assert ruling(SHARE, structs.replace(saves, cost_change=None)).act == "back"
    assert ruling(SHARE, structs.replace(saves, quality=Difference(-0.4, -0.11, -0.2, 99, 99))).act == "back"


def test_requests_that_fail_or_are_asked_again_count_against_it() -> None:
    fails = [Told(used=True, status="failed") for _ in range(40)] + [Told() for _ in range(40)]
    asked_again = [Told(used=True, score=0.0, source="retry") for _ in range(40)] + [Told() for _ in range(40)]
    for told in (fails, asked_again):
        said = judged(told)
        assert said.act == "back"
        assert "fail or are asked again" in said.reasons[0].en
    seen = shown(asked_again)
    assert seen.quality is not None
    assert (seen.quality.before, seen.quality.after) == (0, 0)  # what is only seen is no score


def test_a_conversation_counts_once() -> None:
    told = [Told(used=True, score=0.0, conversation="one") for _ in range(500)] + [Told(score=1.0) for _ in range(50)]
    evidence = shown(told)
    assert evidence.quality is not None
    assert (evidence.quality.before, evidence.quality.after) == (50, 1)
    assert ruling(SHARE, evidence).act == "stay"


def test_two_versions_that_choose_the_same_are_not_exchanged_by_silence() -> None:
    agreeing = [Told(used=at % 2 == 0, differ=False, score=float(at % 3 == 0)) for at in range(4000)]
    evidence = shown(agreeing)
    assert (evidence.differing, evidence.cost_change) == (0, 0.0)
    assert evidence.quality is not None
    assert (evidence.quality.before, evidence.quality.after) == (0, 0)
    assert evidence.quality.low > -0.01
    said = ruling(SHARE, evidence)
    assert (said.act, len(said.reasons)) == ("stay", 1)
    assert "the same in all 4,000 decisions" in said.reasons[0].en
    assert "4,000 件の決定すべてで選択が同じ" in said.reasons[0].ja


@pytest.mark.parametrize(("judged_of_each", "act"), [(0, "stay"), (29, "stay"), (30, "on")])
def test_where_they_hardly_differ_answers_must_be_judged_all_the_same(judged_of_each: int, act: str) -> None:
    """They differ in 1 % of requests, so no more than that can be lost, and 10 % are allowed."""
    agreeing = [Told(used=at % 2 == 0, differ=False) for at in range(9900)]
    unjudged = [Told(used=at % 2 == 0) for at in range(100 - 2 * judged_of_each)]
    evidence = shown([*agreeing, *unjudged, *both(judged_of_each, 0.9, 0.9)])
    assert evidence.quality is not None
    assert evidence.quality.low > -SHARE.terms.margin
    said = ruling(SHARE, evidence)
    assert said.act == act
    if act == "stay":
        assert f"{judged_of_each} conversations without it and {judged_of_each} with it were judged" in said.reasons[0].en
        assert "at least 30 of each are needed" in said.reasons[0].en
        assert "それぞれ 30 件以上" in said.reasons[0].ja


def test_how_often_they_differ_is_counted_by_conversation() -> None:
    """Ten conversations of fifty requests say no more of it than ten requests would."""
    told = [Told(differ=at < 2, conversation=f"c{at}") for at in range(10) for _ in range(50)]
    evidence = shown(told)
    _, mostly = surely_between(Group(2, 10), 0.025)
    assert (evidence.decisions, evidence.differing) == (500, 100)
    assert evidence.quality is not None
    assert (evidence.quality.low, evidence.quality.high) == pytest.approx((-mostly, mostly), abs=1e-4)


@pytest.mark.parametrize("kind", ["count", "embedding"])
def test_requests_that_ask_for_no_answer_are_passed_over(kind: Any) -> None:
    mine = rated(Told(used=True))
    assert shown([structs.replace(mine, decision=structs.replace(mine.decision, kind=kind))]) == shown([])


def test_other_decisions_and_answers_from_the_cache_are_passed_over() -> None:
    mine = rated(Told(used=True, score=0.0))
    assert mine.outcome is not None
    cached = structs.replace(mine, outcome=structs.replace(mine.outcome, cache=CacheUse("hit-exact")))
    found = shown([cached, rated(Told(used=True), SHADOW), structs.replace(mine, outcome=None)])
    assert (found.decisions, found.differing) == (2, 2)
    assert found.quality is not None
    assert (found.quality.after, found.cost_change) == (0, None)
    assert shown([rated(Told(used=True), structs.replace(SHARE, version="another"))]).decisions == 0


def test_what_was_drawn_by_chance_is_nobodys_choice() -> None:
    found = shown([Told(used=True, score=0.0, drawn=0.1), Told(score=1.0, drawn=0.1)])
    assert found.quality is not None
    assert (found.quality.before, found.quality.after, found.cost_change) == (0, 0, None)


def test_what_was_drawn_by_chance_tells_of_a_shadow() -> None:
    """The cheap model, which the shadow would choose, was drawn for a fifth of the requests, and its answers were bad."""
    drawn = [Told(score=0.0, drawn=0.2) for _ in range(60)]
    kept = Exploration(0.8, 0.9, explored=False)
    usual = [rated(Told(score=1.0), SHADOW) for _ in range(240)]
    mostly = [structs.replace(one, decision=structs.replace(one.decision, exploration=kept)) for one in usual]
    evidence = shown([*drawn, *mostly], SHADOW)
    assert evidence.quality is not None
    assert evidence.quality.value == pytest.approx(-0.8, abs=0.05)
    assert (evidence.quality.before, evidence.quality.after) == (300, 60)
    assert ruling(SHADOW, evidence).act == "back"
    assert shown(usual, SHADOW).quality is None  # nothing was left to chance: nothing is known
    assert shown([*drawn, *mostly], SHADOW, floor=0.95).quality is None  # below the floor it is never drawn


OWN = Cascade("cheap", "dear", None, 0.9, Decimal("0.002"), 0.1)


def _drawn_beside_a_cascade(*, differ: bool, behind: tuple[str, ...] = ()) -> list[Rated]:
    """The router begins with the cheap model, the dear one behind it; for a fifth of the requests one of them is drawn."""
    found = []
    for at in range(300):
        one = rated(Told(score=float(at % 3 > 0), drawn=0.1), SHADOW)  # the cheap one answers alone, by rank the first
        assert one.decision.trial is not None
        other = structs.replace(one.decision.trial, choice="cheap", differs=differ, behind=behind)
        explored = Exploration(0.1, 0.0, explored=True, instead=("cheap", "dear", ""))
        decision = structs.replace(one.decision, exploration=explored, trial=other)
        if at % 5:
            decision = structs.replace(decision, exploration=Exploration(0.8, 0.9, explored=False), cascade=OWN)
        found.append(structs.replace(one, decision=decision))
    return found


def test_the_first_of_a_cascade_that_was_drawn_to_answer_alone_is_not_the_routers_choice() -> None:
    """Both versions plan the cascade: whatever the first alone was worth, following the other changes nothing."""
    found = trials._logged(*_logged_of(_drawn_beside_a_cascade(differ=False)[0]))
    assert [(one.chosen, one.elsewhere, one.expected, one.expected_other) for one in found] == [(False, False, 0.8, 0.8)]
    evidence = shown(_drawn_beside_a_cascade(differ=False), SHADOW)
    assert evidence.quality is not None
    assert (evidence.quality.before, evidence.quality.after) == (300, 0)


def test_a_shadow_that_asks_the_first_alone_is_known_by_those_that_were_drawn() -> None:
    found = shown(_drawn_beside_a_cascade(differ=True), SHADOW).quality
    assert found is not None
    assert (found.before, found.after) == (300, 60)
    with_another = _drawn_beside_a_cascade(differ=True, behind=("other", ""))  # such a cascade is never drawn
    assert shown(with_another, SHADOW).quality is None


@given(st.integers(0, 30), st.floats(0, 1), st.integers(0, 30), st.floats(0, 1), st.integers(1, 60))
def test_an_interval_holds_what_was_seen(before: int, good: float, after: int, good_too: float, agreeing: int) -> None:
    told = [Told(score=good)] * before + [Told(used=True, score=good_too)] * after + [Told(differ=False)] * agreeing
    found = shown(told).quality
    assert found is not None
    assert -1 <= found.low <= found.high <= 1
    if found.value is not None:
        assert found.low - 1e-4 <= found.value <= found.high + 1e-4


def test_as_good_is_hardly_ever_sent_back_and_worse_is_hardly_ever_promoted() -> None:
    """Trials of 600 conversations, looked at ten times: 30 of a version as good, and 30 of one that loses 35 points."""
    ends = {}
    for loses in (0.0, 0.35):
        ends[loses] = [_end(random.Random(f"{seed}{loses}"), loses) for seed in range(30)]  # noqa: S311 - the same again
    assert ends[0.0].count("back") <= 2
    assert ends[0.35].count("on") <= 2
    assert ends[0.35].count("back") >= 25


def _logged_of(one: Rated) -> tuple[Decision, Trial, float, float]:
    assert one.decision.trial is not None
    return one.decision, one.decision.trial, 1.0, 0.0


def _end(chance: random.Random, loses: float) -> str:
    tally = Tally(SHARE)
    for count in range(1, 601):
        used = chance.random() < 0.5
        tally.add(rated(Told(used, score=float(chance.random() < 0.85 - (loses if used else 0)))))
        if count % 60 == 0 and (act := ruling(SHARE, tally.evidence()).act) != "stay":
            return act
    return "stay"
