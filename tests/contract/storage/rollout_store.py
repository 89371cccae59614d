"""What every `Rollouts` must do. A store's own test inherits the suite and makes the store."""

import asyncio
from datetime import timedelta
from typing import Any

from msgspec import structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.language import Text
from kyozon.domain.rollout import Difference, Evidence, Move, Rollout, Standing, Terms
from kyozon.ports.rollout import Rollouts
from tests.fakes.record_samples import LONG_AGO

TERMS = Terms(7, 1000, 0.015)


def a_rollout(name: str = "rol_1", version: str = "newer", **changes: Any) -> Rollout:
    rollout = Rollout(name, version, "older", "shadow", LONG_AGO, LONG_AGO, TERMS, "花子", "from use", size=4)
    return structs.replace(rollout, **changes)


def an_event(rollout: Rollout) -> AuditEvent:
    return AuditEvent(
        f"evt_{rollout.id}_{rollout.stage}", LONG_AGO, "router:tried", user=rollout.by, object=rollout.version
    )


class RolloutsSuite:
    """Subclasses have a fixture `store`."""

    async def test_what_began_is_on_trial_and_its_file_is_kept(self, store: Rollouts) -> None:
        rollout = a_rollout()
        assert await store.standing() == Standing()
        assert await store.begin(rollout, b"\0\1\2\3", an_event(rollout))
        assert await store.standing() == Standing(None, rollout)
        assert (await store.body("newer"), await store.body("older")) == (b"\0\1\2\3", None)

    async def test_one_is_tried_at_a_time(self, store: Rollouts) -> None:
        several = [a_rollout(f"rol_{number}", f"newer-{number}") for number in range(4)]
        begun = await asyncio.gather(*(store.begin(one, b"0123", an_event(one)) for one in several))
        assert sorted(begun) == [False, False, False, True]
        assert len(await store.all()) == 1

    async def test_of_two_moves_one_is_made(self, store: Rollouts) -> None:
        rollout = a_rollout()
        await store.begin(rollout, b"0123", an_event(rollout))
        on, back = structs.replace(rollout, stage="share"), structs.replace(rollout, stage="refused")
        moved = await asyncio.gather(*(store.move(one, "shadow", an_event(one)) for one in (on, back)))
        assert sorted(moved) == [False, True]
        (found,) = await store.all()
        assert found == (on if moved[0] else back)

    async def test_the_last_to_go_whole_is_followed_until_it_goes_back(self, store: Rollouts) -> None:
        wholes = []
        for number in range(3):
            rollout = a_rollout(f"rol_{number}", began=LONG_AGO + timedelta(hours=number))
            await store.begin(rollout, b"0123", an_event(rollout))
            later = rollout.began + timedelta(minutes=1)
            moves = (Move("share", rollout.began, "", (Text("good", "良好"),)), Move("whole", later, "山"))
            whole = structs.replace(rollout, stage="whole", since=later, moves=moves)
            assert await store.move(whole, "shadow", an_event(whole))
            wholes.append(whole)
        assert await store.standing() == Standing(wholes[2])
        gone = structs.replace(wholes[2], stage="rolled_back")
        assert await store.move(gone, "whole", an_event(gone))
        assert await store.standing() == Standing(wholes[1])
        assert await store.all() == [gone, wholes[1], wholes[0]]

    async def test_what_a_look_has_found_is_kept_while_it_is_true(self, store: Rollouts) -> None:
        rollout = a_rollout()
        await store.begin(rollout, b"0123", an_event(rollout))
        found = Evidence(10, 5, 1, 3, -0.25, Difference(-0.5, 0.25, None, 1, 0))
        looked = structs.replace(rollout, evidence=found, looked_at=LONG_AGO + timedelta(minutes=1))
        await store.looked(looked, found)
        assert (await store.standing()).running == looked
        await store.looked(structs.replace(looked, stage="share"), Evidence())
        assert (await store.standing()).running == looked
