"""The audit log of an installation: sealed while the server runs, examined and proved from the command line."""

import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

import kyozon
from kyozon.bootstrap.store import Store
from kyozon.bootstrap.transports import Transports
from kyozon.bootstrap.world import WORLD
from kyozon.domain.audit import AuditEvent, Note
from kyozon.domain.errors import InvalidRequest, StorageUnavailable
from kyozon.domain.language import Text
from kyozon.domain.models import Timeouts
from kyozon.governance.checkpoint import VerifierKey, parse_key
from kyozon.ports.telemetry import Gauge
from kyozon.providers.transport import Send, Transport
from kyozon.services.audit import Auditor
from kyozon.settings import Settings
from kyozon.storage.audit.forgetting import Forgetting
from kyozon.storage.audit.log import PostgresAuditLog, snapshot
from kyozon.storage.audit.outside import CheckpointFolder, Dispatch, Outside, read_notes
from kyozon.storage.audit.retention import Retention
from kyozon.storage.audit.sealer import Sealer
from kyozon.storage.audit.signing import Signer, TrustedKeys
from kyozon.storage.audit.standing import SealingRefused, signed_last
from kyozon.storage.master_keys import MasterKeys

_log = logging.getLogger(__name__)
_WEBHOOK_TIMEOUTS = Timeouts(connect=10, first_token=30, between=30, total=30)
_LAST_SEAL_SECONDS = 1.0


class CheckpointWebhook:
    """An address that keeps the checkpoints posted to it: a size and a hash, public whatever the log is about."""

    def __init__(self, url: str, transport: Transport) -> None:
        self.name = f"webhook {urlsplit(url).hostname}"
        self._url = url
        self._transport = transport

    async def send(self, note: str) -> None:
        """Post a note; raises a `KyozonError` where it is not answered with 200."""
        headers = {"content-type": "text/plain; charset=utf-8"}
        await self._transport.post(Send(self.name, self._url, note.encode(), headers))


class Sealing:
    """Seals what is recorded and sends the checkpoints out, as long as the server runs."""

    def __init__(self, settings: Settings, store: Store, transports: Transports) -> None:
        self._dispatch = Dispatch(list(_places(settings, transports)), settings.audit.send_seconds)
        signer = Signer.of(settings.audit_keys)
        trust = _trust(settings, [signer.verifier])
        self._sealer = Sealer(store.database, signer, self._dispatch.announce, trust=trust)

    def beside(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the server."""
        return [self._sealer.run(), self._dispatch.run()]

    def gauges(self) -> Iterable[Gauge]:
        """Whether sealing is refused."""
        about = "1 where nothing may be sealed: kyozon doctor says why."
        yield Gauge("kyozon_audit_sealing_refused", about, float(self._sealer.refused))

    async def finish(self) -> None:
        """Seal the last records, unless another server does, and send the last checkpoint."""
        try:
            await self._sealer.finish(_LAST_SEAL_SECONDS)
        except (StorageUnavailable, LookupError) as error:
            _log.warning("the last records are not sealed yet: %s", error)
        await self._dispatch.flush()


async def tell_start(settings: Settings, store: Store, policy_version: str) -> Text | None:
    """Have it on record which policy a server works under, from now on, in which version of Kyozon, and who signs for it.

    Where the signing key is lost, its verifier key is found here: without that, no other key could go on. Returns why
    nothing is sealed, where that is so.
    """
    detail = {"server": store.server, "version": kyozon.__version__, "key": verifier_key(settings)}
    event = AuditEvent(WORLD.new_id("evt"), WORLD.now(), "policy:loaded", object=policy_version, detail={**detail})
    await store.trail.record(event)
    return (await log_state(settings, store)).refused


async def seal_now(settings: Settings, store: Store) -> None:
    """Seal what waits, where no server runs that would. What is wrong with the log is for an examination to say."""
    signer = Signer.of(settings.audit_keys)
    with contextlib.suppress(LookupError):
        await Sealer(store.database, signer, lambda _: None, trust=_trust(settings, [signer.verifier])).finish()


@asynccontextmanager
async def auditor(settings: Settings, store: Store, keys: Sequence[str] = ()) -> AsyncIterator[Auditor]:
    """Examines and proves, on the log as it is now. `keys` are trusted beside those of the settings.

    Raises:
        InvalidRequest: one of `keys` is no verifier key.
    """
    own = Signer.existing(settings.audit_keys)
    try:
        named = [parse_key(key) for key in keys]
    except ValueError as error:
        ja = "--key：検証鍵として読めません。kyozon audit key の出力（NAME+HASH+KEY の形式）をそのまま指定してください。"
        raise InvalidRequest(Text(f"--key: {error}.", ja), "key") from error
    async with snapshot(store.database) as log:
        yield Auditor(log, _trust(settings, [*named, *([own.verifier] if own else [])]))


class LogState(Struct, frozen=True):
    """How the log stands: leaves in the tree, records that wait, and why nothing would be sealed here, if so."""

    sealed: int
    waiting: int
    refused: Text | None


async def log_state(settings: Settings, store: Store) -> LogState:
    """A quick look; nothing is examined but whether the log can go on."""
    log, own, refused = log_of(store), Signer.existing(settings.audit_keys), None
    try:
        async with store.database.reading() as connection, connection.transaction(isolation="repeatable_read"):
            await signed_last(connection, _trust(settings, [own.verifier] if own else []))
    except SealingRefused as refusal:
        refused = refusal.text
    return LogState(await log.size(), await log.waiting(), refused)


def log_of(store: Store) -> PostgresAuditLog:
    """The log, for single looks."""
    return PostgresAuditLog(store.database.reading)


def outside_notes(settings: Settings, files_or_folders: Sequence[Path]) -> list[Note]:
    """Copies of checkpoints from away from the database: of the settings' folders, and those named.

    Raises:
        InvalidRequest: one cannot be read, or a named one holds no checkpoint: nothing would be compared with it.
    """
    found = [note for path in _folders(settings) if path.is_dir() for note in _notes(path)]
    for path in files_or_folders:
        notes = _notes(path)
        if not notes:
            raise InvalidRequest(
                Text(
                    f"{path} holds no checkpoint. Name a file that 'kyozon audit checkpoint' was written to, or the folder "
                    "of [audit] checkpoints.",
                    f"{path} にチェックポイントがありません。kyozon audit checkpoint の出力を保存したファイルか、"
                    "[audit] checkpoints のフォルダーを指定してください。",
                ),
                "against",
            )
        found += notes
    return found


def _notes(path: Path) -> list[Note]:
    try:
        return list(read_notes(path))
    except OSError as error:
        raise InvalidRequest(
            Text(
                f"{path} cannot be read: {error}. Check that it is there and that you may read it.",
                f"{path} を読めません：{error}。ファイルの有無と読み取り権限を確認してください。",
            ),
            "against",
        ) from error


def verifier_key(settings: Settings) -> str:
    """Whose signatures to trust: what this installation gives to those who check it."""
    return str(Signer.of(settings.audit_keys).verifier)


def verifier_program() -> str:
    """A program that checks proofs and needs nothing of Kyozon."""
    return files("kyozon.storage.audit").joinpath("verifier.py").read_text("utf-8")


def forgetting(settings: Settings, store: Store) -> Forgetting:
    """Erases people."""
    return Forgetting(store.database, MasterKeys(settings.audit_keys), WORLD)


def retention(settings: Settings, store: Store) -> Retention:
    """Prunes and holds."""
    return Retention(store.database, WORLD, settings.audit.retention_days)


def _trust(settings: Settings, keys: Sequence[VerifierKey]) -> TrustedKeys:
    return TrustedKeys([*keys, *map(parse_key, settings.audit.trusted_keys)])


def _folders(settings: Settings) -> list[Path]:
    """Beside its keys, and where the settings say."""
    named = [Path(settings.audit.checkpoints).expanduser()] if settings.audit.checkpoints else []
    return [settings.audit_keys, *named]


def _places(settings: Settings, transports: Transports) -> Iterable[Outside]:
    for folder in _folders(settings):
        yield CheckpointFolder(folder, WORLD.now)
    if settings.audit.webhook:
        yield CheckpointWebhook(settings.audit.webhook, transports.of(_WEBHOOK_TIMEOUTS))
