"""The tables and the words of `bench.cascade`."""

from bench.cascade import findings
from bench.cascade.findings import Interval, Pair, Scored
from bench.cascade.house import MODELS
from bench.cascade.items import KINDS, Kind
from bench.cascade.running import ALONE, AUTO, FULL, WAYS, Measured
from bench.report import Page, Table
from bench.routing.study import CORE_HOUR

_NOTES = (
    (
        "Everything goes through a real Kyozon: `kyozon models pull` takes the two models in, `kyozon up` serves them, the "
        "OpenAI SDK asks over HTTP. Each engine works on one request at a time, so nothing is batched; cascades are "
        "asked one question after the other. Programs check the answers: the same number, or the same Python value."
    ),
    (
        "Processor time is what Linux counts for the engines' processes in the whole run, divided among their calls by "
        "what each was charged, so that the same call counts the same in every row. It depends little on what else the "
        "machine does, unlike the time on the clock, which is not reported."
    ),
    (
        "The prices in `kyozon.toml` are measured first in the same run, on items of their own: least squares of "
        f"seconds on tokens read and written, at USD {CORE_HOUR} for an hour of a core. By results on the same items "
        "`kyozon route join` makes both models known to the estimator for `auto, high`; for the other way it knows them by "
        "their cards alone, which say little, and so takes the two for more alike than they are. The two ways were chosen "
        "after a look at the first of these questions: known by results, no goal that was tried has this pair begin a "
        "cascade."
    ),
    (
        "A cascade saves time where the small model's share of the large one's time and the share of answers that are "
        "handed on come to less than one. Whether to begin one is decided for each request beforehand, by what is expected "
        "of the two and what they cost; where it does not pay, the request goes straight to the large model."
    ),
    (
        "The items are short word problems and short Python functions whose result is asked for, which most recorded "
        "models got right, chosen by a hash: small models must have a chance, and an answer must not take minutes. "
        "Three in ten are word problems. The right answers are those that were recorded as right. Two worked examples "
        "stand before each question; the engine keeps them, so they are read once."
    ),
    (
        "The estimator and the verifier that come with Kyozon were fitted on recordings of other models' answers to these "
        "very questions, though to no answer of these two models. For the estimator the questions are thus not new, "
        "and what it expects of them may be better than it would be of others."
    ),
    (
        "For questions about Python functions the verifier can often work out what the function gives, so it knows a wrong "
        "answer when it sees one; that says nothing of whether the larger model does better."
    ),
    (
        "The random mixture tosses a coin for each request between the two models, which is the cheapest way to a quality "
        "between theirs without looking at anything. *Handed on only where it helps* knows all answers: no judge can do "
        "better from the small model on. Brackets hold 95 % intervals: bootstrap by item, paired, 2,000 draws."
    ),
    (
        "The weights are Qwen2.5-Coder 0.5B and 1.5B Instruct in 4 bits (Q4_K_M), put together from packages of the Python "
        "package index, checked by their SHA-256. They serve this benchmark only."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="cascade",
        title="Two models of one machine as a cascade",
        summary=_summary(found),
        plot="Right answers over processor seconds: both models alone, random mixtures, two ways through Kyozon, an oracle",
        tables=(_strategies(found), _requests(found), _kinds(found), _prices(found), _books(found)),
        notes=_NOTES,
        arguments="--data DIR" if len(found.items) == FULL.measured else f"--data DIR --items {len(found.items)}",
    )


def _summary(found: Measured) -> str:
    both = findings.pair(found)
    first = (
        f"Two open models on this machine's processor, {len(found.items)} questions: the small one alone is right in "
        f"**{both.small.quality:.1%}** at {both.small.cost:.1f} processor seconds an answer, the large one in "
        f"**{both.large.quality:.1%}** at {both.large.cost:.1f}."
    )
    parts = [first]
    for name, one in findings.cascades(found).items():
        paths = findings.began(found.answers[f"{AUTO} {name}"])
        parts.append(
            f"*{WAYS[name].label}* begins **{paths.small:.0%}** of the requests at the small one, hands "
            f"**{paths.escalated:.0%}** on, and is right in **{one.quality:.1%}** at **{_share(one.cost, both)}** of the "
            f"large one's processor time, {_beside(findings.gain(both, one))} a random mixture of the same."
        )
    best = both.oracle()
    parts.append(f"Who knew all answers beforehand would be right in {best.quality:.1%} at {_share(best.cost, both)}.")
    parts.append("[Verifying](../explanation/verifying.md) says how an answer is judged.")
    return " ".join(parts)


def _beside(gained: Interval) -> str:
    points, low, high = (100 * value for value in (gained.value, gained.low, gained.high))
    side = "above" if points >= 0 else "below"
    return f"{abs(points):.1f} points {side} [{low:+.1f} to {high:+.1f}]"


def _strategies(found: Measured) -> Table:
    both = findings.pair(found)
    rows = [_row(name, both, one, random=False) for name, one in zip(_short(), (both.small, both.large), strict=True)]
    rows += [_row(WAYS[goal].label, both, one, random=True) for goal, one in findings.cascades(found).items()]
    rows.append(_row("handed on only where it helps", both, both.oracle(), random=False))
    columns = ("strategy", "right", "CPU s an answer", "of 1.5B", "mixture as good", "points above a mixture as dear")
    return Table("Quality and processor time", columns, "lrrrrr", tuple(rows))


def _row(name: str, both: Pair, one: Scored, *, random: bool) -> tuple[str, ...]:
    right = findings.quality(one)
    cells = (name, f"{right.value:.1%} [{right.low:.1%}–{right.high:.1%}]", f"{one.cost:.2f}", _share(one.cost, both))
    if not random:
        return (*cells, "", "")
    gained = findings.gain(both, one)
    points = f"{100 * gained.value:+.1f} [{100 * gained.low:+.1f} to {100 * gained.high:+.1f}]"
    return (*cells, _share(both.cost_at(one.quality), both), points)


def _share(cost: float, both: Pair) -> str:
    return f"{cost / both.large.cost:.0%}"


def _requests(found: Measured) -> Table:
    rows = []
    for goal in WAYS:
        answers = found.answers[f"{AUTO} {goal}"]
        paths, auc = findings.began(answers), findings.told_apart(answers, found.answers[findings.ALONE_SMALL])
        shares = (f"{share:.1%}" for share in (paths.small, paths.escalated, paths.large))
        rows.append(
            (WAYS[goal].label, *shares, "" if auc is None else f"{auc:.2f}", f"{findings.own_seconds(answers):.3f}")
        )
    columns = ("strategy", "begun at 0.5B", "of all handed on", "straight to 1.5B", "AUC of the verdict", "Kyozon's CPU s")
    note = (
        "The AUC says how well the verdict tells right from wrong answers of the small model, .5 being chance. Kyozon's "
        "own processor time is an answer's, its database's and the router's and verifier's work included."
    )
    return Table("What became of requests", columns, "lrrrrr", tuple(rows), note)


def _kinds(found: Measured) -> Table:
    names = dict(zip(_short(), (f"{ALONE} {name}" for name in MODELS), strict=True))
    names |= {way.label: f"{AUTO} {name}" for name, way in WAYS.items()}
    rows = tuple((name, *(cell for kind in KINDS for cell in _of_kind(found, key, kind))) for name, key in names.items())
    columns = ("strategy", *(cell for kind in KINDS for cell in (f"{kind}: right", "CPU s", "handed on")))
    return Table("By kind of question", columns, "lrrrrrr", rows)


def _of_kind(found: Measured, strategy: str, kind: Kind) -> tuple[str, str, str]:
    wanted = {item.id for item in found.items if item.kind == kind}
    places = [place for place, one in enumerate(found.answers[strategy]) if one.item in wanted]
    answers = [found.answers[strategy][place] for place in places]
    of = findings.scored(found, strategy)
    seconds = of.seconds[places].mean()
    handed = f"{findings.began(answers).escalated:.0%}" if strategy.startswith(AUTO) else ""
    return f"{of.right[places].mean():.1%}", f"{seconds:.2f}", handed


def _prices(found: Measured) -> Table:
    rows = tuple(
        (short, f"{1000 * price.input:.1f}", f"{1000 * price.output:.1f}", *(f"{amount:.4f}" for amount in price.money))
        for short, price in zip(_short(), (found.prices[name] for name in MODELS), strict=True)
    )
    columns = ("model", "ms a token read", "ms a token written", "USD in / million", "USD out / million")
    note = f"From {len(found.known)} items of their own. Reading is cheap because the worked examples are read once."
    return Table("Prices measured", columns, "lrrrr", rows, note)


def _books(found: Measured) -> Table:
    rows = tuple(
        (name, str(book.calls), f"{book.ledger:.9f}", f"{book.reckoned - book.ledger:.9f}")
        for name, book in found.books.items()
    )
    columns = ("key of", "calls", "USD in the ledger", "reckoned from tokens, less that")
    note = "A run that is ended by force leaves calls in the ledger whose answers it never had."
    return Table("Every call is charged", columns, "lrrr", rows, note)


def _short() -> tuple[str, str]:
    return "0.5B alone", "1.5B alone"
