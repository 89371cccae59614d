"""How a decided request ends: the outcome, the ledger, the reservation given back. Also for what a killed process left."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, field, structs

from kyozon.domain.decisions import Attempt, CacheUse, Decision, Outcome, OutcomeStatus, UnderWay
from kyozon.domain.errors import NOT_SENT
from kyozon.domain.models import ModelCard
from kyozon.domain.requests import ChatRequest, Dialect
from kyozon.domain.usage import Charge, Transaction, Usage
from kyozon.metering.estimate import text_tokens
from kyozon.metering.posting import release, settle, settle_attempts
from kyozon.metering.pricing import charge, price_at
from kyozon.ports.provider import Piece
from kyozon.ports.records import Journal, KeptAnswer, Records
from kyozon.ports.telemetry import SILENT, Telemetry, Words
from kyozon.services.deciding import Decided
from kyozon.services.health import Call
from kyozon.services.lasting import Lasting
from kyozon.services.limiter import NOTHING, Limiter
from kyozon.services.registry import Registry
from kyozon.services.world import World

T = TypeVar("T")


def _nothing() -> None:
    """Nobody waits for the settlement."""


class Ending(Struct):
    """What a request has come to so far; filled while it runs, closed once. `settled` is called when that is over.

    `more_input` are the tokens that a model reads beyond the request: what another had said before it broke. `noted` is how
    far it had come when that was last recorded.
    """

    status: OutcomeStatus = "failed"
    card: ModelCard | None = None
    usage: Usage | None = None
    text_tokens: int = 0
    more_input: int = 0
    finish: str | None = None
    attempts: list[Attempt] = field(default_factory=list)
    error: str | None = None
    first_token: float | None = None
    settled: Callable[[], None] = _nothing
    words: Words | None = None
    waiting: bool = False
    retries: int = 0
    call: Call | None = None
    noted: UnderWay | None = None
    cache: CacheUse | None = None
    verifier: str = ""

    async def turn(self, admitted: Awaitable[T]) -> T:
        """Wait for a slot: until there is one nothing has reached `card`, and nothing is charged for it."""
        self.waiting = True
        found = await admitted
        self.waiting = False
        return found

    def heard(self, text: str, seconds: float) -> None:
        """Count what a model said, for a stream that may break before it reports its usage."""
        if text:
            self.text_tokens += text_tokens(text)
            if self.first_token is None:
                self.first_token = seconds

    def took(self, piece: Piece, seconds: float) -> None:
        """Count what a piece of a stream says, and what it reports."""
        self.heard(piece.text, seconds)
        if piece.usage is not None:
            self.usage = piece.usage
        if piece.finish is not None:
            self.finish = piece.finish

    def passed_on(self, payload: bytes, dialect: Dialect) -> None:
        """Keep a piece of the answer, where somebody may hear it."""
        if self.words is not None:
            self.words.add(payload, dialect)


class Settler:
    """Step 10: settle the actual, release the rest, exactly once for each decision."""

    def __init__(
        self, registry: Registry, limiter: Limiter, journal: Journal, world: World, telemetry: Telemetry = SILENT
    ) -> None:
        self._registry = registry
        self._limiter = limiter
        self._journal = journal
        self._world = world
        self._telemetry = telemetry
        self.lasting = Lasting()

    def words(self, decided: Decided, request: ChatRequest) -> Words | None:
        """What to keep the words of a request in, where somebody may hear them.

        Nobody hears stored values: who watches is told when all is over, and their labels may have been raised meanwhile.
        """
        if decided.decision.sources:
            return None
        return Words(request.chat) if self._telemetry.hears(decided.decision.label) else None

    async def close(self, decided: Decided, ending: Ending, kept: KeptAnswer | None = None) -> Outcome:
        """Record the outcome durably. A caller who leaves meanwhile cannot stop it."""
        if ending.call is not None:
            ending.call.end(_tokens_at_once(decided, ending))
        try:
            outcome = self._outcome(decided.decision, ending, decided.began)
            by_model = _by_model(outcome) if self._limiter.limits_models else NOTHING
            self._limiter.settle(decided.reservation, _tokens(outcome), outcome.paid.amount, by_model)
            self._telemetry.ended(decided.decision, outcome, ending.words)
            closing = self._journal.close(outcome, _transactions(decided.decision, outcome, released=True), kept)
        except BaseException:
            ending.settled()
            raise
        closing.add_done_callback(lambda _: ending.settled())
        await asyncio.shield(closing)
        return outcome

    async def note(self, decided: Decided, ending: Ending, card: ModelCard) -> None:
        """Record durably what is owed for already, if anything is, before `card` is called.

        Raises:
            StorageUnavailable: it could not be recorded, so nothing may leave.
        """
        owed = tuple(ending.attempts)
        if all(attempt.charge is None for attempt in owed):
            return
        found = UnderWay(decided.decision.id, owed, card.id, card.provider, ending.more_input, ending.verifier)
        if found != ending.noted:
            await self._journal.note(found)
            ending.noted = found

    async def drain(self) -> None:
        """Wait for settlements whose callers have left."""
        await self.lasting.drain()

    async def recover(self, records: Records, server: str | None = None) -> int:
        """Close what a dead server left open, or, without one named, whatever is older than this process. Returns how many.

        A model may have been reached, the chosen one or whoever was to be called when that was last noted: the input is
        charged as estimated. What was owed for before is charged as noted. Where none was chosen nothing was sent.
        """
        left = await records.open_decisions(server)
        for decision, held in left:
            ending = self._left(decision, await records.under_way(decision.id))
            outcome = self._outcome(decision, ending, None)
            self._telemetry.ended(decision, outcome)
            await self._journal.close(outcome, _transactions(decision, outcome, released=held is not None))
        return len(left)

    def _outcome(self, decision: Decision, ending: Ending, began: float | None) -> Outcome:
        usage = usage_of(decision, ending)
        reached = None if ending.waiting else ending.card
        return Outcome(
            decision_id=decision.id,
            at=self._world.now(),
            status=ending.status,
            model=reached.id if reached else None,
            provider=reached.provider if reached else None,
            usage=usage,
            charge=charge_for(decision, reached, usage),
            finish=ending.finish,
            attempts=tuple(ending.attempts),
            error=ending.error,
            first_token_ms=_ms(ending.first_token, began),
            total_ms=_ms(self._world.seconds(), began),
            cache=ending.cache,
            heard=ending.words is not None and self._telemetry.exports(decision.label),
            verifier=ending.verifier,
        )

    def _left(self, decision: Decision, noted: UnderWay | None) -> Ending:
        first = next(((found.provider, found.model) for found in decision.candidates if found.rank == 1), None)
        place = first if noted is None else (noted.provider, noted.model)
        card = next((card for card in self._registry.cards() if card.place == place), None)
        ending = Ending(status="lost" if decision.chosen else "refused", card=card, error="process_died")
        if noted is not None:
            ending.attempts, ending.more_input, ending.verifier = [*noted.attempts], noted.more_input, noted.verifier
        return ending


def usage_of(decision: Decision, ending: Ending) -> Usage:
    """As reported; where nothing was, an estimate for a model that was reached, and nothing for one that was not.

    A report of no tokens at all is none: every model reads something. Providers count tokens free of charge.
    """
    if ending.card is None or ending.waiting or decision.kind == "count":
        return Usage()
    told = ending.usage if ending.usage is not None and ending.usage.input + ending.usage.output > 0 else None
    if told is not None and ending.status == "answered":
        return told
    tokens = decision.input_tokens_estimated + ending.more_input
    reported = told or Usage(uncached=tokens, searches=searched(decision, ending.card))
    return structs.replace(reported, output=max(reported.output, ending.text_tokens), estimated=True)


def searched(decision: Decision, card: ModelCard) -> int:
    """Searches that a call to `card` is taken to have cost where it did not say: none where its provider bills none."""
    price = price_at(card.prices, decision.at.date(), decision.input_tokens_estimated)
    return decision.needs.searches if decision.needs and price is not None and price.thousand_searches else 0


def _tokens_at_once(decided: Decided, ending: Ending) -> int:
    """The length of an answer that came whole; 0 for a stream, which comes no faster than it is read."""
    whole = ending.status == "answered" and not decided.needs.streamed
    return usage_of(decided.decision, ending).output if whole else 0


def charge_for(decision: Decision, card: ModelCard | None, usage: Usage) -> Charge:
    """What a model's usage costs at the price of the decision's day; nothing where no model was reached."""
    if card is None:
        return Charge(Decimal(0), decision.currency)
    return charge(usage, price_at(card.prices, decision.at.date(), usage.input))


def _transactions(decision: Decision, outcome: Outcome, *, released: bool) -> list[Transaction]:
    found = [release(decision, outcome.at) if released else None, settle(decision, outcome)]
    return [*(transaction for transaction in found if transaction is not None), *settle_attempts(decision, outcome)]


def _tokens(outcome: Outcome) -> int:
    """Of the answer and of the other calls made for it."""
    used = [outcome.usage, *(attempt.usage for attempt in outcome.calls if attempt.usage is not None)]
    return sum(usage.input + usage.output for usage in used)


def _by_model(outcome: Outcome) -> dict[str, tuple[int, Decimal]]:
    """Tokens and money of each model that was called, those of other calls than the one that answered included."""
    found: dict[str, tuple[int, Decimal]] = {}
    used = [(attempt.model, attempt.usage, attempt.charge) for attempt in outcome.calls if attempt.error not in NOT_SENT]
    if outcome.model is not None:
        used.append((outcome.model, outcome.usage, outcome.charge))
    for model, usage, charged in used:
        tokens, money = found.get(model, (0, Decimal(0)))
        more = usage.input + usage.output if usage is not None else 0
        found[model] = tokens + more, money + (charged.amount if charged is not None else 0)
    return found


def _ms(moment: float | None, began: float | None) -> int | None:
    return None if moment is None or began is None else round((moment - began) * 1000)
