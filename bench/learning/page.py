"""The tables and the words of `bench.learning`."""

from msgspec import Struct

from bench.learning.drifting import BEFORE, Noticed, Quiet
from bench.learning.hidden import WAYS, Judged
from bench.learning.traffic import STRANGE, TASK
from bench.report import Page, Table
from kyozon.evaluation.drift import PATIENCE
from kyozon.evaluation.off_policy import FEWEST

_NAMES = {"ips": "inverse propensity", "snips": "self-normalised", "dr": "doubly robust"}


class Found(Struct, frozen=True):
    """Everything that was measured; `items` are those of the traffic, `requests` those of one log, of so many `logs`."""

    items: int
    requests: int
    logs: int
    judged: tuple[Judged, ...]
    noticed: tuple[Noticed, ...]
    quiet: Quiet


def metrics(found: Found) -> dict[str, float]:
    """The figures by name."""
    flat: dict[str, float] = {}
    for one in found.judged:
        stem = f"{one.goal}_{one.share:g}"
        flat |= {f"{stem}.{way}_error": error for way, error in one.errors.items()}
        flat |= {f"{stem}.{way}_coverage": share for way, share in one.coverage.items()}
        flat |= {f"{stem}.difference": one.truth, f"{stem}.difference_error": one.difference}
        flat |= {f"{stem}.concluded": one.concluded, f"{stem}.tried": one.tried}
        if one.covered is not None:
            flat[f"{stem}.difference_coverage"] = one.covered
    flat |= {f"drift.{one.name}_delay": one.middle for one in found.noticed}
    flat |= {f"drift.{one.name}_missed": float(one.missed) for one in found.noticed}
    return flat | {"drift.false_alarms": float(found.quiet.alarms), "drift.quiet_requests": float(found.quiet.requests)}


def page(found: Found) -> Page:
    """The page for people."""
    return Page(
        name="learning",
        title="Learning from use: what can be concluded, and how soon a change is noticed",
        summary=_summary(found),
        plot="Error of three estimates of what another goal is worth, by the share of requests that explore",
        tables=(_errors(found), _differences(found), _drift(found)),
        notes=_notes(found),
        arguments="--data DIR",
    )


def _summary(found: Found) -> str:
    held = [one.covered for one in found.judged if one.covered is not None]
    ratios = [one.errors["dr"] / one.errors["ips"] for one in found.judged]
    spans = f"**{min(held):.0%} to {max(held):.0%}** of the logs" if held else "no log, for it draws none"
    return (
        "What another goal would have been worth is estimated from logs in which all scores but one a request are hidden. "
        f"The doubly robust estimate errs **{min(ratios):.2f} to {max(ratios):.2f}** times as much as inverse propensity "
        "scoring; where the product draws a conclusion, its 95 % interval of the difference holds the truth in "
        f"{spans}. In {found.quiet.requests:,} requests in which nothing changed there were **{found.quiet.alarms}** "
        "alarms."
    )


def _errors(found: Found) -> Table:
    rows = []
    for one in found.judged:
        pairs = (f"{one.errors[way]:.4f} · {one.coverage[way]:.0%}" for way in WAYS)
        rows.append((one.goal, f"{one.share:.0%}", *pairs, f"{one.effective:,.0f}"))
    return Table(
        title="The score of another goal: root mean square error · coverage of the 95 % interval",
        columns=("goal", "explored", *(_NAMES[way] for way in WAYS), "effective size"),
        align="lrrrrr",
        rows=tuple(rows),
    )


def _differences(found: Found) -> Table:
    rows = []
    for one in found.judged:
        held = "–" if one.covered is None else f"{one.covered:.0%}"
        shown = (f"{one.truth:+.4f}", f"{one.difference:.4f}", f"±{one.half:.4f}")
        rows.append((one.goal, f"{one.share:.0%}", *shown, f"{one.tried:.0f}", f"{one.concluded:.0%}", held))
    return Table(
        title="What is gained or lost, doubly robust",
        columns=("goal", "explored", "truth", "error", "interval", "tried", "concluded", "coverage"),
        align="lrrrrrrr",
        rows=tuple(rows),
        note=(
            "*Tried* are the requests that would go elsewhere and were sent there by chance. With fewer than "
            f"{FEWEST} the product concludes nothing; coverage is that of the logs from which it does."
        ),
    )


def _drift(found: Found) -> Table:
    rows = [
        (one.told, one.stream, f"{one.middle:,.0f}", f"{one.most:,.0f}", f"{one.missed} of {one.runs}")
        for one in found.noticed
    ]
    rows.append((f"nothing, in {found.quiet.requests:,} requests", "all", "–", "–", f"{found.quiet.alarms} alarms"))
    return Table(
        title="Drift: requests until the alarm",
        columns=("what changed", "watched", "median", "nine in ten", "missed"),
        align="llrrr",
        rows=tuple(rows),
    )


def _notes(found: Found) -> tuple[str, ...]:
    return (
        (
            f"Recorded answers of {len(TASK.pool)} models to {found.items:,} questions of MMLU-Pro; the estimator has "
            "learnt from the other questions. The router's choice at the goal `high` is logged, with a share of the "
            "requests sent elsewhere at random, as the product does it; the score of the model that answered stays, all "
            f"others are hidden. {found.requests:,} requests are drawn with replacement for each of {found.logs} logs, and "
            "each is scored."
        ),
        (
            "The truth is the mean score of what the other goal chooses, over all questions. Real use is harder: few "
            "answers are judged, and who judges them is not left to chance; nothing of that is in these figures."
        ),
        (
            f"Drift: {BEFORE:,} usual requests, each scored, then those of the new kind. Programs are {STRANGE}, which "
            f"the estimator has learnt nothing of. The alarm is set for one false alarm in {PATIENCE:,} requests at most."
        ),
    )
