"""An answer already paid for is given again, not bought again."""

import hashlib
from collections import OrderedDict
from datetime import timedelta

from msgspec import Struct, structs

from kyozon.domain.errors import IdempotencyConflict
from kyozon.domain.language import Text
from kyozon.ports.records import KeptAnswer, Records
from kyozon.services.world import World


class Repeat(Struct, frozen=True):
    """What tells that a request repeats another: the client's own `Idempotency-Key`, or the official SDKs' retry count.

    The SDKs retry silently and send no key; they do say, in `x-stainless-retry-count`, how often they have tried. `terms`
    are what the answer was permitted under, the declared label and the policy: under others it is another request, since
    what was allowed then may not be allowed now.
    """

    key_id: str
    body_sha256: str
    idempotency_key: str | None = None
    sdk: bool = False
    retry: bool = False
    terms: str = ""

    @property
    def sha256(self) -> str:
        """The same for two requests of the same body on the same terms."""
        return hashlib.sha256(f"{self.terms}\n{self.body_sha256}".encode()).hexdigest()

    @property
    def name(self) -> tuple[str, str]:
        """What answers are kept under: the key's own word, else the request itself."""
        return self.key_id, self.idempotency_key or f"sha256:{self.sha256}"

    def part(self, body: bytes) -> "Repeat":
        """What tells the same of a call that this request needs first: where it comes again, that call does."""
        made = structs.replace(self, body_sha256=hashlib.sha256(body).hexdigest())
        own = None if self.idempotency_key is None else f"{made.sha256} for {self.idempotency_key}"
        return structs.replace(made, idempotency_key=own)


class Replays:
    """Finds and keeps answers. With an Idempotency-Key they go to the database with the settlement, for `keep_for`.

    For the SDKs' retries they stay in memory for `retry_window`, at most `memory_bytes` of them, oldest out first.
    """

    def __init__(
        self, records: Records, world: World, keep_for: timedelta, retry_window: timedelta, memory_bytes: int = 64 << 20
    ) -> None:
        self._records = records
        self._world = world
        self._keep_for = keep_for
        self._retry_window = retry_window
        self._memory_bytes = memory_bytes
        self._recent: OrderedDict[tuple[str, str], KeptAnswer] = OrderedDict()
        self._size = 0
        self._running: set[tuple[str, str]] = set()

    async def begin(self, repeat: Repeat) -> KeptAnswer | None:
        """The answer to repeat, if this request repeats one; else its Idempotency-Key is held until `ended`.

        Raises:
            IdempotencyConflict: the same Idempotency-Key came with another body, or its first request still runs.
        """
        if repeat.idempotency_key is None:
            found = self._recent.get(repeat.name) if repeat.retry else None
            return found if found is not None and found.expires_at > self._world.now() else None
        if repeat.name in self._running:
            raise IdempotencyConflict(
                Text(
                    "the first request with this Idempotency-Key is still running; try again in a moment.",
                    "この Idempotency-Key の最初の要求がまだ処理中です。少し待って再度お試しください。",
                ),
                retryable=True,
            )
        self._running.add(repeat.name)  # before the first await: of two that come together one must see the other
        try:
            kept = await self._records.kept_answer(repeat.key_id, repeat.idempotency_key, self._world.now())
        except BaseException:
            self.ended(repeat)
            raise
        if kept is not None:
            self.ended(repeat)
        if kept is not None and kept.body_sha256 != repeat.sha256:
            raise IdempotencyConflict(
                Text(
                    "this Idempotency-Key was used with another body, another label or under another policy; use a new key "
                    "for a new request.",
                    "この Idempotency-Key は、別の内容・別のラベル・別のポリシーの要求で使われています。"
                    "新しい要求には新しいキーを使ってください。",
                ),
                retryable=False,
            )
        return kept

    def ended(self, repeat: Repeat) -> None:
        """Let go of the Idempotency-Key, however its request ended."""
        self._running.discard(repeat.name)

    def keep(self, repeat: Repeat, decision_id: str, content_type: str, payload: bytes) -> KeptAnswer | None:
        """What to store with the settlement, None where memory is enough or nothing needs keeping."""
        if repeat.idempotency_key is None and not repeat.sdk:
            return None
        lasting = repeat.idempotency_key is not None
        kept = KeptAnswer(
            key_id=repeat.key_id,
            idempotency_key=repeat.name[1],
            body_sha256=repeat.sha256,
            decision_id=decision_id,
            content_type=content_type,
            payload=payload,
            expires_at=self._world.now() + (self._keep_for if lasting else self._retry_window),
        )
        if lasting:
            return kept
        self._remember(repeat.name, kept)
        return None

    def _remember(self, name: tuple[str, str], kept: KeptAnswer) -> None:
        old = self._recent.pop(name, None)
        self._size += len(kept.payload) - (len(old.payload) if old else 0)
        self._recent[name] = kept
        now = self._world.now()
        while self._recent and (self._size > self._memory_bytes or next(iter(self._recent.values())).expires_at <= now):
            _, gone = self._recent.popitem(last=False)
            self._size -= len(gone.payload)
