"""Another version of what estimates models goes live through the gate: begun, looked at, moved on or back, on record."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from msgspec import Struct, structs

from kyozon.domain.audit import AuditEvent, Fact
from kyozon.domain.errors import InvalidRequest, NotFound, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.domain.rollout import LARGEST, LONGEST, Difference, Evidence, Move, Rollout, Ruling, Stage, Standing, Terms
from kyozon.evaluation.gate import ruling
from kyozon.evaluation.trials import Tally
from kyozon.ports.feedback import FeedbackStore
from kyozon.ports.quality import Estimator
from kyozon.ports.rollout import Rollouts
from kyozon.services.world import World

Read = Callable[[bytes], Estimator]
"""What the bytes of a version say; raises `ValueError` where they say nothing."""

Alone = Callable[[], AbstractAsyncContextManager[bool]]
"""Whether no other server is at it; while the block runs none begins."""

_log = logging.getLogger("kyozon.router")
_LOOKS_EVERY: Final = 60.0
_RESTS: Final = 20.0
"""After a look the gate rests for so many times as long as it took: months of records must not keep a server busy."""
_NEXT: Final[dict[Stage, Stage]] = {"shadow": "share", "share": "whole"}
_BACK: Final[dict[Stage, Stage]] = {"shadow": "refused", "share": "rolled_back", "whole": "rolled_back"}


class Proposal(Struct, frozen=True):
    """A version that is to be tried in the place of `instead`, and whose wish that is."""

    version: str
    body: bytes
    instead: str
    by: str = ""
    note: str = ""
    terms: Terms = Terms()


class Look(Struct, frozen=True):
    """A rollout as it stands after a look, the stage it was in `before`, and what the gate said."""

    rollout: Rollout
    before: Stage
    ruling: Ruling


class RollingOut:
    """What operators and the gate do with versions. `floor` is as in `evaluation.trials.Tally`."""

    def __init__(self, rollouts: Rollouts, feedback: FeedbackStore, read: Read, world: World, floor: float = 0.0) -> None:
        self._rollouts = rollouts
        self._feedback = feedback
        self._read = read
        self._world = world
        self._floor = floor
        self._sound = ""

    async def standing(self) -> Standing:
        """What is followed, and what is on trial."""
        return await self._rollouts.standing()

    async def all(self) -> list[Rollout]:
        """Every rollout, the newest first."""
        return await self._rollouts.all()

    async def begin(self, proposal: Proposal) -> Rollout:
        """Try a version: at first nothing follows it.

        Raises:
            InvalidRequest: it is too large, another one is being tried, or it is the one that is followed.
        """
        if len(proposal.body) > LARGEST:
            raise InvalidRequest(_too_large(len(proposal.body)))
        if proposal.version == proposal.instead:
            raise InvalidRequest(_followed_already(proposal.version))
        now = self._world.now()
        rollout = Rollout(
            id=self._world.new_id("rol"),
            version=proposal.version,
            instead=proposal.instead,
            stage="shadow",
            began=now,
            since=now,
            terms=proposal.terms,
            by=proposal.by,
            note=proposal.note,
            size=len(proposal.body),
        )
        if not await self._rollouts.begin(rollout, proposal.body, self._event("router:tried", rollout, proposal.by)):
            raise InvalidRequest(_one_at_a_time())
        return rollout

    async def promote(self, by: str, reason: str) -> Rollout:
        """Move what is on trial one stage on, by a person's word.

        Raises:
            NotFound: nothing is on trial.
            InvalidRequest: the reason is too long, or somebody else was faster.
        """
        running = (await self._rollouts.standing()).running
        if running is None:
            raise NotFound(_nothing_tried())
        return await self._by_hand(running, _NEXT[running.stage], by, reason)

    async def back(self, by: str, reason: str) -> Rollout:
        """End what is on trial; else return from the version that is followed to the one before.

        Raises:
            NotFound: nothing but the settings' own is followed.
            InvalidRequest: the reason is too long, or somebody else was faster.
        """
        standing = await self._rollouts.standing()
        last = standing.running or standing.whole
        if last is None:
            raise NotFound(_nothing_to_return_from())
        return await self._by_hand(last, _BACK[last.stage], by, reason)

    async def check(self) -> Look | None:
        """Look at what is on trial and do what the gate says; None where nothing is, or somebody else was faster."""
        running = (await self._rollouts.standing()).running
        if running is None:
            return None
        found = await self._evidence(running)
        running = structs.replace(running, evidence=found, looked_at=self._world.now())
        broken = await self._broken(running)
        said = ruling(running, found) if broken is None else Ruling("back", (broken,))
        if said.act == "stay":
            await self._rollouts.looked(running, found)
            return Look(running, running.stage, said)
        stage = _NEXT[running.stage] if said.act == "on" else _BACK[running.stage]
        moved = await self._moved(running, Move(stage, self._world.now(), "", said.reasons))
        return None if moved is None else Look(moved, running.stage, said)

    async def tend(self, alone: Alone) -> None:
        """Look again and again, where no other server does; runs until cancelled."""
        pause = _LOOKS_EVERY
        while True:
            await self._world.sleep(pause)
            began = self._world.seconds()
            try:
                async with alone() as mine:
                    if mine:
                        _tell(await self.check())
            except StorageUnavailable:
                continue
            except Exception:  # noqa: BLE001 - requests go on by what is followed now
                _log.exception("looking at the router version on trial failed; it is tried again")
            pause = max(_LOOKS_EVERY, _RESTS * (self._world.seconds() - began))

    async def _evidence(self, rollout: Rollout) -> Evidence:
        tally = Tally(rollout, self._floor)
        async for rated in self._feedback.rated(rollout.since):
            tally.add(rated)
        return await asyncio.to_thread(tally.evidence)

    async def _broken(self, rollout: Rollout) -> Text | None:
        """What is wrong with the file of a version; each is read once."""
        if self._sound == rollout.version:
            return None
        body = await self._rollouts.body(rollout.version)
        try:
            if body is not None and (await asyncio.to_thread(self._read, body)).version == rollout.version:
                self._sound = rollout.version
                return None
        except ValueError as error:
            return Text(f"its file cannot be read ({error})", f"ファイルを読めません（{error}）")
        return Text("its file is missing or damaged", "ファイルがないか、壊れています")

    async def _by_hand(self, rollout: Rollout, stage: Stage, by: str, reason: str) -> Rollout:
        reason = reason.strip()
        if len(reason) > LONGEST:
            raise InvalidRequest(_too_long(len(reason)))
        moved = await self._moved(rollout, Move(stage, self._world.now(), reason), by)
        if moved is None:
            raise InvalidRequest(_moved_meanwhile())
        return moved

    async def _moved(self, rollout: Rollout, move: Move, by: str = "") -> Rollout | None:
        """Into another stage, with what was known then; None where it stands in this one no more."""
        before = rollout.stage
        moved = structs.replace(rollout, stage=move.stage, since=move.at, moves=(*rollout.moves, move))
        action = {"refused": "router:refused", "rolled_back": "router:rolled_back"}.get(move.stage, "router:promoted")
        event = self._event(action, moved, by, before)
        if moved.running:  # what the stage before has shown is on record; this one has shown nothing yet
            moved = structs.replace(moved, evidence=None, looked_at=None)
        return moved if await self._rollouts.move(moved, before, event) else None

    def _event(self, action: str, rollout: Rollout, by: str, before: Stage | None = None) -> AuditEvent:
        """What was done, who decided it and why, and the figures that were known; no words of people but the reason."""
        detail: dict[str, Fact] = {"rollout": rollout.id, "instead": rollout.instead, "stage": rollout.stage}
        if before is not None:
            detail |= {"before": before, **_decided(rollout.moves[-1])}
        if rollout.evidence is not None:
            detail |= _figures(rollout.evidence)
        new, now = self._world.new_id("evt"), self._world.now()
        return AuditEvent(new, now, action, "", by, rollout.version, detail)


def _tell(look: Look | None) -> None:
    """To the log of the server: nobody is there to be told."""
    if look is not None and look.before != look.rollout.stage:
        found, why = look.rollout, look.ruling.reasons[0].en
        _log.warning("router version %s: %s → %s (%s)", found.version, look.before, found.stage, why)


def _decided(move: Move) -> dict[str, Fact]:
    if move.why:
        return {"decided": "gate", "reason": "; ".join(text.en for text in move.why)}
    return {"decided": "person", "reason": move.reason}


def _figures(found: Evidence) -> dict[str, Fact]:
    counts: dict[str, Fact] = {
        "decisions": found.decisions,
        "followed": found.decided,
        "abstained": found.abstained,
        "differing": found.differing,
        "cost_change": None if found.cost_change is None else f"{found.cost_change:+.4f}",
    }
    return {**counts, **_between("quality", found.quality), **_between("well", found.well)}


def _between(name: str, found: Difference | None) -> dict[str, Fact]:
    if found is None:
        return {}
    return {name: f"{found.low:+.4f} to {found.high:+.4f}", f"{name}_judged": f"{found.before}, {found.after}"}


def _too_large(size: int) -> Text:
    return Text(
        f"the file has {size:,} bytes; at most {LARGEST:,} are kept.",
        f"ファイルが {size:,} バイトあります。上限は {LARGEST:,} バイトです。",
    )


def _too_long(length: int) -> Text:
    return Text(
        f"the reason has {length} characters; at most {LONGEST} are kept. Say it shorter, or where it is written down.",
        f"理由が {length} 文字あります。保存できるのは {LONGEST} 文字までです。短くするか、記録先を示してください。",
    )


def _followed_already(version: str) -> Text:
    return Text(
        f"version {version} is the one that is followed: there is nothing to try.",
        f"バージョン {version} はすでに使用中です。試す必要はありません。",
    )


def _one_at_a_time() -> Text:
    return Text(
        "another version is being tried, one at a time: kyozon route versions shows it, kyozon route back ends it.",
        "別のバージョンを試行中です。同時に試せるのは一つです。"
        "kyozon route versions で確認し、kyozon route back で終了できます。",
    )


def _nothing_tried() -> Text:
    return Text(
        "no version is being tried. kyozon route try FILE begins with one.",
        "試行中のバージョンはありません。kyozon route try FILE で開始します。",
    )


def _nothing_to_return_from() -> Text:
    return Text(
        "the estimates of the settings are followed, and no version is being tried: there is nothing to go back from.",
        "設定の予測モデルを使用中で、試行中のバージョンもありません。戻す対象がありません。",
    )


def _moved_meanwhile() -> Text:
    return Text(
        "the version was moved by somebody else at the same moment. kyozon route versions shows where it stands.",
        "同時に別の操作で段階が変わりました。kyozon route versions で現在の状態を確認してください。",
    )
