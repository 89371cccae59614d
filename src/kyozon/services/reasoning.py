"""Keeps models' chains of thought where the operator wants that, shortly, and shows them to who may read the decision."""

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import msgspec

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import KyozonError, NotFound
from kyozon.domain.labels import Clearance, Label
from kyozon.domain.language import Text
from kyozon.domain.reasoning import Reasoning
from kyozon.ports.audit import AuditTrail
from kyozon.ports.reasoning import ReasoningStore
from kyozon.ports.telemetry import Words
from kyozon.services.explaining import Explained, ExplainService
from kyozon.services.lasting import Lasting
from kyozon.services.world import World

_log = logging.getLogger(__name__)

_MOST_WAITING = 1000
"""Chains of thought that wait to be written; beyond it further ones are not kept: they are no record."""
_SIGNS = (b'"reasoning', b'"thinking')
_FIELDS = ("reasoning_content", "reasoning", "thinking")


class ReasoningKeeper:
    """A `Telemetry` that hears every word and keeps those that a model has thought; there only where that is wanted."""

    def __init__(self, store: ReasoningStore, keep_for: timedelta, lasting: Lasting) -> None:
        """What is on its way is held by `lasting`."""
        self._store = store
        self._keep_for = keep_for
        self._lasting = lasting
        self._waiting = 0

    def hears(self, label: Label) -> bool:  # noqa: ARG002 - the port's signature
        """Everything: the words stay on this host, encrypted, under their label."""
        return True

    def exports(self, label: Label) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing leaves this host."""
        return False

    def decided(self, decision: Decision) -> None:
        """Nothing was thought yet."""

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        """Keep what was thought, beside the request."""
        if words is None or not any(sign in payload for payload in words.payloads for sign in _SIGNS):
            return
        if self._waiting >= _MOST_WAITING:
            _log.warning("reasoning of %s is not kept: too much waits for the database", decision.id)
            return
        self._waiting += 1
        self._lasting.begin(self._keep(decision, outcome, words))

    async def _keep(self, decision: Decision, outcome: Outcome, words: Words) -> None:
        try:
            text = "".join(thoughts(words.payloads))
            if text:
                await self._store.keep(
                    Reasoning(
                        decision_id=decision.id,
                        tenant=decision.tenant,
                        user=decision.user,
                        at=outcome.at,
                        label=decision.label,
                        text=text,
                        whole=words.whole,
                        expires_at=outcome.at + self._keep_for,
                    )
                )
        except (KyozonError, msgspec.DecodeError) as error:
            _log.warning("reasoning of %s is not kept: %s", decision.id, type(error).__name__)
        finally:
            self._waiting -= 1


class ReasoningReader:
    """Shows what is kept, and has it on record who looked."""

    def __init__(self, explain: ExplainService, store: ReasoningStore, trail: AuditTrail, world: World) -> None:
        self._explain = explain
        self._store = store
        self._trail = trail
        self._world = world

    async def read(self, caller: Caller, decision_id: str) -> Reasoning:
        """The reasoning behind a decision, for who is cleared for all of that; raises `NotFound`."""
        found = await self._explain.decision(caller, decision_id)
        if not isinstance(found, Explained):
            raise NotFound(_none(decision_id))
        return await self.shown(found.decision, caller.key.user, caller.key.clearance)

    async def shown(self, decision: Decision, reader: str, clearance: Clearance | None = None) -> Reasoning:
        """The reasoning behind a decision, read by a person of that name; raises `NotFound` where none is kept for him."""
        found = await self._store.read(decision.id, self._world.now())
        if found is None or (clearance is not None and not found.label.within(clearance)):
            raise NotFound(_none(decision.id))
        event = AuditEvent(
            self._world.new_id("evt"), self._world.now(), "reasoning:read", decision.tenant, reader, decision.id
        )
        await self._trail.record(event)
        return found


def thoughts(payloads: Iterable[bytes]) -> Iterator[str]:
    """What a model thought, from the payloads of a whole answer or of a stream, in either dialect, in order."""
    for payload in payloads:
        if any(sign in payload for sign in _SIGNS):
            yield from _thoughts(msgspec.json.decode(payload))


def _thoughts(found: Any) -> Iterator[str]:
    """OpenAI's choices hold a message or a delta, Anthropic's messages content blocks, its events a delta."""
    if not isinstance(found, dict):
        return
    for choice in _dicts(found.get("choices")):
        yield from _said(choice.get("message") or choice.get("delta"))
    for block in (*_dicts(found.get("content")), *_dicts([found.get("delta")])):
        yield from _said(block)


def _said(part: Any) -> Iterator[str]:
    texts = (part.get(name) for name in _FIELDS) if isinstance(part, dict) else ()
    yield from [text for text in texts if isinstance(text, str)][:1]


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _none(decision_id: str) -> Text:
    return Text(
        f"no reasoning is kept for {decision_id!r} that this key may read. [reasoning] keep_hours says how long it is "
        "kept, which is not at all by default.",
        f"{decision_id!r} について、このキーで読める推論過程は保存されていません。"
        "保存時間は [reasoning] keep_hours で設定します（既定では保存しません）。",
    )
