"""Another policy without a restart: the new settings are checked whole, then put in place in one step, or not at all."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator

from msgspec import structs

from kyozon.bootstrap.reading import Environment, installation_of
from kyozon.bootstrap.world import WORLD
from kyozon.domain.audit import AuditEvent
from kyozon.domain.errors import KyozonError, SettingsError
from kyozon.domain.language import Text
from kyozon.domain.models import Provider
from kyozon.domain.policy import Reloaded
from kyozon.ports.audit import AuditTrail
from kyozon.services.registry import Installation, Registry
from kyozon.settings import Settings

_log = logging.getLogger("kyozon.policy")
_PLACED = ("zone", "jurisdiction", "region", "retains", "trains", "verified", "source", "unverified", "max_concurrent")
"""What may be said otherwise of a provider that is connected already."""


class Reloader:
    """Puts policies in the place of the one that a registry holds."""

    def __init__(
        self, registry: Registry, settings: Settings, environ: Environment, read: Callable[[], Settings], trail: AuditTrail
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._environ = environ
        self._read = read
        self._trail = trail
        self._lock = asyncio.Lock()

    async def reload(self) -> Reloaded:
        """Read the settings again and put their policy in place.

        What is decided from now on is decided under it; a request under way keeps its choice and is held to both.

        Raises:
            SettingsError: a mistake, or a provider that would have to be connected otherwise.
            StorageUnavailable: the change cannot be recorded. In each case nothing has changed.
        """
        async with self._lock:
            read = await asyncio.to_thread(self._read)
            waiting = tuple(_waiting(self._settings, read))
            settings = _applicable(self._settings, read)
            new, old = installation_of(settings, self._environ), self._registry.installation
            mistakes = tuple(_unreachable(old, new))
            if mistakes:
                raise SettingsError(mistakes)
            await self._tell(old.policy_version, new.policy_version)
            # Requests under way may still hold cards of a provider that is gone.
            self._registry.installation = structs.replace(new, providers={**old.providers, **new.providers})
            self._settings = settings
            return Reloaded(old.policy_version, new.policy_version, waiting)

    async def _tell(self, old: str, new: str) -> None:
        if old != new:
            now, found = WORLD.now(), WORLD.new_id("evt")
            await self._trail.record(AuditEvent(found, now, "policy:reloaded", object=new, detail={"old": old}))

    async def reload_and_tell(self) -> None:
        """The same for a signal, which nobody waits for: what came of it stands in the log."""
        try:
            found = await self.reload()
        except KyozonError as error:
            _log.error(json.dumps({"event": "policy:kept", "why": error.message()}))
        else:
            told = {"old": found.old, "new": found.new, "waiting": found.waiting}
            _log.info(json.dumps({"event": "policy:reloaded", **told}))


def _waiting(old: Settings, new: Settings) -> Iterator[str]:
    """The settings that have changed and take a restart, by table or, of the routing, by key."""
    for name, field in Settings.model_fields.items():
        if name not in _APPLIED and getattr(old, name) != getattr(new, name):
            yield f"[{field.alias or name}]"
    for key in type(new.routing).model_fields:
        if key != "router" and getattr(old.routing, key) != getattr(new.routing, key):
            yield f"[routing] {key}"


_APPLIED = frozenset({"labels", "review", "zone_tables", "provider_tables", "model_tables", "routing"})


def _applicable(old: Settings, new: Settings) -> Settings:
    """The running settings with the new ones' policy: the version that is recorded is that of what is in force."""
    changes = {name: getattr(new, name) for name in _APPLIED - {"routing"}}
    routing = old.routing.model_copy(update={"router": new.routing.router})
    return old.model_copy(update={**changes, "routing": routing})


def _unreachable(old: Installation, new: Installation) -> Iterator[Text]:
    """Providers are connected once, at the start: their clients and keys are held at the choke point.

    A new address under a new zone would send data cleared for the new place to the old one; so neither is put in place.
    """
    for name, provider in new.providers.items():
        known = old.providers.get(name)
        if known is None or _connection(known) != _connection(provider):
            yield Text(
                f"[providers.{name}]: a new provider, or another address, format, key, time-out or quirk of one, takes a "
                "restart (kyozon up --replace). Nothing has been put in place.",
                f"[providers.{name}]：プロバイダーの追加や、接続先・形式・キー・タイムアウト・quirks の変更には再起動が"
                "必要です（kyozon up --replace）。何も変更していません。",
            )


def _connection(provider: Provider) -> Provider:
    blank = Provider(provider.id, provider.name, provider.format, "")
    return structs.replace(provider, **{name: getattr(blank, name) for name in _PLACED})
