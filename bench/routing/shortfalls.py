"""Which targets were missed, what is in the way, and what it would take: words around figures of the same run."""

from collections.abc import Iterator, Mapping

import numpy as np

from bench.routing.ceilings import BOTH, DIFFICULTY, SUBJECT
from bench.routing.findings import Judged
from bench.routing.labels import Law, Outlook, Point, law, outlook
from bench.routing.measuring import Measured
from bench.routing.pools import SAMPLED
from bench.routing.product import BALANCED, NAME
from bench.routing.simple import CategoryMean

WANTED: Mapping[str, float] = {"mmlu": 0.70, "mmlu_1500": 0.66, "mmlu_transfer": 0.62, "gsm8k": 0.66}
"""The APGR aimed at, by task."""
CHEAP = 0.07
"""The cost share at which the seven models shall be as good as the best."""
_SIDES = 3.92
"""Standard errors between the ends of a 95 % interval."""
_FEWEST = 4
_SOME = 0.01


def points(found: Measured) -> list[Point]:
    """What was reached with how many labels of MMLU, where there are some."""
    whole = found.grounds.get("mmlu")
    names = {task.labels: task.name for task in SAMPLED}
    if whole is not None:
        names[whole.items * 4 // 5] = "mmlu"
    reached = [(labels, found.of(name, NAME)) for labels, name in sorted(names.items())]
    return [
        Point(labels, one.apgr, (one.interval[1] - one.interval[0]) / _SIDES)
        for labels, one in reached
        if one is not None and one.interval is not None
    ]


def fitted(found: Measured) -> Law | None:
    """The curve of the labels; `None` of too few points."""
    known = points(found)
    return law([one.labels for one in known], [one.apgr for one in known]) if len(known) >= _FEWEST else None


def missed(found: Measured) -> Iterator[tuple[str, str, str]]:
    """The target, what is in the way, and what would be needed, for each target that was not reached."""
    for name, wanted in WANTED.items():
        own = found.of(name, NAME)
        if own is not None and own.curves and own.apgr < wanted:
            yield f"{own.task.title}: {_dot(own.apgr)} for {_dot(wanted)}", _obstacle(found, own), _need(found, own, wanted)
    seven = found.of("mmlu_pro7", NAME)
    if seven is not None and seven.at[1.0].outcome.cost_share > CHEAP:
        yield _seven(found, seven)


def _obstacle(found: Measured, own: Judged) -> str:
    name = own.task.name
    if name == "gsm8k":
        low, high = own.interval or (own.apgr, own.apgr)
        return (
            f"The {own.items} questions are of one kind and hardly differ in their words, and tell no more than "
            f"{_dot(low)} to {_dot(high)}. {_difficulty(found, name)}"
        )
    if name == "mmlu_transfer":
        length = found.of(name, "prompt length")
        rival = f" (its length alone has {_dot(length.apgr)})" if length else ""
        return (
            "From benchmarks that both models answered (grade-school arithmetic and chats), only the form of a question "
            f"carries over{rival}: which subjects set the two apart is not in any other data."
        )
    if name == "mmlu_1500":
        words = found.of(name, "logistic regression on words")
        given = found.of(name, "category mean (category given)")
        rivals = [f"a regression on words ends at {_dot(words.apgr)}"] if words else []
        rivals += [f"the mean of the true subject at {_dot(given.apgr)}"] if given else []
        return f"A subject has 26 labels on average: {', '.join(rivals)}."
    return _knowing(found, name)


def _difficulty(found: Measured, name: str) -> str:
    top = found.ceilings.get(name)
    if top is None:
        return ""
    return f"Who knew which share of other models gets each question right would reach {_dot(top.reached[DIFFICULTY])}."


def _knowing(found: Measured, name: str) -> str:
    top = found.ceilings.get(name)
    if top is None:
        return ""
    said = {known: _dot(apgr) for known, apgr in top.reached.items()}
    return (
        f"Who knew the true mean of each subject would reach {said[SUBJECT]}, who knew which share of other models gets "
        f"each question right {said[DIFFICULTY]}, who knew both {said[BOTH]} (on {top.items:,} questions)."
    )


def _need(found: Measured, own: Judged, wanted: float) -> str:
    if own.task.name == "gsm8k":
        return (
            "More questions with labels of both models; or a look at the cheap model's answer, which the cascade takes: "
            "that is worth far more than anything the question says."
        )
    known = points(found)
    if len(known) < _FEWEST:
        return "Labels: the learning curve says how many."
    return _labels(outlook(known, wanted))


def _labels(seen: Outlook) -> str:
    low, high = (count(bound) for bound in seen.bounds)
    first = f"By the fitted curve {count(seen.labels)} labels of MMLU (90 %: {low} to {high})"
    return first + (f"; in {seen.never:.0%} of the draws no number is enough." if seen.never >= _SOME else ".")


def count(labels: float) -> str:
    """In words."""
    if np.isinf(labels):
        return "no number of"
    return f"about {float(f'{labels:.2g}'):,.0f}"


def _seven(found: Measured, own: Judged) -> tuple[str, str, str]:
    at = own.at[1.0]
    there = max((quality for cost, quality in own.frontier if cost <= CHEAP), default=0.0)
    title = f"{own.task.title}: {at.outcome.cost_share:.1%} for {CHEAP:.0%}"
    low, high = at.bounds
    way = (
        f"At {CHEAP:.0%} of the cost it reaches {there:.1%} of the quality. The last points of quality are dear, and are "
        f"known no better than {low:.1%}–{high:.1%}."
    )
    paid = [
        f"{what} {one.at[1.0].outcome.cost_share:.1%}"
        for what, one in (
            ("weighing expectations instead of lower bounds costs", found.of(own.task.name, BALANCED)),
            ("the category given and its mean believed", found.of(own.task.name, CategoryMean.name)),
        )
        if one is not None
    ]
    if paid:
        way += f" By one step changed: {', '.join(paid)}."
    top = found.ceilings.get(own.task.name)
    if top is None:
        return title, way, ""
    said = {known: f"{share:.1%}" for known, share in top.reached.items()}
    need = (
        f"With hindsight, who knew the true mean of each category would pay {said[SUBJECT]}, who knew which share of other "
        f"models gets a question right {said[DIFFICULTY]}, who knew both {said[BOTH]}."
    )
    return title, way, need


def _dot(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)
