"""Collections: made, found by those who may read them, shared and deleted by their owners."""

import re

from msgspec import Struct, structs

from kyozon.domain.callers import Caller
from kyozon.domain.errors import CallerError, InvalidRequest, NotFound
from kyozon.domain.knowledge import Chunking, Collection, Share
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.ports.knowledge import Access, CollectionChange, CollectionStore, Held, Page
from kyozon.services.knowledge.groups import group_name
from kyozon.services.knowledge.rights import gone_by, no_collection, own_label, reader_of, require, told
from kyozon.services.registry import Registry
from kyozon.services.world import World

_LONGEST_NAME, _LONGEST_TEXT, _MOST_DAYS = 255, 2000, 36_500
_ROLE = re.compile(r"[^\s,]{1,100}")


class NewCollection(Struct, frozen=True):
    """A collection to be made. `label` is what its maker declares; `embedder` is None where the default one serves."""

    name: str = ""
    label: Label | None = None
    embedder: str | None = None
    chunking: Chunking = Chunking()
    shares: tuple[Share, ...] = ()
    description: str = ""
    metadata: dict[str, str] = {}
    expires_days: int | None = None


class CollectionService:
    """Collections of a tenant, as each caller may see them. One above the key's clearance is not there for it."""

    def __init__(self, store: CollectionStore, registry: Registry, world: World, embedder: str) -> None:
        """`embedder` is the model that vectors come from where a collection names none."""
        self._store = store
        self._registry = registry
        self._world = world
        self._embedder = embedder

    async def create(self, caller: Caller, new: NewCollection) -> Collection:
        """Make a collection, whose owner is the caller.

        Raises:
            InvalidRequest: a name, a text or a number is out of bounds, or the embedder is none.
            NotPermitted: its label would be above the caller's clearance.
            NotFound: there is no model of the embedder's name.
        """
        _check_texts(new.name, new.description, new.expires_days)
        key, now = caller.key, self._world.now()
        collection = Collection(
            id=self._world.new_id("vs"),
            tenant=key.tenant,
            name=new.name,
            owner=key.user,
            created_at=now,
            label=own_label(caller, new.label, self._registry.installation.default_label),
            embedder=self.embedder_named(new.embedder or self._embedder),
            chunking=checked_chunking(new.chunking),
            shares=tuple(map(_checked_share, new.shares)),
            description=new.description,
            metadata=new.metadata,
            expires_days=new.expires_days,
            last_active_at=now,
        )
        event = told(
            self._world, caller, "collection:created", collection.id, label=str(collection.label), shares=len(new.shares)
        )
        await self._store.add(collection, event)
        return collection

    async def held(self, caller: Caller, collection: str, wanted: Access = "read") -> Held:
        """A collection and what the caller may do with it; raises `NotFound`, and `NotAllowed` where that is less."""
        found = await self._store.get(reader_of(caller), collection)
        if found is None:
            raise no_collection(collection)
        require(found, wanted)
        return found

    async def get(self, caller: Caller, collection: str) -> Collection:
        """A collection that the caller may read; raises `NotFound`."""
        return (await self.held(caller, collection)).collection

    async def list(self, caller: Caller, page: Page) -> tuple[tuple[Collection, ...], bool]:
        """The collections that the caller may read, and whether there are more."""
        return await self._store.list(reader_of(caller), page)

    async def update(self, caller: Caller, collection: str, change: CollectionChange) -> Collection:
        """Change what a collection says of itself; raises `NotFound`, `NotAllowed` and `InvalidRequest`."""
        await self.held(caller, collection, "own")
        _check_texts(change.name or "", change.description or "", change.expires_days or None)
        event = told(self._world, caller, "collection:changed", collection)
        if not await self._store.change(caller.tenant, collection, change, event):
            raise no_collection(collection)
        return await self.get(caller, collection)

    async def delete(self, caller: Caller, collection: str) -> None:
        """Delete a collection and its documents; the files stay. Raises `NotFound` and `NotAllowed`."""
        await self.held(caller, collection, "own")
        if not await self._store.delete(
            caller.tenant, collection, told(self._world, caller, "collection:deleted", collection)
        ):
            raise no_collection(collection)

    async def share(self, caller: Caller, collection: str, share: Share) -> Collection:
        """Share a collection, from now on; raises `NotFound`, `NotAllowed` and `InvalidRequest`."""
        await self.held(caller, collection, "own")
        share = _checked_share(share)
        event = told(self._world, caller, "collection:shared", collection)
        if not await self._store.share(caller.tenant, collection, share, event):
            raise no_collection(collection)
        return await self.get(caller, collection)

    async def unshare(self, caller: Caller, collection: str, share: Share) -> Collection:
        """End a share, from now on; raises `NotFound` where there is none, and `NotAllowed`."""
        await self.held(caller, collection, "own")
        event = told(self._world, caller, "collection:unshared", collection)
        if not await self._store.unshare(caller.tenant, collection, share, event):
            raise NotFound(
                Text(
                    f"{collection} is not shared with {written(share)}; kyozon collections show lists with whom it is.",
                    f"{collection} は {written(share)} に共有されていません。"
                    "kyozon collections show で共有先を確認できます。",
                )
            )
        return await self.get(caller, collection)

    async def used(self, caller: Caller, collections: tuple[str, ...]) -> None:
        """Say that collections were used, which the days of those that expire are counted from."""
        await self._store.used(caller.tenant, collections, self._world.now())

    async def unsearchable(self, caller: Caller, collection: str) -> CallerError:
        """Why a collection cannot be searched: it has expired, or is not there for the caller."""
        found = await self._store.get(reader_of(caller), collection)
        if found is None or not found.collection.expired(self._world.now()):
            return no_collection(collection)
        return gone_by(found.collection)

    def embedder_named(self, embedder: str) -> str:
        """A model that makes vectors, by its name; raises `NotFound` and `InvalidRequest`."""
        if any(card.kind == "embedding" for card in self._registry.candidates(embedder, "embedding")):
            return embedder
        known = ", ".join(sorted({card.id for card in self._registry.cards() if card.kind == "embedding"}))
        raise InvalidRequest(
            Text(
                f"{embedder!r} makes no vectors; use one of {known}.",
                f"{embedder!r} は埋め込みモデルではありません。{known} のいずれかを指定してください。",
            ),
            "embedder",
        )


def written(share: Share) -> str:
    """With whom, as people write it: `group:legal`, `everyone`."""
    return share.kind if share.kind == "everyone" else f"{share.kind}:{share.name}"


def checked_chunking(chunking: Chunking) -> Chunking:
    """A way to split, within OpenAI's bounds; raises `InvalidRequest`."""
    if 100 <= chunking.tokens <= 4096 and 0 <= chunking.overlap <= chunking.tokens // 2:  # noqa: PLR2004 - OpenAI's bounds
        return chunking
    raise InvalidRequest(
        Text(
            "a chunk has 100 to 4096 tokens (max_chunk_size_tokens), of which at most half overlap (chunk_overlap_tokens).",
            "チャンクは 100〜4096 トークン（max_chunk_size_tokens）、重なり（chunk_overlap_tokens）はその半分までです。",
        ),
        "chunking_strategy",
    )


def _checked_share(share: Share) -> Share:
    if share.kind == "everyone":
        return structs.replace(share, name="")
    if share.kind == "group":
        group_name(share.name)
    elif not _can_be_called(share):
        raise InvalidRequest(
            Text(
                f"nothing can be shared with {written(share)!r}: name user:NAME, group:NAME, role:NAME or everyone.",
                f"{written(share)!r} とは共有できません。user:名前・group:名前・role:名前・everyone のいずれかを"
                "指定してください。",
            ),
            "share",
        )
    return share


def _can_be_called(share: Share) -> bool:
    """A user as his key names him, which may have spaces."""
    if share.kind == "user":
        return bool(share.name.strip()) and len(share.name) <= _LONGEST_NAME
    return share.kind == "role" and _ROLE.fullmatch(share.name) is not None


def _check_texts(name: str, description: str, days: int | None) -> None:
    if len(name) > _LONGEST_NAME or len(description) > _LONGEST_TEXT:
        raise InvalidRequest(
            Text(
                f"a name has at most {_LONGEST_NAME} characters, a description {_LONGEST_TEXT}: shorten it.",
                f"名前は {_LONGEST_NAME} 文字、説明は {_LONGEST_TEXT} 文字までです。短くしてください。",
            ),
            "name",
        )
    if days is not None and not 1 <= days <= _MOST_DAYS:
        raise InvalidRequest(
            Text(
                f"expires_after counts 1 to {_MOST_DAYS} days.", f"expires_after は 1〜{_MOST_DAYS} 日で指定してください。"
            ),
            "expires_after",
        )
