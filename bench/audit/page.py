"""The tables and the words of `bench.audit`."""

from collections.abc import Callable, Sequence

from bench.audit.findings import EXAMINED, TARGET, Measured, Round, median, metrics
from bench.report import Page, Spread, Table, spread

_NOTES = (
    (
        "256 clients in one process record a decision over six models with its hold, wait until it is durable, record "
        "the outcome with what settles it, and go on. Each record is committed with `synchronous_commit = on` before its "
        "client goes on; who waits at the same moment shares a commit."
    ),
    (
        "*Without the log* is the same with the triggers that make the leaves turned off and nothing sealed. Rounds of "
        "either kind take turns, each in a database of its own."
    ),
    (
        "The process's own time is that of clients, journal and sealer together, which run on one core. PostgreSQL's is "
        "not in it: it makes the leaves, on the other core, and is what limits the rate."
    ),
    "The seal's lag is how long after the last record of a round the last leaf had its place under a signed checkpoint.",
    (
        "To examine the log is `kyozon audit verify`: every record is read and hashed, every node computed, every "
        "signature checked. *Reading alone* reads the same records and hashes them."
    ),
    (
        "Proofs are of decisions spread evenly over the log; they are made by the code behind `kyozon audit prove`, "
        "without the start of the command, and checked by the program that `kyozon audit verifier` prints."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="audit",
        title="What the audit log costs",
        summary=_summary(found),
        plot="Records a second with the log, without it, and the target",
        tables=(_written(found), _examined(found), _proofs(found)),
        notes=_NOTES,
    )


def _summary(found: Measured) -> str:
    seen = metrics(found)
    rate, proof = seen["records_per_s"], seen["proof_bytes"]
    return (
        f"**{rate:,.0f} records a second**, each durable and in a signed tree, which is "
        f"{seen['records_per_s_target_ratio']:.1f} times the target of {TARGET:,.0f} and "
        f"{seen['records_per_s_ratio_bare']:.0%} of what the same machine records without the log. A record costs "
        f"{seen['cpu_us_per_record_added']:.1f} µs more of Kyozon's own processor time. {EXAMINED:,} records are "
        f"examined in **{seen['verify_s_per_50000']:.1f} s**; a proof is at most **{proof:,.0f} bytes** beside its record. "
        "[The audit log](../explanation/audit.md) says what it protects from, and what not."
    )


def _written(found: Measured) -> Table:
    rows = tuple(
        (name, *(_spread(rounds, of, form) for of, form in _COLUMNS))
        for name, rounds in (("with the log", found.logged), ("without", found.bare))
    )
    note = (
        f"Median of {len(found.logged)} rounds of {found.logged[0].seconds:.0f} s each, least and most in brackets. One "
        f"flush of this disk takes {found.flush_ms:.2f} ms."
    )
    return Table("Recording", ("", "records a second", "µs of this process a record", "seal's lag, s"), "lrrr", rows, note)


_COLUMNS: tuple[tuple[Callable[[Round], float], str], ...] = (
    (lambda each: each.rate, ",.0f"),
    (lambda each: each.cpu_us, ".1f"),
    (lambda each: each.lag, ".2f"),
)


def _spread(rounds: Sequence[Round], of: Callable[[Round], float], form: str) -> str:
    seen = spread([of(each) for each in rounds])
    return f"{median(rounds, of):{form}} [{seen.low:{form}}–{seen.high:{form}}]"


def _examined(found: Measured) -> Table:
    rows = (
        ("examined", f"{found.examined:.2f}", f"{found.examined / found.leaves * EXAMINED:.2f}"),
        ("reading alone", f"{found.read:.2f}", f"{found.read / found.leaves * EXAMINED:.2f}"),
    )
    columns = ("", f"s for {found.leaves:,} records", f"s for {EXAMINED:,}")
    return Table("Examining", columns, "lrr", rows)


def _proofs(found: Measured) -> Table:
    rows = (
        ("bytes of the proof", *_three(found.proof(lambda each: each.alone), ",.0f")),
        ("bytes with the record", *_three(found.proof(lambda each: each.whole), ",.0f")),
        ("ms to make it", *_three(found.proof(lambda each: each.made), ".2f")),
        ("ms to check it", *_three(found.proof(lambda each: each.checked), ".2f")),
    )
    return Table("Proofs", ("", "least", "median", "most"), "lrrr", rows, f"Of {len(found.proofs)} decisions.")


def _three(seen: Spread, form: str) -> tuple[str, str, str]:
    return f"{seen.low:{form}}", f"{seen.median:{form}}", f"{seen.high:{form}}"
