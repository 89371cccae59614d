"""Whether anybody is there whom a collection is shared with: a wrong name succeeds as silently as a right one."""

import asyncio
import os
from contextlib import suppress
from typing import Any

from kyozon.bootstrap.world import WORLD
from kyozon.cli.calling import call
from kyozon.cli.options import Target
from kyozon.cli.speech import say
from kyozon.domain.errors import KyozonError
from kyozon.services.keys import KeyService


def reaches_nobody(target: Target, share: dict[str, Any]) -> str | None:
    """What to say where a group has no member, or a user no key, as far as the caller can see; None otherwise."""
    kind, name = share["kind"], share["name"]
    with suppress(KyozonError):  # who may not see groups, or keys, shares all the same
        if kind == "group" and not _members(target, name):
            return say(
                f"Nobody is in the group {name} yet: kyozon groups add {name} USER puts somebody in.",
                f"グループ {name} にはまだメンバーがいません。kyozon groups add {name} 利用者 で追加できます。",
            )
        if kind == "user" and "KYOZON_URL" not in os.environ and not asyncio.run(_has_key(target, name)):
            return say(
                f"No key names the user {name} yet: kyozon keys create --user {name} makes one.",
                f"利用者 {name} のキーはまだありません。kyozon keys create --user {name} で作成できます。",
            )
    return None


def _members(target: Target, group: str) -> list[str]:
    found = {one["name"]: one["members"] for one in call(target, "GET", "/kyozon/v1/groups")["data"]}
    return list(found.get(group, ()))


async def _has_key(target: Target, user: str) -> bool:
    async with target.store() as store:
        keys = await KeyService(store.keys, WORLD).all()
    now = WORLD.now()
    return any(
        key.user == user and key.revoked_at is None and (key.expires_at is None or key.expires_at > now) for key in keys
    )
