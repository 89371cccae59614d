"""Which model a request came to."""

from kyozon.domain.decisions import Decision, Outcome


def reached(decision: Decision, outcome: Outcome) -> tuple[str, str] | None:
    """Provider and model that answered, or that were tried last; None where nothing was sent."""
    if outcome.model is not None and outcome.provider is not None:
        return outcome.provider, outcome.model
    last = outcome.attempts[-1] if outcome.attempts else None
    if last is not None and outcome.model in (None, last.model):
        return last.provider, last.model
    # A record of an earlier version. The caller left during this model's first words, or the process died.
    ranked = [found for found in decision.candidates if found.model == outcome.model and found.rank is not None]
    best = min(ranked, key=lambda found: found.rank or 0, default=None)
    return None if best is None else (best.provider, best.model)
