"""What is said of answers: which one a caller may judge, how often it counts, and who reads what was said.

An answer that a caller may not know of, and one that never was, are refused in the same words.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from kyozon.domain.audit import AuditEvent
from kyozon.domain.callers import ApiKey, Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import IdempotencyConflict, LimitReached, MissingPiece, NotFound
from kyozon.domain.feedback import Feedback, Source
from kyozon.domain.labels import Clearance
from kyozon.domain.language import Text
from kyozon.ports.audit import AuditTrail
from kyozon.ports.feedback import FeedbackStore
from kyozon.ports.records import Records
from kyozon.services.provenance import Provenance
from kyozon.services.world import World

MOST: Final = 10
"""Judgements of one answer by one person: who changes his mind more often is a program that has gone wrong."""
MOST_OF_KEY: Final = 100
"""Judgements of one answer with one key, by however many of its users."""

Counted = Callable[[Source], None]
"""Told of each judgement that is new; must neither wait nor raise."""


class Said(Struct, frozen=True):
    """A judgement as a caller gives it. `idempotency_key` is the client's own word that it is one and the same.

    `user` is the caller's own name for whoever said it, empty for that of the key itself.
    """

    decision_id: str
    score: float
    source: Literal["person", "program"] = "person"
    comment: str | None = None
    idempotency_key: str | None = None
    user: str = ""

    def by(self, key: ApiKey) -> str:
        """Who said it. A user of an application stands behind the name of its key: nobody speaks in another's name."""
        return f"{key.user}/{self.user}" if self.user else key.user

    def name(self, key_id: str, before: int) -> str:
        """The same for a repeat, wherever it arrives; after `before` other judgements the same words are a new one."""
        word = [before, self.score, self.source, self.comment] if self.idempotency_key is None else self.idempotency_key
        said = msgspec.json.encode([key_id, self.user, self.decision_id, word])
        return f"fbk_{hashlib.sha256(said).hexdigest()[:24]}"

    def same(self, feedback: Feedback) -> bool:
        """Whether it was just this."""
        return (feedback.score, feedback.source, feedback.comment) == (self.score, self.source, self.comment)


class FeedbackService:
    """Takes judgements and shows them. `counted` is told of each new one."""

    def __init__(
        self,
        store: FeedbackStore,
        records: Records,
        provenance: Provenance,
        trail: AuditTrail,
        world: World,
        counted: Counted,
    ) -> None:
        self._store = store
        self._records = records
        self._provenance = provenance
        self._trail = trail
        self._world = world
        self._counted = counted

    async def give(self, caller: Caller, said: Said) -> Feedback:
        """Keep a judgement; the one that is kept already, where a client repeats itself.

        Raises:
            NotFound: there is no answer of a chat in this tenant that this key may read.
            LimitReached: the person, or the key, has judged this answer often enough.
            IdempotencyConflict: the Idempotency-Key was used to say something else of it.
        """
        decision = await self._answered(caller, said.decision_id)
        key, known = caller.key, await self._store.of(decision.id, caller.tenant)
        who = said.by(key)
        own = [one for one in known if one.outright and (one.key_id, one.user) == (key.id, who)]
        found = _repeated(own, key, said)
        if found is not None:
            return found
        feedback = Feedback(
            id=said.name(key.id, len(own)),
            decision_id=decision.id,
            tenant=caller.tenant,
            at=self._world.now(),
            source=said.source,
            score=said.score,
            user=who,
            key_id=key.id,
            comment=said.comment,
        )
        await self._store.add(feedback)
        self._counted(feedback.source)
        return feedback

    async def of(self, caller: Caller, decision_id: str) -> tuple[Feedback, ...]:
        """What was said of an answer: all of it for the key that asked and for admin keys, for another key its own.

        Raises:
            NotFound: as `give`.
        """
        decision, key = await self._answered(caller, decision_id), caller.key
        found = await self._store.of(decision.id, caller.tenant)
        if not key.admin and decision.key_id != key.id:
            found = tuple(one for one in found if one.key_id == key.id)
        await self._tell(decision, key.user, [one for one in found if one.key_id != key.id])
        return found

    async def shown(self, decision: Decision, reader: str, clearance: Clearance | None = None) -> tuple[Feedback, ...]:
        """What was said of an answer, read by a person of that name; nothing where it is above a clearance by now."""
        if clearance is not None and not await self._within(decision, clearance):
            return ()
        found = await self._store.of(decision.id, decision.tenant)
        await self._tell(decision, reader, found)
        return found

    async def _answered(self, caller: Caller, decision_id: str) -> Decision:
        try:
            found = await self._records.decision(decision_id)
        except MissingPiece:  # whoever's it is, nobody can say
            found = None
        if found is None or found[0].tenant != caller.tenant or found[0].kind != "chat":
            raise unknown_decision(decision_id)
        decision, outcome = found
        if outcome is None or outcome.status != "answered" or not await self._within(decision, caller.key.clearance):
            raise unknown_decision(decision_id)
        return decision

    async def _within(self, decision: Decision, clearance: Clearance) -> bool:
        """By its label as it is now: what it was made from may have been raised since."""
        try:
            label = await self._provenance.label(decision.tenant, (decision.id,))
        except NotFound:
            return False
        return label.within(clearance)

    async def _tell(self, decision: Decision, reader: str, shown: Sequence[Feedback]) -> None:
        """Have it on record that somebody reads other people's words."""
        words = sum(one.comment is not None for one in shown)
        if not words:
            return
        new, now = self._world.new_id("evt"), self._world.now()
        detail = {"comments": words}
        await self._trail.record(AuditEvent(new, now, "feedback:read", decision.tenant, reader, decision.id, {**detail}))


def _repeated(own: Sequence[Feedback], key: ApiKey, said: Said) -> Feedback | None:
    """What a client has said before and says again since it did not hear the answer; `own` is the key's, oldest first."""
    if said.idempotency_key is None:
        return own[-1] if own and said.same(own[-1]) else None
    name = said.name(key.id, 0)
    found = next((one for one in own if one.id == name), None)
    if found is not None and not said.same(found):
        raise IdempotencyConflict(
            Text(
                "this Idempotency-Key was used to say something else of this answer; use a new key for a new judgement.",
                "この Idempotency-Key は、この応答への別の評価で使われています。新しい評価には新しいキーを使ってください。",
            ),
            retryable=False,
        )
    return found


def unknown_decision(decision_id: str) -> NotFound:
    """There is no such answer, or none that whoever asks may know of: nobody learns which."""
    return NotFound(
        Text(
            f"there is no answer of a chat with the decision {decision_id!r} that this key may judge. The header "
            "x-kyozon-decision of an answer names its decision.",
            f"決定記録 {decision_id!r} の応答で、このキーで評価できるものはありません。"
            "ID は応答のヘッダー x-kyozon-decision にあります。",
        ),
        "decision_id",
    )


def too_many() -> LimitReached:
    """Nobody has so much to say of one answer."""
    return LimitReached(
        Text(
            f"an answer may be judged {MOST} times by one person and {MOST_OF_KEY} times with one key, and this one was; "
            "each person's last word counts.",
            f"一つの応答の評価は 1 人 {MOST} 件、1 キー {MOST_OF_KEY} 件までで、上限に達しています。"
            "各人の最後の評価が有効です。",
        ),
        "judgements",
        None,
    )
