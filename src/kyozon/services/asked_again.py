"""Who asks the same again was not content with the answer: seen by hashes of what was asked, none of whose words is kept.

    retry        the same, of the same model or of whichever is chosen
    edit         the conversation up to there, and its last question in other words
    escalation   the same, of a higher quality or of a dearer model that is named

It is looked at with hindsight, once nothing more has been asked at a place of a conversation for ten minutes: what repeats
itself more often than a person would, and a key which repeats much of what it asks, are programs, and say nothing of
answers. This process alone remembers, some thousand places.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, field

from kyozon.domain.decisions import Decision
from kyozon.domain.errors import KyozonError, WorldFailure
from kyozon.domain.feedback import Feedback
from kyozon.domain.requests import Json
from kyozon.ports.feedback import FeedbackStore
from kyozon.services.deciding import Decided
from kyozon.services.dissatisfaction import SCORES, Given, Names, given_by, names_of, source_of
from kyozon.services.feedback import Counted
from kyozon.services.lasting import Lasting
from kyozon.services.settling import Ending
from kyozon.services.world import World

SECONDS: Final = 600.0
"""How long after an answer asking again may be about it."""
READING_SECONDS: Final = 2.0
"""Nobody has read an answer and made up his mind sooner."""
MOST_REPEATS: Final = 2
"""Who asks the same more often than this again is no person."""
FREE, SHARE = 3, 0.25
"""A key that asks again at more places than these, and at more than this share of its places, is taken for a program's."""

K = TypeVar("K")
V = TypeVar("V")

_MOST = 10_000
_LOOK_SECONDS = 30.0
_log = logging.getLogger(__name__)


class _Place(Struct):
    """A place of a conversation: how often something was asked there, the last answer, and what may come of it.

    Of a place where too much is asked nothing will come, so nothing is kept: a monitor may never fall silent.
    """

    key_id: str
    at: float
    asked: int = 0
    last: Given | None = None
    seen: list[Feedback] = field(default_factory=list)

    @property
    def looped(self) -> bool:
        return self.asked > 1 + MOST_REPEATS


class _Pace(Struct):
    """At how many places a key has asked, and at how many again, since it was last silent."""

    at: float
    places: int = 0
    again: int = 0


class AskedAgain:
    """Told of each chat that has ended; what it concludes is recorded by `lasting`, off every request's way."""

    def __init__(self, store: FeedbackStore, world: World, lasting: Lasting, counted: Counted) -> None:
        self._store = store
        self._world = world
        self._lasting = lasting
        self._counted = counted
        self._answered: OrderedDict[bytes, None] = OrderedDict()
        self._places: OrderedDict[bytes, _Place] = OrderedDict()
        self._paces: OrderedDict[str, _Pace] = OrderedDict()

    def ended(self, decided: Decided, chat: Json, ending: Ending, *, resent: bool = False) -> None:
        """A chat has come to its end. `resent` says that a client sent it again of itself, since it had heard no answer."""
        if ending.cache is not None and ending.cache.hit:
            return
        decision, names = decided.decision, names_of(decided.decision, chat)
        self.conclude()
        place = self._place(decision, names)
        given = place.last
        if place.looped:
            place.seen.clear()
        elif given is not None and not resent and decided.began >= given.at + READING_SECONDS:
            self._note(decided, names, place, given)
        if ending.status == "answered" and ending.card is not None:
            place.last = given_by(decision, names, ending.card, self._world.seconds())
            _remember(self._answered, names.whole, None)

    def conclude(self, *, everywhere: bool = False) -> None:
        """Judge the answers at the places where nothing has been asked for a while, or at all of them."""
        over, seen = self._world.seconds() - SECONDS, list[Feedback]()
        while self._places:
            name, place = next(iter(self._places.items()))
            if place.at > over and not everywhere and len(self._places) <= _MOST:
                break
            del self._places[name]
            pace = self._paces.get(place.key_id, _Pace(place.at))
            if not place.looped and pace.again <= max(FREE, SHARE * pace.places):
                seen += place.seen
        if seen:
            self._lasting.begin(self._keep(seen))

    async def watch(self) -> None:
        """Conclude for as long as the server runs."""
        while True:
            await self._world.sleep(_LOOK_SECONDS)
            self.conclude()

    async def drain(self) -> None:
        """Judge what can still be judged, and wait until it is recorded."""
        self.conclude(everywhere=True)
        await self._lasting.drain()

    def _place(self, decision: Decision, names: Names) -> _Place:
        """Where the request stands: of a conversation that was answered here, the turn; else the very request."""
        now = self._world.seconds()
        name = names.place if names.before in self._answered else names.whole
        pace = self._paces.get(decision.key_id)
        if pace is None or pace.at + SECONDS <= now:
            pace = _Pace(now)
        _remember(self._paces, decision.key_id, pace)
        found = self._places.get(name)
        if found is None:
            found = _Place(decision.key_id, now)
            pace.places += 1
        elif found.asked == 1:
            pace.again += 1
        found.asked += 1
        found.at = pace.at = now
        self._places[name] = found
        self._places.move_to_end(name)
        return found

    def _note(self, decided: Decided, names: Names, place: _Place, given: Given) -> None:
        decision, source = decided.decision, source_of(decided, names, given)
        if source is not None:
            said = msgspec.json.encode([given.decision_id, source])
            place.seen.append(
                Feedback(
                    id=f"fbk_{hashlib.sha256(said).hexdigest()[:24]}",  # one of each source for a decision
                    decision_id=given.decision_id,
                    tenant=given.tenant,
                    at=self._world.now(),
                    source=source,
                    score=SCORES[source],
                    user=decision.user,
                    key_id=decision.key_id,
                )
            )

    async def _keep(self, seen: Sequence[Feedback]) -> None:
        """One after the other; a store that fails is not asked for the rest, so that nobody waits who ends the process."""
        for feedback in seen:
            try:
                await self._store.add(feedback)
            except KyozonError as error:
                _log.warning("what was seen of %s is not recorded: %s", feedback.decision_id, type(error).__name__)
                if isinstance(error, WorldFailure):
                    return
            else:
                self._counted(feedback.source)


def _remember(known: OrderedDict[K, V], name: K, value: V) -> None:
    known[name] = value
    known.move_to_end(name)
    if len(known) > _MOST:
        known.popitem(last=False)
