"""Looks whether recorded requests and their answers are still like those before; tells once where they are not."""

import asyncio
import hashlib
import json
import logging
from array import array
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field, structs

from kyozon.domain.audit import AuditEvent
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.feedback import Rated
from kyozon.evaluation.drift import Alarm, Name, Seen, Watch
from kyozon.ports.audit import AuditTrail
from kyozon.ports.feedback import FeedbackStore
from kyozon.ports.telemetry import Gauge
from kyozon.services.counterfactuals import ranked
from kyozon.services.world import World

DRIFTED = "router:drifted"
_log = logging.getLogger("kyozon.router")
_BREATH = 25
"""After so many records whatever else waits gets its turn."""
_SOON, _AGAIN = 60.0, 300.0
"""Seconds after the start until the first look; until it is tried again where another server looks, or it failed."""


class Change(Struct, frozen=True):
    """An alarm, when the change began and at which decision it was clear; `over` with another version of the estimator."""

    alarm: Alarm
    began: datetime
    clear: datetime
    decision: str
    over: bool = False


class Drift(Struct):
    """What was found in the decisions since a moment, of which `requests` were estimated.

    `reached` is how near an alarm each stream is, from 0 to 1, and `observed` its observations since it began. Records that
    are `left_out` cannot be read.
    """

    since: datetime
    requests: int = 0
    changes: list[Change] = field(default_factory=list)
    reached: dict[Name, float] = field(default_factory=dict)
    observed: dict[Name, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def lasting(self) -> list[Change]:
        """The changes that are not over."""
        return [change for change in self.changes if not change.over]


def seen(rated: Rated) -> Seen | None:
    """What a decision tells; None where nothing was estimated, or by a version that is only on trial.

    Of the judgements those count that somebody said outright: how often others are seen depends on more than the answers.
    """
    decision, order = rated.decision, ranked(rated.decision)
    chosen = order[0].estimate if order else None
    tried = decision.trial is not None and decision.trial.used
    if chosen is None or not decision.estimator or tried:
        return None
    expected = decision.cascade.quality if decision.cascade else chosen.quality
    return Seen(
        chance=_chance(decision),
        version=decision.estimator,
        support=chosen.support,
        surprise=None if rated.said is None else rated.said - expected,
        domain=chosen.domain,
        kind=_kind(decision),
    )


async def drift(store: FeedbackStore, since: datetime, tenant: str | None = None) -> Drift:
    """What has changed in the decisions since a moment; raises `StorageUnavailable`."""
    watch, found, version = Watch(), Drift(since), ""
    moments = array("d")
    async for rated in store.rated(since, tenant=tenant, left_out=found.left_out):
        one = seen(rated)
        if one is None:
            continue
        moments.append(rated.decision.at.timestamp())
        found.requests += 1
        if one.version != version:
            version, found.changes = one.version, [structs.replace(change, over=True) for change in found.changes]
        for alarm in watch.take(one):
            began = datetime.fromtimestamp(moments[alarm.begun], UTC)
            found.changes.append(Change(alarm, began, rated.decision.at, rated.decision.id))
        if found.requests % _BREATH == 0:
            await asyncio.sleep(0)
    found.reached, found.observed = watch.reached, watch.observed
    return found


class Records(Struct, frozen=True):
    """What is read and told: judged decisions, the events of an action, and the trail for new ones."""

    feedback: FeedbackStore
    told: Callable[[str], Awaitable[Sequence[AuditEvent]]]
    trail: AuditTrail


class DriftWatch:
    """Looks every so often: `alone` says whether no other server looks at this moment, so that an alarm is told once.

    A look goes back to the last alarm, and no further than the beginning of the last month.
    """

    def __init__(
        self, records: Records, world: World, every: timedelta, alone: Callable[[], AbstractAsyncContextManager[bool]]
    ) -> None:
        self._records = records
        self._world = world
        self._every = every.total_seconds()
        self._alone = alone
        self._levels: dict[Name, float] = {}

    async def tend(self) -> None:
        """Look, wait, look again; runs until cancelled."""
        await self._world.sleep(_SOON)
        while self._every:
            pause = _AGAIN
            try:
                async with self._alone() as mine:
                    if mine:
                        await self.look()
                        pause = self._every
            except StorageUnavailable as error:
                _log.warning("whether requests have drifted is not known for now: %s", error)
            except Exception:  # noqa: BLE001 - a look that fails must not be the last
                _log.exception("looking whether requests have drifted failed; it is tried again")
            await self._world.sleep(pause)

    async def look(self) -> Drift:
        """Tell of the first change of each stream since the last alarm; raises `StorageUnavailable`."""
        events = await self._records.told(DRIFTED)
        now = self._world.now()
        since = max([_last_month(now), *(event.at for event in events)])
        found = await drift(self._records.feedback, since)
        first: dict[Name, Change] = {}
        for change in found.changes:
            first.setdefault(change.alarm.stream, change)
        for change in first.values():
            _log.error(json.dumps({"event": DRIFTED, "stream": change.alarm.stream, "since": f"{change.began:%FT%TZ}"}))
            await self._records.trail.record(_event(change, self._world))
        lasting = {change.alarm.stream for change in found.lasting}
        self._levels = {name: 1.0 if name in lasting else level for name, level in found.reached.items()}
        return found

    def gauges(self) -> Iterable[Gauge]:
        """How near an alarm each stream is, as of this server's last look; none before the first."""
        about = "How near the router's drift alarm is, from 0 to 1 (raised), by stream, as of the last look."
        for name, level in self._levels.items():
            yield Gauge("kyozon_router_drift", about, level, {"stream": name})


def _event(change: Change, world: World) -> AuditEvent:
    alarm = change.alarm
    return AuditEvent(
        id=world.new_id("evt"),
        at=world.now(),
        action=DRIFTED,
        object=change.decision,
        detail={
            "stream": alarm.stream,
            "since": change.began.isoformat(),
            "before": f"{alarm.before:.3f}",
            "after": f"{alarm.after:.3f}",
            "domain": alarm.domain,
        },
    )


def _last_month(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - timedelta(days=1)).replace(day=1)


def _kind(decision: Decision) -> str:
    """What was asked of the quality and who was to answer: only scores of the same are compared."""
    plan, drawn, goal = decision.cascade, decision.exploration, decision.quality
    behind = () if plan is None else (plan.strong, plan.opinion)
    return repr((goal and goal.share, decision.chosen, behind, drawn is not None and drawn.explored))


def _chance(decision: Decision) -> float:
    """A number from 0 up to 1 that has to do with nothing else."""
    return int.from_bytes(hashlib.blake2b(decision.id.encode(), digest_size=6).digest(), "big") / (1 << 48)
