"""An answer that is there is judged, then delivered, held against a second opinion, or given up for a stronger model's.

What is asked besides goes the way of every call: the decision's own candidates, the choke point, a turn, the breakers. Each
answer that is set aside is an attempt that costs what it costs; whatever goes wrong, the answer that is there is delivered.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from kyozon.domain.cascades import Hold, Judged
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import Json
from kyozon.ports.provider import Piece
from kyozon.routing.verifying.answered import Answered, Stakes
from kyozon.services.course import Course, Part
from kyozon.services.deciding import Decided
from kyozon.services.fallback import Attempts, Send, code_of
from kyozon.services.holding_back import Opened, held_back
from kyozon.services.pieces import close_pieces
from kyozon.services.settling import Ending, Settler
from kyozon.services.spoken import Spoken
from kyozon.services.world import World

if TYPE_CHECKING:
    from kyozon.routing.judging import Judge

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2.0
T = TypeVar("T")


class Asking(Struct, Generic[T], frozen=True):
    """A request under way: `send` calls a card for it, `hear` says what an answer says; None for one that is not whole."""

    decided: Decided
    ending: Ending
    chat: Json
    send: Send[T]
    hear: Callable[[T], Spoken | None]

    @property
    def planned(self) -> bool:
        """Whether the model that has answered is the one that begins a cascade."""
        plan, card = self.decided.decision.cascade, self.ending.card
        return plan is not None and card is not None and card.id == plan.first


class Cascading:
    """Carries out what was planned with the decision.

    `judge` is asked for when an answer is judged; one that has not been judged after `patience` seconds is delivered.
    """

    def __init__(
        self,
        judge: "Callable[[], Judge]",
        attempts: Attempts,
        settler: Settler,
        hold: Hold,
        world: World,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self.hold = hold
        self._patience = patience
        self._judge = judge
        self._attempts = attempts
        self._settler = settler
        self._world = world

    async def best_stream(self, asking: Asking[Opened], first: Opened) -> Opened:
        """As `best`, for an answer that comes to its end while its beginning is held back; a longer one flows on."""
        if not asking.planned:
            return first
        heard = list[Piece]()
        try:
            first = await held_back(first, self.hold, heard)
            if first.whole:
                await close_pieces(first.rest)  # its turn is over, whoever is asked next
        except BaseException as stopped:
            for piece in heard:
                asking.ending.took(piece, self._world.seconds())
            await self._end(asking, stopped)
            raise
        return await self.best(asking, first, opinions=False)

    async def best(self, asking: Asking[T], first: T, *, opinions: bool = True) -> T:
        """The answer to deliver: `first`, or that of the stronger model. `asking.ending` is then that of whoever gave it.

        What stops the request as a whole, such as that its caller leaves, is settled before it is raised.
        """
        spoken = asking.hear(first) if asking.planned else None
        course = None if spoken is None else Course.of(asking.decided, asking.ending, asking.chat, spoken)
        if course is None:
            return first
        if not opinions:
            course.opinion = None
        try:
            course.set_aside()
            found = await self._stronger(asking, course)
        except BaseException as stopped:
            await self._end(asking, stopped)
            raise
        if found is None:
            course.take_up()
            return first
        return found

    async def _end(self, asking: Asking[T], stopped: BaseException) -> None:
        left = isinstance(stopped, asyncio.CancelledError)
        asking.ending.status = "left" if left else "failed"
        asking.ending.error = "caller_left" if left or not isinstance(stopped, Exception) else code_of(stopped)
        await self._settler.close(asking.decided, asking.ending)

    async def _stronger(self, asking: Asking[T], course: Course) -> T | None:
        """The stronger model's answer, where the first is given up for it and it gives one."""
        judged = course.unfit() or await self._judged(course, ())
        if judged is not None and judged.act == "ask" and course.opinion is not None:
            beside = await self._opinion(asking, course, course.opinion, judged)
            judged = await self._judged(course, beside)
        if judged is None:
            return None
        course.conclude(judged)
        if judged.act != "escalate":
            return None
        return await self._further(asking, course.strong.card)

    async def _opinion(self, asking: Asking[T], course: Course, part: Part, judged: Judged) -> tuple[str, ...]:
        """What a second model says to the same request; it is asked once. Empty where that can be held beside nothing."""
        course.opinion = None
        found = await self._further(asking, part.card)
        spoken = None if found is None else asking.hear(found)
        if spoken is None:
            return ()
        course.put_beside(part.card, spoken, judged)
        return () if spoken.words is None else (spoken.words,)

    async def _further(self, asking: Asking[T], card: ModelCard) -> T | None:
        return await self._attempts.further_answer(asking.decided, asking.ending, asking.send, card)

    async def _judged(self, course: Course, others: tuple[str, ...]) -> Judged | None:
        """What to do with the first answer; None where nobody could say in time."""
        try:
            async with asyncio.timeout(self._patience):
                judged, version = await asyncio.to_thread(self._look, course.shown(others), course.stakes)
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever is wrong with what judges, the answer is delivered
            _log.error("an answer could not be judged (%s)", type(error).__name__)
            return None
        course.judged_by(version)
        return judged

    def _look(self, shown: Answered, stakes: Stakes) -> tuple[Judged, str]:
        judge = self._judge()
        return judge.judge(shown, stakes), judge.version
