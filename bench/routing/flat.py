"""The flat figures of `bench.routing`."""

from collections.abc import Iterator

from bench.routing.findings import Ground, Judged
from bench.routing.measuring import Measured
from bench.routing.product import BALANCED, NAME, VECTORS

_SHORT = {
    "prompt length": "length",
    "nearest neighbours": "knn",
    "logistic regression": "regression",
    "logistic regression on words": "words",
    "category mean (category given)": "category",
    "regression on answers": "answers",
    NAME: "",
    VECTORS: "kyozon_vectors",
    BALANCED: "kyozon_balance",
}


def flat_figures(found: Measured) -> dict[str, float]:
    """`TASK.FIGURE` is Kyozon's, `TASK.METHOD.FIGURE` another's; costs and qualities are shares of the best model's."""
    return dict(_figures(found))


def _figures(found: Measured) -> Iterator[tuple[str, float]]:
    for name, offered in found.grounds.items():
        yield from _offered(name, offered)
    for name, apgr in found.randoms.items():
        yield f"{name}.random.apgr", apgr
    for name, top in found.ceilings.items():
        figure = "cost" if top.task.kind == "many" else "apgr"
        yield from ((f"{name}.knowing_{known}.{figure}", value) for known, value in top.reached.items())
    for one in found.judged:
        yield from _judged(f"{one.task.name}.{_SHORT.get(one.entrant, one.entrant)}".rstrip("."), one)


def _offered(name: str, offered: Ground) -> Iterator[tuple[str, float]]:
    yield f"{name}.items", offered.items
    yield f"{name}.mix_cost", offered.mix[offered.task.headline]
    for target, cost in offered.mix.items():
        yield f"{name}.mix_cost_at_{target * 100:.0f}", cost
        yield f"{name}.oracle_cost_at_{target * 100:.0f}", offered.oracle[target]
    if offered.oracle_curve is not None:
        yield f"{name}.oracle.apgr", offered.oracle_curve.apgr


def _judged(prefix: str, one: Judged) -> Iterator[tuple[str, float]]:
    yield f"{prefix}.cpu_ms", one.cpu_ms
    if one.curves:
        yield f"{prefix}.apgr", one.apgr
        yield f"{prefix}.cpt50", one.cpt(0.5)
        yield f"{prefix}.cpt80", one.cpt(0.8)
    if one.interval is not None:
        yield f"{prefix}.apgr_lower", one.interval[0]
    for target, at in one.at.items():
        share = f"{target * 100:.0f}"
        yield f"{prefix}.cost_at_{share}", at.outcome.cost_share
        yield f"{prefix}.quality_at_{share}", at.outcome.quality_ratio
        yield f"{prefix}.quality_lower_at_{share}", at.bounds[0]
        if at.on_curve is not None:
            yield f"{prefix}.curve_cost_at_{share}", at.on_curve
    headline = one.at.get(one.task.headline)
    if headline is not None:
        yield f"{prefix}.quality", headline.outcome.quality_ratio
        yield f"{prefix}.cost", headline.outcome.cost_share
        yield f"{prefix}.quality_lower", headline.bounds[0]
        if headline.categories:
            yield f"{prefix}.worst_category", headline.categories[0].quality
