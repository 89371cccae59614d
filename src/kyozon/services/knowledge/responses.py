"""Responses that are kept: for whoever asked, as long as he may read what they were made from."""

from datetime import datetime, timedelta

from kyozon.domain.callers import Caller
from kyozon.domain.errors import InvalidRequest, KyozonError, NotFound
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.provenance import StoredValue
from kyozon.domain.responses import RESPONSE, KeptResponse
from kyozon.governance.labelling import request_label
from kyozon.governance.provenance import LOWEST
from kyozon.ports.responses import ResponseStore
from kyozon.services.knowledge.rights import reader_of
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.world import World

KEPT_FOR = timedelta(days=30)
"""As long as OpenAI keeps them."""


class ResponseService:
    """Keeps responses, gives them again, deletes them."""

    def __init__(self, store: ResponseStore, provenance: Provenance, registry: Registry, world: World) -> None:
        self._store = store
        self._provenance = provenance
        self._registry = registry
        self._world = world

    def expiry(self) -> datetime:
        """Until when a response is kept that comes now."""
        return self._world.now() + KEPT_FOR

    def own_label(self, caller: Caller, declared: Label | None, decision_id: str) -> Label:
        """A response's own label: what its decision read binds it anyway; without one its question does."""
        return LOWEST if decision_id else request_label(declared, caller.key, self._registry.installation.default_label)[0]

    async def keep(self, response: KeptResponse) -> None:
        """Keep a response under its name and its label; one that is there already stays."""
        value = StoredValue(response.id, response.tenant, RESPONSE, response.at, response.label, response.sources)
        try:
            await self._provenance.add(value)
        except InvalidRequest:  # given again: its name is there, and may not stand for more than it was made from
            known = (await self._provenance.own(response.tenant, response.id)).sources
            if not set(response.sources) <= set(known):
                return
        await self._store.keep(response)

    async def read(self, caller: Caller, name: str) -> KeptResponse:
        """A response of the caller's own.

        Raises:
            NotFound: there is none, it is somebody else's, by now labelled above the caller's clearance, or made from a
                document that was deleted or that he may not read any more.
        """
        found = await self._store.read(reader_of(caller), name, self._world.now())
        if found is None or (found.user != caller.key.user and not caller.key.admin):
            raise no_response(name)
        try:
            await self._provenance.readable(name, caller.key)
        except KyozonError as error:
            raise no_response(name) from error
        return found

    async def give(self, caller: Caller, name: str) -> KeptResponse:
        """As `read`, for the caller to have: that it went to him is durable when it is returned."""
        found = await self.read(caller, name)
        await self._provenance.hand_over(caller, (name,))
        return found

    async def may_read(self, caller: Caller, value: str) -> bool:
        """Whether the caller may, at this moment, read every document that a stored value was made from."""
        return await self._store.may_read(reader_of(caller), value)

    async def delete(self, caller: Caller, name: str) -> None:
        """Delete a response; its name and its label stay in the record of what was made from what.

        Whoever asked for it may, even where he may not read it any more; admin keys may delete what they may read.

        Raises:
            NotFound: as `read`.
        """
        if await self._store.whose(caller.tenant, name, self._world.now()) != caller.key.user:
            await self.read(caller, name)
        await self._store.delete(caller.tenant, name)


def no_response(name: str) -> NotFound:
    """There is no such response, for this caller."""
    return NotFound(
        Text(
            f"there is no response {name!r} here: it was not stored (store: false), has expired after 30 days, was "
            "deleted, or never was. Send the whole conversation as input instead.",
            f"応答 {name!r} はありません（保存なし（store: false）・30 日の期限切れ・削除済み・未作成のいずれか）。"
            "会話全体を input に入れて送ってください。",
        ),
        "previous_response_id",
    )
