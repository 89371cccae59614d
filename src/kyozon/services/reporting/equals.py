"""Whether an answer was as good as one of the reference, by its record, and what that one would have cost."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct, structs

from kyozon.domain.decisions import CacheUse, Candidate, Decision, Outcome
from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.savings import Reason
from kyozon.domain.usage import Charge, Usage
from kyozon.metering.pricing import charge, price_at
from kyozon.ports.reporting import Settled
from kyozon.routing.measured import loss

_ROUNDING = 1e-9


class Answer(Struct, frozen=True):
    """A whole answer as its record has it. That of a cache hit is the answer that was given again."""

    decision: Decision
    outcome: Outcome
    cached: bool

    @property
    def place(self) -> tuple[str | None, str | None]:
        """Who wrote it: the provider, and the model there."""
        return self.outcome.provider, self.outcome.model


class Equal(Struct, frozen=True):
    """An answer as good as the reference's: by estimates, or because the reference itself wrote it."""

    answer: Answer
    usage: Usage
    goal: Goal | None = None
    expected: tuple[float, float] | None = None
    scaled: bool = False
    permitted: bool = True


def answer_of(settled: Settled) -> Answer | Reason:
    """The whole answer that one model gave to a chat; else why there is none."""
    decision, outcome = settled.decision, settled.outcome
    if decision is None or outcome is None:
        return "unreadable"
    if decision.kind != "chat":
        return "not_chat"
    if outcome.status != "answered":
        return "unanswered"
    if any(call.error and call.usage is not None and call.usage.output for call in outcome.attempts):
        return "two_models"
    if outcome.cache is not None and outcome.cache.hit:
        return _given_again(decision, outcome.cache, settled.source)
    return Answer(decision, outcome, cached=False)


def _given_again(decision: Decision, cache: CacheUse, source: Outcome | None) -> Answer | Reason:
    """The first answer to the same question; one to a similar question says nothing of how good it is for this one."""
    if cache.result == "hit-semantic":
        return "similar"
    return "unreadable" if source is None else Answer(decision, source, cached=True)


def equal(answer: Answer, places: Iterable[tuple[str, str]]) -> Equal | Reason:
    """Judged by the goal that was asked of the request, whoever chose the model.

    What the model surely reaches must come up to the goal's share of what the reference surely reaches, as the router has
    it. So must what is expected of both: a reference of which little is known surely reaches next to nothing.
    """
    decision, usage = answer.decision, answer.outcome.usage
    wanted = set(places)
    if answer.place in wanted:
        return Equal(answer, usage, decision.quality)
    listed = {(one.provider, one.model): one for one in decision.candidates if one.estimate is not None}
    wrote = next((one for place, one in listed.items() if place == answer.place), None)
    other = next((one for place, one in listed.items() if place in wanted), None)
    if wrote is None or other is None or decision.quality is None:
        return "no_estimate"
    mine, its = _estimate(wrote), _estimate(other)
    share = decision.quality.share - _ROUNDING
    if loss(mine, its) > 1 - share or mine.quality < share * its.quality:
        return "below"
    written = _written(usage, mine, its, decision)
    return Equal(
        answer,
        written or usage,
        decision.quality,
        expected=(mine.quality, its.quality),
        scaled=written is not None,
        permitted=other.permitted,
    )


def cost_at(cards: Iterable[ModelCard], decision: Decision, usage: Usage) -> Charge | None:
    """At the cheapest of the reference's deployments, by the price of the decision's day; None without one."""
    found = [charge(usage, price_at(card.prices, decision.at.date(), usage.input)) for card in cards]
    return min((one for one in found if one.priced), key=lambda one: one.amount, default=None)


def unpriced(outcome: Outcome) -> bool:
    """Whether a call of the request had no known price: then the ledger knows less than was paid."""
    return not all(one.priced for one in outcome.charges)


def paid_in(settled: Settled, currency: str) -> Decimal | None:
    """What was paid, where all of it was in that currency."""
    return None if set(settled.paid) - {currency} else settled.paid.get(currency, Decimal(0))


def _written(usage: Usage, mine: Estimate, its: Estimate, decision: Decision) -> Usage | None:
    """The output in proportion to what was expected of both models, within the caller's ceiling; None without both."""
    if not mine.output_tokens or its.output_tokens is None:
        return None
    output = round(Decimal(usage.output * its.output_tokens) / mine.output_tokens)
    if decision.needs is not None and decision.needs.bounded:
        output = min(output, max(usage.output, decision.needs.output_tokens))
    return structs.replace(usage, output=output, reasoning=0)


def _estimate(candidate: Candidate) -> Estimate:
    if candidate.estimate is None:
        raise AssertionError("only candidates with an estimate are compared")
    return candidate.estimate
