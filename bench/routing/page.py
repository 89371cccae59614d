"""The tables and the words of `bench.routing`."""

from collections.abc import Iterator

from bench.report import Page, Table
from bench.routing.findings import Ground, Judged
from bench.routing.labels import outlook
from bench.routing.measuring import Measured
from bench.routing.pools import CURVE, JUDGE, SAMPLE, TARGETS, TASKS
from bench.routing.product import BALANCED, NAME, VECTORS
from bench.routing.shortfalls import WANTED, count, fitted, missed, points
from bench.routing.simple import CategoryMean
from bench.routing.study import CORE_HOUR

_NOTES = (
    (
        "Recorded answers of real models, one result for each item and model; nothing is simulated and nothing is asked "
        "again. Cost is list prices times tokens: input tokens x input price + output tokens x output price. Most token "
        "counts are estimates from the length of the text; where an output's length was not recorded, the model's mean on "
        "that benchmark stands for it. In-house models are priced as hosted models of their size are."
    ),
    (
        "Cost and quality are shares of those of the best single model of the pool, which is chosen on the data to learn "
        "from. Every call is charged, also those of a cascade whose answer is thrown away, and so is the router's own "
        f"processor time, at USD {CORE_HOUR} for an hour of one core."
    ),
    (
        "The setting of each router (its threshold, its rate of exchange, its goal) is fixed before the test: the cheapest "
        "that reaches the target on the other parts together, each of them judged by a fit that had not seen it; for a "
        "benchmark never seen the other parts are the other benchmarks. So a router may miss its target, and both what was "
        "reached and what it cost are given. *On the curve* is what one would choose "
        "with hindsight, for comparison with others' figures."
    ),
    (
        "APGR, CPT50 and CPT80 are RouteLLM's (arXiv 2406.18665), with its ten bins and without the items that it drops as "
        "contaminated: the share of the gap between the two models that is recovered, on average over all shares of calls "
        "to the strong one; and the share of strong calls that recovers 50 or 80 % of it. A random router has .50. In a "
        "cascade the calls to the cheap models are not in the share of calls, but they are in the cost."
    ),
    (
        "For APGR, CPT50 and CPT80 the requests of a part are ranked among themselves, since one fit is one router. On "
        "one scale the parts would be ranked the wrong way round, as a fit expects more of the very part that turned out "
        "worse: told nothing but the mean of GSM8K, a router would have .44 instead of .50. (Decided after figures on one "
        "scale were known; a held-out folder has but one part.)"
    ),
    (
        "The zero line is the cheapest random mixture of single models, chosen with hindsight. The oracle knows every "
        "score; where a model judged the answers, it picks that judge's noise, too: a loose ceiling."
    ),
    (
        "No router is told the category of a prompt but *category mean*, which is a reference. Equal questions of "
        "different sources are never on both sides. *No label of MMLU* learns from nothing of MMLU and nothing made from "
        f"it, of any model; *{SAMPLE:,} labels* from so many items of MMLU and nothing else of it, mean of five draws."
    ),
    (
        f"The Japanese answers were judged by {JUDGE}; no other judge's marks are mixed in. The eleven models are "
        "six open ones from 3B to 70B, whose answers are recorded, and five rented ones from the cheapest to the best."
    ),
    (
        "Of Gemini 1.5 Flash on MMLU-Pro only the letter that it chose was recorded: as a second opinion it counts by that "
        "letter alone, and is paid for all that it wrote."
    ),
    (
        "Four settings of the estimator were chosen with figures of these tasks in view: how many common questions make "
        "it learn differences by themselves (500 labels of MMLU), the topics that it learns them from (GSM8K), how much of "
        "a prompt must belong to a kind of question for these differences to be heard, and from when on a model counts as "
        "known on a kind of question (GSM8K, ZeroEval, no label of MMLU). The others were chosen by cross-validation, or "
        "by leaving out whole benchmarks other than MMLU."
    ),
    "Brackets hold 95 % intervals: bootstrap by item, paired, 1,000 draws for ratios of quality and 200 for APGR.",
)
_AIMS = (
    ("mmlu", "APGR", "≥ .70"),
    ("mmlu_1500", "APGR", "≥ .66"),
    ("mmlu_transfer", "APGR", "≥ .62"),
    ("gsm8k", "APGR", "≥ .66"),
    ("gsm8k_cascade", "APGR", "≥ .78"),
    ("mmlu_pro7", 1.0, "≤ 7 %"),
    ("llama70b_gpt4o", 0.99, "≤ 45 %"),
    ("4omini_4o", 0.99, "≤ 33 %"),
    ("4omini_4o", 1.0, "≤ 45 %"),
    ("ja_unseen", 0.99, "≥ 99 % at ≤ 50 %"),
)
_CEILINGS = (
    "What one would reach who was told the true mean of each model in the category of a question (of these very items: a "
    "little flattering), or which share of all other recorded models gets the question right (what that says of the pool's "
    "models learnt on the other folds), or both. Items: those that other models were asked, too. A cost is for the best "
    "single model's quality, on the curve, as hindsight would choose it; so is Kyozon's here."
)
_NOT_SIMPLE = (NAME, VECTORS, BALANCED, CategoryMean.name)
_REACHED = tuple(f"for {target:.0%}: cost → quality" for target in TARGETS)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="routing",
        title="Routing: what it costs to be as good as the best model",
        summary=_summary(found),
        plot="Quality over cost of each router in six tasks, beside the cheapest random mixture of models",
        tables=tuple(_tables(found)),
        notes=(_protocol(found), *_NOTES),
        arguments=" ".join(_arguments(found)),
    )


def _summary(found: Measured) -> str:
    best = found.of("mmlu_pro7", NAME)
    if best is None:
        return "Recorded answers of real models, and how much of the best model's cost routers need for its quality."
    at = best.at[1.0]
    return (
        f"On MMLU-Pro with seven models, Kyozon reaches **{at.outcome.quality_ratio:.1%}** of GPT-4o's quality "
        f"(95 % interval {at.bounds[0]:.1%}–{at.bounds[1]:.1%}) at **{at.outcome.cost_share:.1%}** of its cost, told "
        "nothing but the prompt. How much can be saved depends on the pool: a little where one model dominates, most of "
        "the bill where cheap models are strong at different things."
    )


def _arguments(found: Measured) -> Iterator[str]:
    yield "--data DIR"
    if found.held_out:
        yield "--holdout DIR"
    if any(one.entrant == VECTORS for one in found.judged):
        yield "--vectors"


def _protocol(found: Measured) -> str:
    if found.held_out:
        return "Learnt from one folder, judged on another whose items (and some whole benchmarks) were never seen before."
    return (
        "Judged by five-fold cross-validation (folds by a hash of the question); *a benchmark never seen* by leaving each "
        "benchmark out in turn. With `--holdout DIR` it is judged on items of another folder."
    )


def _tables(found: Measured) -> Iterator[Table]:
    if any(one.entrant == NAME for one in found.judged):
        yield _aims(found)
        yield from _unreached(found)
    yield _published(found, "Before asking: RouteLLM's figures", ("pair",))
    yield _spent(found, "Before asking: what it costs and gives", ("pair", "many"))
    yield _published(found, "After cheap answers (cascades): RouteLLM's figures", ("cascade",))
    yield _spent(found, "After cheap answers (cascades): what it costs and gives", ("cascade",))
    yield _zero(found)
    yield _singles(found)
    yield _groups(found)
    yield _languages(found)
    if any(one.task in CURVE for one in found.judged):
        yield _learning(found)
    yield _own(found)


def _aims(found: Measured) -> Table:
    rows = tuple(_aim(found, *aim) for aim in _AIMS if found.of(aim[0], NAME) is not None)
    return Table("Targets", ("task", "figure", "target", "Kyozon", "best simple way"), "llrrr", rows)


def _unreached(found: Measured) -> Iterator[Table]:
    rows = tuple(missed(found))
    if rows:
        yield Table("Targets that are missed", ("missed", "what is in the way", "what it would take"), "lll", rows)
    if found.ceilings:
        yield _ceilings(found)


def _ceilings(found: Measured) -> Table:
    rows = []
    for name, top in found.ceilings.items():
        own, offered = found.of(name, NAME), found.grounds[name]
        if top.task.kind == "many":
            headline = top.task.headline
            now = "" if own is None else _share(own.at[headline].on_curve)
            known = [f"{share:.1%}" for share in top.reached.values()]
            rows.append((f"{top.task.title} (cost)", f"{top.items:,}", now, *known, f"{offered.oracle[headline]:.1%}"))
        elif offered.oracle_curve is not None:
            now, known = "" if own is None else _apgr(own), [_dot(apgr) for apgr in top.reached.values()]
            rows.append((f"{top.task.title} (APGR)", f"{top.items:,}", now, *known, _dot(offered.oracle_curve.apgr)))
    columns = ("task", "items", "Kyozon", "true subject known", "difficulty known", "both known", "oracle")
    return Table("How high the ceiling is", columns, "lrrrrrr", tuple(rows), _CEILINGS)


def _aim(found: Measured, task: str, what: str | float, target: str) -> tuple[str, ...]:
    own = found.of(task, NAME)
    others = [one for one in found.judged if one.task.name == task and one.entrant not in _NOT_SIMPLE]
    title = own.task.title if own else task
    if isinstance(what, str):
        best = max((one for one in others if one.curves), key=lambda one: one.apgr, default=None)
        return title, what, target, *(_apgr(one) if one else "" for one in (own, best))
    reaching = sorted(
        others, key=lambda one: (one.at[what].outcome.quality_ratio < what - 0.005, one.at[what].outcome.cost_share)
    )
    figure = f"cost for {what:.0%} of the quality"
    return title, figure, target, *(_cell(one, what) if one else "" for one in (own, next(iter(reaching), None)))


def _published(found: Measured, title: str, kinds: tuple[str, ...]) -> Table:
    rows = []
    for offered in _grounds(found, kinds):
        name = offered.task.name
        rows.append((f"**{offered.task.title}** ({offered.items:,} items)", "", "", ""))
        if name in found.randoms:
            rows.append(("random", _dot(found.randoms[name]), "50.0%", "80.0%"))
        rows += [
            (one.entrant, _apgr(one), f"{one.cpt(0.5):.1%}", f"{one.cpt(0.8):.1%}")
            for one in found.judged
            if one.task.name == name and one.curves
        ]
        if offered.oracle_curve is not None:
            top = offered.oracle_curve
            rows.append(("oracle", _dot(top.apgr), f"{top.cpt(0.5):.1%}", f"{top.cpt(0.8):.1%}"))
    return Table(title, ("router", "APGR", "CPT50", "CPT80"), "lrrr", tuple(rows))


def _spent(found: Measured, title: str, kinds: tuple[str, ...]) -> Table:
    rows: list[tuple[str, ...]] = []
    for offered in _grounds(found, kinds):
        judged = [one for one in found.judged if one.task.name == offered.task.name and one.at]
        if judged:
            rows.append((f"**{offered.task.title}**", "", "", "", ""))
            rows.append(("random mixture", *(f"{offered.mix[target]:.1%} → {target:.1%}" for target in TARGETS), ""))
        for one in judged:
            headline = one.at[one.task.headline]
            rows.append((one.entrant, *(_cell(one, target) for target in TARGETS), _share(headline.on_curve)))
        if judged:
            rows.append(("oracle", *(f"{offered.oracle[target]:.1%} → {target:.1%}" for target in TARGETS), ""))
    columns = ("router", *_REACHED, "on the curve")
    note = "*On the curve*: for the target that matters most there, 99 %, or 100 % for MMLU-Pro's seven models."
    return Table(title, columns, "lrrrr", tuple(rows), note)


def _zero(found: Measured) -> Table:
    rows = []
    for one in found.judged:
        if one.entrant == NAME and one.at:
            at = one.at[one.task.headline]
            same = found.grounds[one.task.name].mix_at(at.outcome.quality_ratio)
            saved = 1 - at.outcome.cost_share / same
            rows.append((one.task.title, _cell(one, one.task.headline), f"{same:.1%}", f"{saved:.0%}"))
    columns = ("task", "Kyozon: cost → quality", "mixture of the same quality", "saved against it")
    return Table("Against the cheapest random mixture of the same quality", columns, "lrrr", tuple(rows))


def _singles(found: Measured) -> Table:
    rows = []
    for offered in _grounds(found, ("many",)):
        rows.append((f"**{offered.task.title}**", "", ""))
        rows += [(model, f"{ratio:.1%}", f"{share:.2%}") for model, ratio, share in offered.singles]
    return Table("The models of the large pools by themselves", ("model", "quality", "cost"), "lrr", tuple(rows))


def _groups(found: Measured) -> Table:
    rows = tuple(
        (one.task.title, worst.name, str(worst.items), f"{worst.quality:.1%}", f"{worst.cost:.1%}")
        for one in found.judged
        if one.entrant == NAME and one.at
        for worst in one.at[one.task.headline].categories[:1]
    )
    columns = ("task", "category", "items", "quality", "cost")
    return Table("The worst category", columns, "llrrr", rows, "Kyozon's; categories of at least twenty items.")


def _languages(found: Measured) -> Table:
    rows = tuple(
        (group.name, one.task.title, str(group.items), f"{group.quality:.1%}", f"{group.cost:.1%}")
        for one in found.judged
        if one.entrant == NAME and one.at
        for group in one.at[one.task.headline].languages
    )
    return Table("By language", ("language", "task", "items", "quality", "cost"), "llrrr", tuple(sorted(rows)), "Kyozon's.")


def _learning(found: Measured) -> Table:
    between = {task.labels: task.name for task in (*CURVE, *TASKS) if task.learn == "sample"}
    names = {
        "mmlu_transfer": "none",
        **{between[labels]: f"{labels:,}" for labels in sorted(between)},
        "mmlu": "all others",
    }
    entrants = dict.fromkeys(one.entrant for one in found.judged if one.task in CURVE)
    rows = []
    for name, labels in names.items():
        done = [found.of(name, entrant) for entrant in entrants]
        if any(done):
            rows.append((labels, *(_apgr(one) if one else "" for one in done)))
    columns, align = ("labels", *entrants), "l" + "r" * len(entrants)
    return Table("How many labels it takes: MMLU, APGR", columns, align, tuple(rows), _law(found))


def _law(found: Measured) -> str:
    curve = fitted(found)
    if curve is None:
        return ""
    seen = {target: outlook(points(found), target) for target in (WANTED["mmlu_1500"], WANTED["mmlu"])}
    told = [
        f"{_dot(target)} would take {count(one.labels)} labels (90 %: {count(one.bounds[0])} to {count(one.bounds[1])})"
        for target, one in seen.items()
    ]
    return (
        f"Kyozon's from the first label on, fitted by {_dot(curve.top)} - {curve.fall:.2f} x labels^-{curve.power:.2f} (a "
        f"power law with an asymptote, least squares): {'; '.join(told)}. Beyond the last point it is an extrapolation; "
        "the draws move each point by its own sampling error, though all share their test items. *All others* are four "
        "fifths of all."
    )


def _own(found: Measured) -> Table:
    rows = []
    for entrant in dict.fromkeys(one.entrant for one in found.judged):
        spent = [one.cpu_ms for one in found.judged if one.entrant == entrant and one.task not in CURVE]
        if spent:
            rows.append((entrant, f"{min(spent):.2f}", f"{max(spent):.2f}"))
    note = "Milliseconds of processor time for one decision, the prompt's vector included where the router needs it."
    columns = ("router", "in the cheapest task", "in the dearest")
    return Table("The router's own processor time", columns, "lrr", tuple(rows), note)


def _share(cost: float | None) -> str:
    return "never" if cost is None else f"{cost:.1%}"


def _grounds(found: Measured, kinds: tuple[str, ...]) -> Iterator[Ground]:
    for offered in found.grounds.values():
        if offered.task.kind in kinds and offered.task not in CURVE:
            yield offered


def _cell(one: Judged, target: float) -> str:
    at = one.at[target]
    low, high = at.bounds
    return f"{at.outcome.cost_share:.1%} → {at.outcome.quality_ratio:.1%} [{low:.1%}–{high:.1%}]"


def _apgr(one: Judged) -> str:
    interval = f" [{_dot(one.interval[0])}–{_dot(one.interval[1])}]" if one.interval else ""
    return f"{_dot(one.apgr)}{interval}"


def _dot(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)
