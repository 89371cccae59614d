"""What recorded decisions tell of drift; the alarm is told once."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.cascades import Cascade
from kyozon.domain.decisions import Exploration, Trial
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.feedback import Feedback, Rated, Source
from kyozon.domain.language import Text
from kyozon.domain.quality import Estimate, Goal
from kyozon.services.drifting import DRIFTED, DriftWatch, Records, drift, seen
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome
from tests.fakes.steered import START, Steered


def rated(place: int = 0, support: float = 0.9, score: float | None = 1.0, source: Source = "person") -> Rated:
    """An answered request about mathematics, of which 0.8 was expected; one a minute."""
    estimate = Estimate(0.8, 0.7, 0.9, 100, support, (("difficulty", -0.4), ("domain math", 0.2)))
    decision = a_decision(id=f"dec_{place:06d}", at=LONG_AGO + timedelta(minutes=place), estimator="v1")
    first = structs.replace(decision.candidates[0], estimate=estimate)
    decision = structs.replace(decision, candidates=(first, *decision.candidates[1:]))
    said = Feedback("fbk_1", decision.id, "acme", LONG_AGO, source, score or 0.0, "ann", "key_1")
    return Rated(decision, an_outcome(decision), () if score is None else (said,))


class Kept:
    """A `FeedbackStore` and a log: judged decisions, and the events that were told."""

    def __init__(self, *found: Rated) -> None:
        self.found = list(found)
        self.events: list[AuditEvent] = []
        self.asked: list[datetime] = []
        self.failing = False
        self.others_look = False
        self.held = False

    async def rated(
        self,
        since: datetime,
        until: datetime | None = None,  # noqa: ARG002 - the port's
        tenant: str | None = None,
        left_out: list[str] | None = None,  # noqa: ARG002 - the port's
    ) -> AsyncIterator[Rated]:
        self.asked.append(since)
        if self.failing:
            raise StorageUnavailable(Text("gone", "停止"))
        for one in self.found:
            if one.decision.at >= since and tenant in (None, one.decision.tenant):
                yield one

    async def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    async def told(self, action: str) -> Sequence[AuditEvent]:
        return [event for event in self.events if event.action == action]

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        self.held = True
        try:
            yield not self.others_look
        finally:
            self.held = False


def watch(kept: Kept, world: Steered, hours: float = 24) -> DriftWatch:
    records = Records(kept, kept.told, kept)  # type: ignore[arg-type] # what is not read or told here is left out
    return DriftWatch(records, world.world, timedelta(hours=hours), kept.alone)


def many(count: int, start: int = 0, support: float = 0.9) -> list[Rated]:
    chance = random.Random(start)  # noqa: S311 - tests want the same again
    return [rated(start + place, support - 0.1 * chance.random(), None) for place in range(count)]


def test_a_decision_tells_what_is_known_of_it() -> None:
    told = seen(rated())
    assert told is not None
    assert (told.version, told.support, told.domain) == ("v1", 0.9, "math")
    assert told.surprise == pytest.approx(0.2)
    assert 0 <= told.chance < 1
    again, other = seen(rated()), seen(rated(1))
    assert again is not None
    assert other is not None
    assert again.chance == told.chance != other.chance


def test_what_was_only_seen_says_nothing_of_the_quality_and_a_cascade_is_expected_to_be_as_good_as_all_of_it() -> None:
    for one in (rated(score=None), rated(source="retry")):
        told = seen(one)
        assert told is not None
        assert told.surprise is None
    whole = rated()
    plan = Cascade("local/small", "openai/gpt", None, 0.95, whole.decision.held, 1.0)
    told = seen(structs.replace(whole, decision=structs.replace(whole.decision, cascade=plan)))
    assert told is not None
    assert told.surprise == pytest.approx(0.05)


def test_what_was_not_estimated_or_by_a_version_on_trial_is_passed_over() -> None:
    plain, trial = rated(), Trial("v2", "share", used=True)
    for changes in ({"estimator": ""}, {"candidates": ()}, {"trial": trial}):
        assert seen(structs.replace(plain, decision=structs.replace(plain.decision, **changes))) is None
    shadow = structs.replace(plain.decision, trial=structs.replace(trial, used=False))
    assert seen(structs.replace(plain, decision=shadow)) is not None


async def test_a_change_is_found_with_its_day() -> None:
    kept = Kept(*many(600), *many(80, 600, support=0.4))
    found = await drift(kept, LONG_AGO)  # type: ignore[arg-type] # as above
    (change,) = found.changes
    assert (change.alarm.stream, found.requests) == ("support", 680)
    assert abs(change.began - kept.found[600].decision.at) < timedelta(minutes=30)
    assert change.clear == kept.found[change.alarm.place].decision.at
    assert change.decision == kept.found[change.alarm.place].decision.id
    assert found.observed["domains"] == 680
    assert set(found.reached) == {"support", "quality", "domains"}
    assert (await drift(kept, LONG_AGO, "another")).requests == 0  # type: ignore[arg-type] # as above


async def test_another_version_ends_what_was_found() -> None:
    kept = Kept(*many(600), *many(80, 600, support=0.4))
    assert len((await drift(kept, LONG_AGO)).lasting) == 1  # type: ignore[arg-type] # as above
    after = rated(680)
    kept.found.append(structs.replace(after, decision=structs.replace(after.decision, estimator="v2")))
    found = await drift(kept, LONG_AGO)  # type: ignore[arg-type] # as above
    assert ([change.over for change in found.changes], found.lasting) == ([True], [])
    assert found.observed["support"] == 1


def test_scores_are_compared_with_those_of_the_same_choice_for_the_same_goal() -> None:
    plain = rated().decision
    plan = Cascade("local/small", "openai/gpt", None, 0.95, plain.held, 1.0)
    made = [plain, structs.replace(plain, quality=Goal(0.5)), structs.replace(plain, chosen="another")]
    made += [structs.replace(plain, cascade=plan), structs.replace(plain, exploration=Exploration(0.1, 0.0, explored=True))]
    told = [seen(structs.replace(rated(), decision=decision)) for decision in made]
    assert len({one.kind for one in told if one is not None}) == len(made)


async def test_the_alarm_is_told_once_and_then_it_begins_anew() -> None:
    kept, world = Kept(*many(600), *many(80, 600, support=0.4)), Steered()
    world.now = LONG_AGO + timedelta(days=2)
    looking = watch(kept, world)
    await looking.look()
    (event,) = kept.events
    assert (event.action, event.object[:4], event.user) == (DRIFTED, "dec_", "")
    assert event.detail["stream"] == "support"
    assert float(str(event.detail["after"])) < float(str(event.detail["before"]))
    assert {gauge.labels["stream"]: gauge.value for gauge in looking.gauges()}["support"] == 1.0
    world.advance(days=1)
    await looking.look()
    assert len(kept.events) == 1
    assert kept.asked[1] == event.at
    assert {gauge.labels["stream"]: gauge.value for gauge in looking.gauges()}["support"] == 0.0


async def test_a_look_goes_back_to_the_beginning_of_the_last_month() -> None:
    kept, world = Kept(), Steered()
    await watch(kept, world).look()
    assert kept.asked == [START.replace(month=9, day=1, hour=0)]


async def tended(kept: Kept, hours: float, naps: int) -> tuple[DriftWatch, Steered]:
    """Tend until it has slept so often."""
    world = Steered()
    looking = watch(kept, world, hours)
    task = asyncio.create_task(looking.tend())
    while len(world.slept) < naps and not task.done():  # noqa: ASYNC110 - its world has no event for a nap
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return looking, world


async def test_it_looks_as_often_as_it_was_told() -> None:
    kept = Kept()
    _, world = await tended(kept, 24, 4)
    assert world.slept[:3] == [60.0, 86_400.0, 86_400.0]
    assert len(kept.asked) >= 3


async def test_never_means_never() -> None:
    kept = Kept()
    await tended(kept, 0, 1)
    assert kept.asked == []


async def test_while_another_server_looks_this_one_asks_again_and_says_nothing() -> None:
    kept = Kept()
    kept.others_look = True
    looking, world = await tended(kept, 24, 3)
    assert world.slept[:3] == [60.0, 300.0, 300.0]
    assert kept.asked == list(looking.gauges()) == []


async def test_it_is_asked_at_each_look_whether_another_server_looks() -> None:
    kept, world = Kept(), Steered()
    task = asyncio.create_task(watch(kept, world).tend())
    while len(world.slept) < 2:  # noqa: ASYNC110 - its world has no event for a nap
        await asyncio.sleep(0)
    assert (len(kept.asked), kept.held) == (1, False)
    kept.others_look = True
    while len(world.slept) < 4:  # noqa: ASYNC110 - its world has no event for a nap
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert world.slept[:4] == [60.0, 86_400.0, 300.0, 300.0]
    assert len(kept.asked) == 1


async def test_a_database_that_is_away_is_asked_again() -> None:
    kept = Kept()
    kept.failing = True
    _, world = await tended(kept, 24, 3)
    assert world.slept[:3] == [60.0, 300.0, 300.0]
