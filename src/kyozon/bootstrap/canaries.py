"""The canaries of an installation, and who is told when one is about to leave."""

import json
import logging

import msgspec

from kyozon.bootstrap.world import WORLD
from kyozon.domain.audit import AuditEvent
from kyozon.domain.canaries import Canary, CanaryAlarm
from kyozon.domain.errors import KyozonError
from kyozon.domain.labels import Label
from kyozon.ports.audit import AuditTrail
from kyozon.services.canaries import CanaryWatch
from kyozon.services.lasting import Lasting
from kyozon.settings import Settings
from kyozon.storage.canary_file import CanaryFile, new_token

_log = logging.getLogger("kyozon.canary")
FIRST = "deployment"


def kept(settings: Settings) -> CanaryFile:
    """The installation's file of canaries."""
    return CanaryFile(settings.data_dir / "canaries.json")


def added(settings: Settings, name: str, label: Label, owner: str | None) -> Canary:
    """A new canary, kept; raises `InvalidRequest` where there is one of that name."""
    canary = Canary(name, new_token(), WORLD.now(), label, owner)
    kept(settings).add(canary)
    return canary


def watch(settings: Settings, trail: AuditTrail, lasting: Lasting) -> CanaryWatch:
    """Looks out for them; makes the first one at the first start. Raises `MissingPiece` where the file cannot be read."""
    canaries = kept(settings)
    canaries.at_least_one(FIRST, WORLD.now())

    def tell(alarm: CanaryAlarm) -> None:
        _log.error(json.dumps({"event": "canary", **msgspec.to_builtins(alarm)}))
        lasting.begin(_recorded(trail, alarm))

    return CanaryWatch(canaries.all, tell)


async def _recorded(trail: AuditTrail, alarm: CanaryAlarm) -> None:
    try:
        await trail.record(_event(alarm))
    except KyozonError as error:
        _log.error(json.dumps({"event": "canary", "decision": alarm.decision, "unrecorded": error.code}))


def _event(alarm: CanaryAlarm) -> AuditEvent:
    return AuditEvent(
        id=WORLD.new_id("evt"),
        at=WORLD.now(),
        action="canary:seen",
        tenant=alarm.tenant,
        user=alarm.user,
        object=alarm.decision,
        detail={"canary": alarm.canary, "place": alarm.place, "towards": alarm.towards},
    )
