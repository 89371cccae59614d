"""API keys: issued once, kept as a hash, revoked at once."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime

from msgspec import Struct

from kyozon.domain.callers import ApiKey, Caller, Limits
from kyozon.domain.errors import NotFound, Unauthenticated
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.language import Text
from kyozon.domain.quality import Goal
from kyozon.ports.records import KeyStore
from kyozon.services.world import World

SECRET_PREFIX = "ky-"  # noqa: S105 - the visible beginning of every key
_SHOWN = 11
_TRUSTED_SECONDS = 30.0
_UNKNOWN_SECONDS = 5.0
_UNKNOWN_MOST = 4096
_LOOKUPS = 2
"""Questions about keys asked of the store at once: a flood of wrong ones leaves the other connections to requests."""


class NewKey(Struct, frozen=True):
    """What a key to be issued may do."""

    name: str
    tenant: str = "default"
    user: str = "admin"
    clearance: Clearance = Clearance(Level.RESTRICTED, frozenset({"*"}))
    default_label: Label | None = None
    label_floor: Label | None = None
    limits: Limits = Limits()
    admin: bool = False
    expires_at: datetime | None = None
    roles: frozenset[str] = frozenset()
    quality: Goal | None = None
    licences: frozenset[str] = frozenset()
    within: float | None = None


class KeyService:
    """Issues, checks and revokes keys; keeps those it has seen in memory until the store says that keys changed.

    That word may get lost (a half-open connection, a pooler between): after `_TRUSTED_SECONDS` the store is asked again.
    Unknown ones are remembered, too, shortly and not many of them: the store need not be asked for each attempt.
    """

    def __init__(self, store: KeyStore, world: World) -> None:
        self._store = store
        self._world = world
        self._seen: dict[str, tuple[ApiKey, float]] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._lookups = asyncio.Semaphore(_LOOKUPS)
        self._changes = 0

    async def issue(self, wanted: NewKey) -> tuple[ApiKey, str]:
        """A new key and its secret, which is shown this once and kept nowhere."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            id=self._world.new_id("key"),
            tenant=wanted.tenant,
            user=wanted.user,
            name=wanted.name,
            sha256=_sha256(secret),
            prefix=secret[:_SHOWN],
            created_at=self._world.now(),
            clearance=wanted.clearance,
            default_label=wanted.default_label,
            label_floor=wanted.label_floor,
            limits=wanted.limits,
            admin=wanted.admin,
            expires_at=wanted.expires_at,
            roles=wanted.roles,
            quality="" if wanted.quality is None else str(wanted.quality),
            licences=wanted.licences,
            within=wanted.within,
        )
        await self._store.add(key)
        self._unknown.pop(key.sha256, None)
        return key, secret

    async def authenticate(self, secret: str | None) -> Caller:
        """Who holds this secret.

        Raises:
            Unauthenticated: no secret, or an unknown, expired or revoked one.
            StorageUnavailable: the key is not in memory and the database cannot be asked: never a wrong 401.
        """
        if not secret:
            raise Unauthenticated(
                Text(
                    "no API key: send it as 'Authorization: Bearer ky-…'. kyozon keys create makes one.",
                    "API キーがありません。「Authorization: Bearer ky-…」で送ってください。"
                    "作成は kyozon keys create です。",
                )
            )
        sha256 = _sha256(secret)
        changes = self._changes
        key = self._remembered(sha256)
        known = key is not None
        if key is None and not self._known_as_unknown(sha256):
            key = await self._looked_up(sha256)
        if key is None or key.revoked_at is not None or self._expired(key):
            self._seen.pop(sha256, None)
            raise Unauthenticated(
                Text(
                    "this API key is unknown, expired or revoked. kyozon keys list shows which ones are active.",
                    "この API キーは存在しないか、期限切れ、または失効しています。"
                    "kyozon keys list で有効なキーを確認できます。",
                )
            )
        if not known and changes == self._changes:  # else what was read may be older than a revocation
            self._seen[sha256] = key, self._world.seconds()
        return Caller(key)

    async def revoke(self, name: str) -> ApiKey:
        """Revoke the active key with this id or name; raises `NotFound` where there is none."""
        for key in await self._store.all():
            if name in (key.id, key.name) and await self._store.revoke(key.id, self._world.now()):
                self.forget()
                return key
        raise NotFound(
            Text(
                f"there is no active key {name!r}. kyozon keys list shows them.",
                f"有効なキー {name!r} はありません。kyozon keys list で確認できます。",
            )
        )

    async def all(self) -> list[ApiKey]:
        """Every key, revoked ones too."""
        return await self._store.all()

    def forget(self) -> None:
        """Drop what is in memory: the store has changed."""
        self._changes += 1
        self._seen.clear()
        self._unknown.clear()

    async def _looked_up(self, sha256: str) -> ApiKey | None:
        async with self._lookups:
            changes = self._changes
            key = self._remembered(sha256) or await self._store.by_sha256(sha256)  # somebody may have asked meanwhile
        if key is None and changes == self._changes:
            self._unknown[sha256] = self._world.seconds()
            if len(self._unknown) > _UNKNOWN_MOST:
                self._unknown.popitem(last=False)
        return key

    def _known_as_unknown(self, sha256: str) -> bool:
        asked_at = self._unknown.get(sha256)
        if asked_at is not None and self._world.seconds() - asked_at >= _UNKNOWN_SECONDS:
            del self._unknown[sha256]
            return False
        return asked_at is not None

    def _remembered(self, sha256: str) -> ApiKey | None:
        key, read_at = self._seen.get(sha256, (None, 0.0))
        return key if self._world.seconds() - read_at < _TRUSTED_SECONDS else None

    def _expired(self, key: ApiKey) -> bool:
        return key.expires_at is not None and key.expires_at <= self._world.now()


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
