"""Groups of people that collections are shared with and documents are open to: an administrator's to fill."""

import re
from collections.abc import Mapping, Sequence

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, NotAllowed, NotFound
from kyozon.domain.language import Text
from kyozon.ports.knowledge import GroupStore
from kyozon.services.world import World

_NAME = re.compile(r"[^\s,:][^\s,]{0,99}")


def group_name(name: str) -> str:
    """A name that a group can have, so that it can stand in a list of readers; raises `InvalidRequest`."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            Text(
                f"a group cannot be called {name!r}: use 1 to 100 characters without spaces and commas.",
                f"グループ名 {name!r} は使えません。空白とカンマを含まない 1〜100 文字にしてください。",
            ),
            "group",
        )
    return name


class GroupService:
    """Who is in which group. What a change opens or shuts is so with the next request."""

    def __init__(self, store: GroupStore, world: World) -> None:
        self._store = store
        self._world = world

    async def add(self, caller: Caller, group: str, member: str) -> bool:
        """Put a user into a group; False where he is in it already.

        Raises:
            NotAllowed: the key is no admin key.
            InvalidRequest: a group cannot have that name, or nobody is named.
        """
        _require_admin(caller)
        if not member.strip():
            raise InvalidRequest(
                Text("name the user to add, as his key does.", "追加する利用者を、キーの利用者名で指定してください。"),
                "user",
            )
        return await self._store.add(caller.tenant, group_name(group), member, self._event(caller, "joined", group, member))

    async def remove(self, caller: Caller, group: str, member: str) -> None:
        """Take a user out of a group; raises `NotAllowed`, and `NotFound` where he is not in it."""
        _require_admin(caller)
        if not await self._store.remove(caller.tenant, group, member, self._event(caller, "left", group, member)):
            raise NotFound(
                Text(
                    f"{member!r} is not in a group {group!r}: kyozon groups list shows who is in which.",
                    f"{member!r} はグループ {group!r} にいません。kyozon groups list で確認できます。",
                )
            )

    async def all(self, caller: Caller) -> Mapping[str, Sequence[str]]:
        """The members of each group; raises `NotAllowed`."""
        _require_admin(caller)
        return await self._store.all(caller.tenant)

    def _event(self, caller: Caller, what: str, group: str, member: str) -> AuditEvent:
        """It names the member, whom it is about; the key says who did it."""
        new, now = self._world.new_id("evt"), self._world.now()
        return AuditEvent(new, now, f"group:{what}", caller.tenant, member, group, {"key": caller.key.id})


def _require_admin(caller: Caller) -> None:
    if not caller.key.admin:
        raise NotAllowed(
            Text(
                "groups are an administrator's: use an admin key (kyozon keys create --admin).",
                "グループの管理には管理者キーが必要です（kyozon keys create --admin）。",
            )
        )
