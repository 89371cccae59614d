"""This server follows the version of the estimator that the installation follows, and asks the one that it tries."""

import asyncio
import logging
from typing import Literal, cast

from kyozon.domain.errors import StorageUnavailable
from kyozon.domain.rollout import Rollout
from kyozon.ports.quality import Estimator
from kyozon.ports.rollout import Rollouts
from kyozon.services.registry import Registry, Tried
from kyozon.services.rolling_out import Read
from kyozon.services.world import World

_log = logging.getLogger("kyozon.router")
_PATIENCE = 1.0


class Following:
    """Keeps a registry in step with what all servers follow. What cannot be read is passed over, and said in the log."""

    def __init__(self, rollouts: Rollouts, registry: Registry, read: Read, world: World) -> None:
        self._rollouts = rollouts
        self._registry = registry
        self._read = read
        self._world = world
        self._known: dict[str, Estimator] = {}
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """A rollout has moved, or may have."""
        self._moved.set()

    async def tend(self) -> None:
        """Follow every move; runs until cancelled."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self.follow()
            except StorageUnavailable:
                self._moved.set()
                await self._world.sleep(_PATIENCE)

    async def follow(self) -> None:
        """Look what is followed and what is on trial; requests are decided by it from now on.

        Raises `StorageUnavailable`; then everything stays as it is.
        """
        try:
            standing = await self._rollouts.standing()
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - what another version of Kyozon may have written stops no request
            _log.exception("the versions of the router cannot be read; what is followed stays as it is")
            return
        wanted = [one for one in (standing.whole, standing.running) if one is not None]
        known = {one.version: await self._estimator(one) for one in wanted}
        self._known = {version: found for version, found in known.items() if found is not None}
        self._registry.followed = self._known.get(standing.whole.version) if standing.whole else None
        self._registry.tried = _tried(standing.running, self._known)

    async def _estimator(self, rollout: Rollout) -> Estimator | None:
        """The estimator of a version, each read once; None, and a line in the log, where its file is damaged or gone."""
        version = rollout.version
        if version in self._known:
            return self._known[version]
        body = await self._rollouts.body(version)
        try:
            found = None if body is None else await asyncio.to_thread(self._read, body)
        except ValueError as error:
            _log.error("router version %s (%s) cannot be read: %s; it is left out", version, rollout.stage, error)
            return None
        if found is None or found.version != version:
            _log.error("router version %s (%s) is missing or damaged; it is left out", version, rollout.stage)
            return None
        return found


def _tried(rollout: Rollout | None, known: dict[str, Estimator]) -> Tried | None:
    if rollout is None or rollout.version not in known:
        return None
    stage = cast(Literal["shadow", "share"], rollout.stage)
    return Tried(rollout.id, known[rollout.version], stage, rollout.terms.share)
