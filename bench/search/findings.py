"""What `bench.search` has measured, and its flat figures."""

from collections.abc import Sequence

from msgspec import Struct

from bench.search.filters import Filtered
from bench.search.first import First
from bench.search.measuring import Sized


class Measured(Struct, frozen=True):
    """Searches of each size, with so many questions; first searches; what rights and filters take, in milliseconds."""

    sized: Sequence[Sized]
    first: Sequence[First]
    rights: float
    filtered: Sequence[Filtered]
    questions: int


def figures(found: Measured) -> dict[str, float]:
    """The flat figures: of the largest index, then of every size."""
    last, first = found.sized[-1], found.first[-1]
    flat = {
        "cpu_ms": last.hybrid.mean_cpu,
        "p50_ratio_numpy": last.hybrid.wall_at(0.5) / last.numpy.wall_at(0.5),
        "p95_ratio_numpy": last.hybrid.wall_at(0.95) / last.numpy.wall_at(0.95),
        "cpu_ratio_numpy": last.hybrid.mean_cpu / last.numpy.mean_cpu,
        "cpu_ratio_tantivy": last.hybrid.mean_cpu / last.tantivy.mean_cpu,
        "recall10": last.recall,
        "recall10_filtered": last.recall_filtered,
        "cpu_ms_filtered": last.filtered.mean_cpu,
        "ingest_passages_per_cpu_s": last.passages / last.built_cpu_s,
        "index_bytes_per_passage": last.index_bytes / last.passages,
        "memory_mib": last.grown_mib,
        "first_cpu_s": first.cpu,
        "first_ratio_reading": first.seconds / first.reading,
        "first_mib": first.mib,
        "first_late_p95_ms": first.late,
        "filter_cpu_ms": max(one.cpu for one in found.filtered),
        "filter_ratio_python": max(one.cpu / one.python for one in found.filtered),
    }
    flat |= {f"at_{one.passages}.cpu_ms": one.hybrid.mean_cpu for one in found.sized}
    return flat | {f"at_{one.passages}.first_cpu_s": one.cpu for one in found.first}
