"""A version goes live by itself where it has earned it, and goes back by itself where it has not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
from msgspec import structs

from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.feedback import Feedback, Rated
from kyozon.domain.rollout import LARGEST, Evidence, Rollout, Terms
from kyozon.ports.quality import Estimator
from kyozon.services.rolling_out import Proposal
from tests.fakes.estimator import Admires, KnowsThree
from tests.fakes.installation import FakeInstallation, ask

BETTER, WORSE = b"better", b"worse"
TERMS = Terms(share=50, least=10, margin=0.2)
PROPOSAL = Proposal("admires-cheap", BETTER, "three-models", "ann", "from use", TERMS)


class House(FakeInstallation):
    """Everything that a version goes through. Answers of `good` models are praised, those of others are not."""

    def __init__(self) -> None:
        super().__init__()
        self.measure(KnowsThree())
        self.versions |= {BETTER: Admires("cheap"), WORSE: Admires("in-house")}
        self.good = {"dear", "cheap"}
        self._asked = 0
        self.others_look = False

    async def use(self, requests: int) -> None:
        """So many conversations, each answered and judged."""
        for _ in range(requests):
            self._asked += 1
            said = [{"role": "user", "content": f"Question {self._asked}"}]
            answered = await self.chat.answer(ask(messages=said))
            decision = self.book.decisions_by_id[answered.decision_id]
            score = float(decision.chosen in self.good)
            await self.said.add(
                Feedback(f"fbk_{self._asked}", decision.id, "default", self.time.now, "person", score, "ann", "key_test")
            )
        self.time.advance(seconds=1)

    async def until_it_ends(self, most: int = 40) -> Rollout:
        """Use and look in turn, as the gate does."""
        for _ in range(most):
            await self.use(10)
            look = await self.rolling.check()
            await self.following.follow()
            assert look is not None
            if not look.rollout.running:
                return look.rollout
        raise AssertionError(look)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        yield not self.others_look

    @property
    def actions(self) -> list[str]:
        return [event.action for event in self.rollouts.events]


async def test_a_cheaper_one_that_is_as_good_is_followed_by_all_in_the_end() -> None:
    house = House()
    await house.rolling.begin(PROPOSAL)
    await house.following.follow()
    ended = await house.until_it_ends()
    assert (ended.stage, house.actions) == ("whole", ["router:tried", "router:promoted", "router:promoted"])
    assert (house.registry.estimator, house.registry.tried) == (house.versions[BETTER], None)
    tried, shared, whole = house.rollouts.events
    assert (tried.user, tried.object, tried.detail["stage"]) == ("ann", "admires-cheap", "shadow")
    assert (shared.detail["stage"], shared.detail["decided"], shared.detail["decisions"]) == ("share", "gate", 10)
    assert str(shared.detail["reason"]).startswith("10 decisions; ")
    assert [(move.stage, move.why[0].en[:12]) for move in ended.moves] == [
        ("share", "10 decisions"),
        ("whole", "quality lose"),
    ]
    assert str(whole.detail["cost_change"]).startswith("-0.9")
    assert str(whole.detail["quality"]).startswith("-")
    await house.use(1)
    last = list(house.book.decisions_by_id.values())[-1]
    assert (last.chosen, last.estimator, last.trial) == ("cheap", "admires-cheap", None)


async def test_a_worse_one_goes_back_by_itself() -> None:
    house = House()
    await house.rolling.begin(structs.replace(PROPOSAL, version="admires-in-house", body=WORSE))
    await house.following.follow()
    ended = await house.until_it_ends()
    assert (ended.stage, house.actions[-1]) == ("rolled_back", "router:rolled_back")
    assert house.registry.estimator is house.registry.installation.estimator
    assert house.registry.tried is None


async def test_too_few_judgements_leave_it_where_it_is_and_a_person_may_promote_it() -> None:
    house = House()
    begun = await house.rolling.begin(PROPOSAL)
    promoted = await house.rolling.promote("ann", "we know it from elsewhere")
    assert (promoted.id, promoted.stage) == (begun.id, "share")
    look = await house.rolling.check()
    assert look is not None
    assert (look.ruling.act, look.rollout.stage) == ("stay", "share")
    kept = (await house.rolling.all())[0]
    assert (kept.evidence, kept.looked_at) == (look.rollout.evidence, house.time.now)
    await house.rolling.promote("ann", "still")
    ended = await house.rolling.back("ann", "")
    assert [(move.stage, move.reason, move.why) for move in ended.moves] == [
        ("share", "we know it from elsewhere", ()),
        ("whole", "still", ()),
        ("rolled_back", "", ()),
    ]
    assert ended.moves[-1].at == ended.since
    told = [(event.detail["decided"], event.detail["reason"]) for event in house.rollouts.events[1:]]
    assert told == [("person", "we know it from elsewhere"), ("person", "still"), ("person", "")]
    with pytest.raises(NotFound, match="no version is being tried"):
        await house.rolling.promote("ann", "further")


async def test_a_reason_that_is_kept_for_good_is_short() -> None:
    house = House()
    await house.rolling.begin(PROPOSAL)
    with pytest.raises(InvalidRequest, match="201 characters; at most 200"):
        await house.rolling.promote("ann", "理" * 201)
    assert house.actions == ["router:tried"]
    assert (await house.rolling.promote("ann", f" {'理' * 200}\n")).moves[0].reason == "理" * 200


async def test_one_goes_back_the_way_one_came() -> None:
    house = House()
    await _live(house, PROPOSAL)
    second = structs.replace(PROPOSAL, version="admires-in-house", body=WORSE, instead="admires-cheap")
    await _live(house, second)
    assert _followed(house) == "admires-in-house"
    await house.rolling.begin(structs.replace(PROPOSAL, version="admires-cheap", instead="admires-in-house"))
    for stage, followed in (
        ("refused", "admires-in-house"),
        ("rolled_back", "admires-cheap"),
        ("rolled_back", "three-models"),
    ):
        gone = await house.rolling.back("bob", "")
        await house.following.follow()
        assert (gone.stage, _followed(house)) == (stage, followed)
    with pytest.raises(NotFound, match="nothing to go back from"):
        await house.rolling.back("bob", "")


async def test_what_cannot_be_tried_is_refused() -> None:
    house = House()
    with pytest.raises(InvalidRequest, match="at most 16,777,216"):
        await house.rolling.begin(structs.replace(PROPOSAL, body=bytes(LARGEST + 1)))
    with pytest.raises(InvalidRequest, match="nothing to try"):
        await house.rolling.begin(structs.replace(PROPOSAL, instead=PROPOSAL.version))
    await house.rolling.begin(PROPOSAL)
    with pytest.raises(InvalidRequest, match="one at a time"):
        await house.rolling.begin(structs.replace(PROPOSAL, version="another"))
    assert house.actions == ["router:tried"]


async def test_who_comes_too_late_moves_nothing() -> None:
    house = House()
    begun = await house.rolling.begin(PROPOSAL)
    standing = house.rollouts.by_id[begun.id]
    with _seen_as(house, standing):
        await house.rolling.back("ann", "")
        with pytest.raises(InvalidRequest, match="somebody else"):
            await house.rolling.promote("bob", "good")
        house.rollouts.bodies.clear()  # for the gate this is a reason to end it
        assert await house.rolling.check() is None
    assert (house.rollouts.by_id[begun.id].stage, len(house.actions)) == ("refused", 2)


@pytest.mark.parametrize("body", [b"damaged", None])
async def test_a_damaged_version_stops_no_request_and_goes_back(
    body: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    await _live(house, PROPOSAL)
    await house.rolling.begin(structs.replace(PROPOSAL, version="admires-in-house", body=WORSE, instead="admires-cheap"))
    for version in list(house.rollouts.bodies):
        house.rollouts.bodies.pop(version)
        if body is not None:
            house.rollouts.bodies[version] = body
    house.following._known.clear()  # as after a restart
    with caplog.at_level(logging.ERROR):
        await house.following.follow()
    assert caplog.text.count("it is left out") == 2
    assert (_followed(house), house.registry.tried) == ("three-models", None)
    await house.use(1)
    house.rolling._sound = ""
    look = await house.rolling.check()
    assert look is not None
    assert (look.ruling.act, look.rollout.stage) == ("back", "refused")


async def test_a_version_under_another_name_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    await _live(house, structs.replace(PROPOSAL, version="another"))
    assert _followed(house) == "three-models"
    assert "another (whole) is missing or damaged" in caplog.text


async def test_records_that_cannot_be_read_stop_no_request(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    await _live(house, PROPOSAL)
    house.rollouts.standing = _broken  # type: ignore[method-assign, assignment] # written by another version
    await house.following.follow()
    assert _followed(house) == "admires-cheap"
    assert "stays as it is" in caplog.text


async def test_the_settings_may_ask_for_no_estimates_whatever_is_followed() -> None:
    house = House()
    await _live(house, PROPOSAL)
    house.registry.installation = structs.replace(house.registry.installation, estimator=None)
    assert house.registry.estimator is None


async def test_one_server_looks_each_minute_and_trouble_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    await house.rolling.begin(PROPOSAL)
    house.others_look = True
    with _running(house):
        await _settle()
        assert house.rollouts.by_id["rol_000001"].looked_at is None
        house.others_look = False
        house.rollouts.failing.add("standing")
        await _settle()
        house.said.rated = _broken  # type: ignore[method-assign, assignment] # a look that goes wrong
        house.rollouts.failing.clear()
        await _until(lambda: "tried again" in caplog.text)
        del house.said.rated
        await _until(lambda: house.rollouts.by_id["rol_000001"].evidence == Evidence())
    assert set(house.time.slept) == {60.0}


async def test_moves_are_followed_as_soon_as_they_are_heard_of() -> None:
    house = House()
    task = asyncio.create_task(house.following.tend())
    await house.rolling.begin(PROPOSAL)
    house.rollouts.failing.add("standing")
    house.following.moved()
    await _settle()
    assert house.registry.tried is None
    house.rollouts.failing.clear()
    await _until(lambda: house.registry.tried is not None)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _live(house: House, proposal: Proposal) -> None:
    await house.rolling.begin(proposal)
    for _ in range(2):
        house.time.advance(seconds=1)
        await house.rolling.promote("ann", "at once")
    await house.following.follow()


def _followed(house: House) -> str:
    found: Estimator | None = house.registry.estimator
    assert found is not None
    return found.version


@contextmanager
def _seen_as(house: House, rollout: Rollout) -> Iterator[None]:
    """As two see it who look at the same moment."""
    before = house.rollouts.standing

    async def standing() -> object:
        found = await before()
        return structs.replace(found, running=rollout)

    house.rollouts.standing = standing  # type: ignore[method-assign, assignment] # both see it before either moves it
    yield
    del house.rollouts.standing


@contextmanager
def _running(house: House) -> Iterator[None]:
    task = asyncio.create_task(house.rolling.tend(house.alone))
    yield
    task.cancel()


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - what is waited for is another task's
            await asyncio.sleep(0.001)


async def _settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def _broken(*_: object) -> Rated:
    raise RuntimeError("a mistake")
