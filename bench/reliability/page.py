"""The tables and the words of `bench.reliability`."""

from collections import Counter
from collections.abc import Iterator
from inspect import getdoc

from bench.reliability.checks.all import CHECKS
from bench.reliability.checks.ceilings import beyond_reservation, scopes, spent
from bench.reliability.findings import Measured, metrics, undercharged
from bench.report import Page, Table

_HAPPENINGS = {
    "database": "PostgreSQL killed (-9) while Kyozon serves; its watch starts it again",
    "kill": "Kyozon killed (-9) and started again",
    "both": "PostgreSQL and Kyozon killed (-9), Kyozon started again",
    "replace": "rolling restart, `kyozon up --replace`",
    "drain": "SIGTERM; it finishes what runs, then it is started again",
    "end": "SIGTERM when all requests are done",
}
_HOW = {
    "whole": "a whole answer, some in bits of eleven bytes",
    "status": "400, 429, 500, 502, 503 or 529, some with `retry-after`",
    "cut": "an answer that ends too early, in good order",
    "reset": "the connection reset, before the head or in the middle",
    "garbage": "a body or an event that is no JSON",
    "hung": "silence, before the head or in the middle",
    "left": "Kyozon hung up because its client did, or was killed",
}
_NOTES = (
    (
        "Everything is on loopback and real: `kyozon up` with its embedded PostgreSQL, upstreams in two processes that "
        "play five providers (four in OpenAI's wire format, one in Anthropic's), clients that speak both dialects. What"
        " is asked and how each call is treated follows from a seed, so that a run can be repeated."
    ),
    (
        "Of a hundred requests, three are wrong in some way, seventeen carry an Idempotency-Key and are sent again when"
        " they fail or, half of them, after they were answered, and five are left by their clients. Of a hundred first "
        "calls to an upstream, fourteen meet trouble, of later ones forty; one model fails altogether for long "
        "stretches. Of a hundred answers, twelve report their usage in another way: cached tokens, none, zero, negative"
        " numbers, text, trillions, or ten times what was sent."
    ),
    (
        "Upstreams and clients write journals of their own, a line for each call, which no kill takes back. The "
        "database is read with plain SQL when everything has ended, and prices, usage and buckets are computed anew "
        "from these journals, not by Kyozon's code. A request is followed from journal to journal by its number, which "
        "stands in its text and in each word of its answer."
    ),
    (
        "What an upstream reports is billed, also where it is a lie that can be read as a number. Where it reports "
        "nothing usable, the input is billed as estimated and the output as counted from what was sent. A request that "
        "a kill of Kyozon cuts off is billed its estimated input when it starts again: what the upstream had served of "
        "it beyond that is not billed, and is shown as `lost_undercharged_usd`."
    ),
    (
        "A connection may fail while Kyozon is killed and until it serves again, and for requests that come after it "
        "was told to stop without a successor; nowhere else, so not during a rolling restart. 503 for the database is "
        "allowed while it is away and for two seconds after."
    ),
    (
        "Limits are replayed from the books: one bucket for each key, user, tenant and model, whatever process let a "
        "request through. A quarter of a second of refill is allowed for the time between a decision's date and its "
        "reservation. An upstream that reports more tokens than were reserved is billed as it reports, so a budget may be "
        "exceeded by that much and no more."
    ),
    (
        "Memory is the resident memory of the process that serves from the start to the first kill, looked at fifty "
        "times a run; the first tenth of the run is its warm-up. Kyozon has been started once before, so that what "
        "makes the database is not in it."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="reliability",
        title="Reliability",
        summary=_summary(found),
        plot="Resident memory of the process before its first kill; how long answers took over the whole run",
        tables=(_kept(found), _happened(found), _served(found), _heard(found), _ceilings(found), _process(found)),
        notes=_NOTES,
    )


def _summary(found: Measured) -> str:
    figures = metrics(found)
    kinds = Counter(one.what for one in found.evidence.notes.happenings)
    verdict = f"**{found.broken or 'no'} violation{'s' if found.broken > 1 else ''}**"
    postgres, kyozon = (kinds[what] + kinds["both"] for what in ("database", "kill"))
    return (
        f"{figures['requests']:,.0f} requests in {figures['seconds_s']:,.0f} seconds while upstreams hang, reset, trickle, "
        f"lie and fail, PostgreSQL is killed {postgres} times and Kyozon {kyozon} times, once replaced and once drained "
        f"under load: {verdict} of the {len(found.violations)} rules. The memory of the process changes by "
        f"**{found.growth:+.1%}** over {figures['stretch_requests']:,.0f} requests after its warm-up."
    )


def _kept(found: Measured) -> Table:
    rows = tuple((f"`{name}`", _rule(name), str(len(texts))) for name, texts in found.violations.items())
    return Table("What must hold", ("check", "rule", "violations"), "llr", rows)


def _rule(name: str) -> str:
    return " ".join((getdoc(CHECKS[name]) or "").split())


def _happened(found: Measured) -> Table:
    rows = []
    for what, text in _HAPPENINGS.items():
        happened = [one for one in found.evidence.notes.happenings if one.what == what]
        longest = max((one.ended - one.began for one in happened), default=0.0)
        recovered = sum(one.recovered for one in happened)
        rows.append((text, str(len(happened)), f"{longest:.1f}" if what != "end" else "", str(recovered)))
    columns = ("", "times", "longest s until well", "requests cut off and recovered")
    return Table("What happened", columns, "lrrr", tuple(rows))


def _served(found: Measured) -> Table:
    counts = Counter(call.how for call in found.evidence.notes.served)
    rows = tuple((text, f"{counts[how]:,}") for how, text in _HOW.items())
    return Table("What the upstreams did", ("", "calls"), "lr", rows)


def _heard(found: Measured) -> Table:
    heard = found.evidence.notes.heard
    counts = Counter((str(one.status or "–"), one.code or one.failure or "whole") for one in heard)
    rows = tuple((status, code, f"{count:,}") for (status, code), count in sorted(counts.items()))
    note = "`refused`: nobody listened; `broken`: the connection was cut by a kill; `left`: by the client itself."
    return Table("What the clients heard", ("status", "", "times"), "llr", rows, note)


def _ceilings(found: Measured) -> Table:
    rows = []
    for scope in scopes(found.evidence):
        limits = scope.ceilings
        if limits.requests or limits.tokens or limits.money:
            beyond = sum(map(beyond_reservation, scope.decisions))
            paid = f"{spent(scope):.6f}" if limits.money else ""
            rows.append(
                (scope.name, *_limits(limits.requests, limits.tokens), *_money(limits.money, paid, f"{beyond:.6f}"))
            )
    columns = ("", "requests / min", "tokens / min", "budget USD", "spent USD", "reported beyond reservations USD")
    note = f"Served but not billed because of kills: {undercharged(found.evidence):.6f} USD."
    return Table("Limits", columns, "lrrrrr", tuple(rows), note)


def _limits(requests: int | None, tokens: int | None) -> Iterator[str]:
    yield from ("" if limit is None else f"{limit:,}" for limit in (requests, tokens))


def _money(budget: object, paid: str, beyond: str) -> Iterator[str]:
    yield from ("", "", "") if budget is None else (f"{budget:.6f}", paid, beyond)


def _process(found: Measured) -> Table:
    figures = metrics(found)
    rows = tuple(
        (name, *(f"{figures[f'{key}.{moment}{unit}']:.{digits}f}" for moment in ("warm", "end", "most")))
        for name, key, unit, digits in (
            ("resident memory, MiB", "memory", "_mib", 1),
            ("open files", "files", "", 0),
            ("threads", "threads", "", 0),
        )
    )
    return Table("The process before its first kill", ("", "after warm-up", "at the end", "most"), "lrrr", rows)
