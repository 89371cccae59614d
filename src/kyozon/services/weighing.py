"""Steps 4 and 7 of a request's life without the moment's accidents: which cards may answer, and what each would cost.

A decision and its replay both call this, so that one can prove the other.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Label
from kyozon.domain.models import AUTO, ModelCard
from kyozon.domain.pace import Pace
from kyozon.domain.quality import Estimate
from kyozon.domain.requests import Needs
from kyozon.domain.usage import Usage
from kyozon.governance.permit import objections, permit
from kyozon.governance.subject import Rule, Subject
from kyozon.metering.pricing import charge, price_at
from kyozon.routing.in_time import ranked_in_time
from kyozon.routing.option import Option, Ranking
from kyozon.services.registry import Installation, Registry

Weighed = tuple[Subject, tuple[Objection, ...]]
Verdict = list[Weighed]
NO_ESTIMATES: Mapping[str, Estimate] = MappingProxyType({})
Paces = Mapping[tuple[str, str], Pace]
"""How fast each deployment has answered, by provider and model, where anything is known."""
NO_PACES: Paces = MappingProxyType({})


class Query(Struct, frozen=True):
    """What is weighed: the model that was asked for, what the request needs, its label, and who would read the answer.

    `masked` is the label of its masked words, for places that may not receive the others.
    """

    model: str
    needs: Needs
    label: Label
    key: ApiKey
    masked: Label | None = None


def weighed(registry: Registry, query: Query) -> Verdict:
    """Every card that the request may mean, with what the rules have against it; raises `NotFound` where there is none."""
    cards = registry.candidates(query.model, query.needs.kind)
    rules = registry.installation.rules
    verdict = permit([_subject(registry, query, card) for card in cards], rules)
    if query.masked is None:
        return verdict
    return [_or_masked(pair, query.masked, rules) for pair in verdict]


def options_of(
    verdict: Verdict,
    needs: Needs,
    day: date,
    estimates: Mapping[str, Estimate] = NO_ESTIMATES,
    paces: Paces = NO_PACES,
) -> Sequence[Option]:
    """The permitted cards, what the request would cost there on `day`, and what is expected of their answers."""
    cards = [subject.card for subject, found in verdict if not found]
    return [_option(card, needs, day, estimates.get(card.id), paces.get(card.place)) for card in cards]


def ranked(registry: Registry, options: Sequence[Option], needs: Needs) -> Ranking:
    """The router's order; it gets at least one option."""
    installation = registry.installation
    foresight = installation.foresight if needs.judgeable else None
    goal = needs.quality or installation.quality
    within = within_of(needs, installation)
    asked = structs.replace(needs, quality=goal, foresight=foresight, within=within)
    return installation.router(options, asked) if within is None else ranked_in_time(installation.router, options, asked)


def within_of(needs: Needs, installation: Installation) -> float | None:
    """In how many seconds first words should come: the least that anybody says. None where no answer is written."""
    if needs.kind != "chat" or not needs.output_tokens:
        return None
    return min((one for one in (needs.within, installation.within) if one is not None), default=None)


def cost(card: ModelCard, needs: Needs, output: int, day: date) -> Decimal | None:
    """Money for the estimated input and so many output tokens; None where no price is known.

    Where the provider has a part of the conversation in its cache that part costs what reading it there costs.
    """
    before, cached = needs.before, 0
    if before is not None and card.place == (before.provider, before.model):
        cached = min(before.cached, needs.input_tokens)
    usage = Usage(uncached=needs.input_tokens - cached, cache_read=cached, output=output, searches=needs.searches)
    found = charge(usage, price_at(card.prices, day, usage.input))
    return found.amount if found.priced else None


def expected(card: ModelCard, needs: Needs) -> int:
    """Output tokens that the request may bring, as far as the card can give them."""
    ceiling = card.max_output
    return needs.output_tokens if ceiling is None else min(needs.output_tokens, ceiling * needs.choices)


def _option(card: ModelCard, needs: Needs, day: date, estimate: Estimate | None, pace: Pace | None) -> Option:
    """Cost and time are those of the answer expected of the model, where one is expected, else of the longest."""
    if estimate is not None and estimate.output_tokens is not None:
        likely = estimate.output_tokens * needs.choices
        needs = structs.replace(needs, output_tokens=min(likely, needs.output_tokens) if needs.bounded else likely)
    output = expected(card, needs)
    price = cost(card, needs, output, day)
    soon = None if pace is None else pace.expected(output / needs.choices, streamed=needs.streamed)
    return Option(card, price, estimate, soon)


def _or_masked(pair: Weighed, label: Label, rules: Sequence[Rule]) -> Weighed:
    """A card with objections, or if masked words meet none, the card with the label of those."""
    subject, found = pair
    if not found or subject.zone is None or not subject.zone.masked:
        return pair
    masked = structs.replace(subject, label=label)
    return pair if objections(masked, rules) else (masked, ())


def _subject(registry: Registry, query: Query, card: ModelCard) -> Subject:
    return Subject(
        card=card,
        provider=registry.provider(card),
        zone=registry.zone(card),
        label=query.label,
        needs=query.needs,
        key=query.key,
        named=query.model != AUTO,
        credential_missing=registry.installation.credentials_missing.get(card.provider),
    )
