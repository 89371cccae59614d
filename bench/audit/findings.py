"""What `bench.audit` has found out, and what follows from it."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from bench.report import Spread, spread

TARGET = 3000.0
"""Records a second that the log has to sustain."""
EXAMINED = 50_000
"""Leaves that the time of an examination is told for."""


class Round(Struct, frozen=True):
    """Records written for some seconds by many clients: `lag` is how long the last ones waited for their seal."""

    records: int
    seconds: float
    cpu: float
    lag: float = 0.0

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of this process for each record, sealing included."""
        return self.cpu / self.records * 1e6


class Proved(Struct, frozen=True):
    """One proof: bytes without and with the record, milliseconds to make it and to check it."""

    alone: int
    whole: int
    made: float
    checked: float


class Measured(Struct, frozen=True):
    """Rounds with the log and without, in turn; the examination of all of it; proofs of records here and there.

    `examined` and `read` are seconds: to examine `leaves`, and to read and hash their records and nothing else.
    """

    logged: tuple[Round, ...]
    bare: tuple[Round, ...]
    flush_ms: float
    leaves: int
    examined: float
    read: float
    proofs: tuple[Proved, ...]

    def proof(self, of: Callable[[Proved], float]) -> Spread:
        """Over all proofs."""
        return spread([of(each) for each in self.proofs])


def median(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    """Over rounds."""
    return spread([of(each) for each in rounds]).median


def metrics(found: Measured) -> dict[str, float]:
    """The flat figures."""
    rate, bare = (median(rounds, lambda each: each.rate) for rounds in (found.logged, found.bare))
    cpu, bare_cpu = (median(rounds, lambda each: each.cpu_us) for rounds in (found.logged, found.bare))
    return {
        "records_per_s": rate,
        "records_per_s_lowest": min(each.rate for each in found.logged),
        "records_per_s_target_ratio": rate / TARGET,
        "records_per_s_ratio_bare": rate / bare,
        "cpu_us_per_record": cpu,
        "cpu_us_per_record_added": cpu - bare_cpu,
        "cpu_ratio_bare": cpu / bare_cpu,
        "seal_lag_s": max(each.lag for each in found.logged),
        "disk_flush_ms": found.flush_ms,
        "verify_s_per_50000": found.examined / found.leaves * EXAMINED,
        "verify_ratio_reading": found.examined / found.read,
        "verified_leaves": found.leaves,
        "proof_bytes": found.proof(lambda each: each.alone).high,
        "proof_bytes_with_record": found.proof(lambda each: each.whole).high,
        "prove_ms": found.proof(lambda each: each.made).median,
        "check_ms": found.proof(lambda each: each.checked).median,
    }
