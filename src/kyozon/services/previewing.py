"""What would be decided of a request that nobody sends: nothing is reserved, recorded or called."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from msgspec import structs

from kyozon.domain.decisions import Decision
from kyozon.domain.labels import LabelSource
from kyozon.domain.language import Text
from kyozon.routing.planned import still
from kyozon.services.candidates import candidates, estimates, expected_then, in_order, trimmed
from kyozon.services.registry import Registry
from kyozon.services.weighing import Query, options_of, ranked, weighed, within_of

_GIVEN = Text("given", "指定")


def preview(registry: Registry, query: Query, words: Callable[[], str], now: datetime) -> Decision:
    """The decision as it would stand on record, without an id; no model of it rests. Raises `NotFound`.

    How fast models answer is known to a running server alone.
    """
    installation = registry.installation
    verdict = weighed(registry, query)
    found = estimates(registry.estimator, words, verdict)
    decision = Decision(
        id="",
        at=now,
        tenant=query.key.tenant,
        key_id=query.key.id,
        user=query.key.user,
        kind="chat",
        requested_model=query.model,
        label=query.label,
        label_sources=(LabelSource(_GIVEN, query.label),),
        policy_version=installation.policy_version,
        router=installation.router_name,
        candidates=candidates(verdict, query.label, found, lambda _: "closed"),
        chosen=None,
        reason=Text("no model is permitted", "許可されたモデルがありません"),
        input_tokens_estimated=query.needs.input_tokens,
        output_tokens_limit=query.needs.output_tokens,
        body_sha256=hashlib.sha256(words().encode()).hexdigest(),
        basis=registry.basis.id,
        needs=query.needs,
        clearance=query.key.clearance,
        quality=(query.needs.quality or installation.quality) if found else None,
        estimator=registry.estimator.version if found and registry.estimator else "",
        within=within_of(query.needs, installation),
    )
    options = options_of(verdict, query.needs, now.date(), expected_then(decision))
    if not options:
        return decision
    ranking = ranked(registry, options, query.needs)
    best = ranking.options[0].card
    currency = best.prices[-1].currency if best.prices else decision.currency
    order = trimmed(in_order(decision.candidates, ranking))
    cascade = still(ranking.cascade, ranking.options)
    chosen = structs.replace(decision, candidates=order, chosen=best.id, reason=ranking.reason, currency=currency)
    return structs.replace(chosen, cascade=cascade)
