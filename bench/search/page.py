"""The tables and the words of `bench.search`."""

from collections.abc import Callable, Sequence

from bench.report import Page, Table
from bench.search.filters import DOCUMENTS, Filtered
from bench.search.findings import Measured
from bench.search.first import First
from bench.search.measuring import Sized, Times

_NOTES = (
    (
        "Passages are windows of real Japanese and English texts, about 180 and 500 characters long, ten to a "
        "document; where the texts are too short for so many, windows overlap, so that common characters stand in"
        " as many passages as they would."
    ),
    (
        "To embed 100,000 passages would take hours. Some hundred real ones are embedded, and every passage gets "
        "one of those vectors, moved at random to a cosine of about .86 with it. The questions and their vectors "
        "are real."
    ),
    (
        "Kyozon's search is the hybrid one as it is shipped: rights, filter, words, vectors and their fusion, one"
        " thread. The embedding of the query (about 20 ms) and the two statements of SQL around a search are not "
        "in it. One hundredth: a filter on an attribute."
    ),
    (
        "Recall compares the ten best by vectors alone with the ten nearest by a product of floats, over "
        "everything and under the filter. Vectors are looked at as bytes first and the best then as they are, so "
        "it can fall short of 1."
    ),
    (
        "numpy multiplies all vectors as 32-bit floats and picks ten; tantivy scores the same tokens with BM25 "
        "and the statistics of everything there is. Neither does what the other does, nor knows rights. All "
        "answer each question in turn, in one process, on one core."
    ),
    ("Memory is what the process grew by while the index was built; the bytes of an index are those of its arrays."),
    (
        "The first search reads everything from an embedded PostgreSQL on the same machine, as the server does, and finds"
        " an index made. Reading is the wait for SQL, in the same seconds; cutting is what the words alone take of the"
        " processor. The event loop is asked every 5 ms: by so much it was late, at the 95th percentile and at most. That"
        " is what somebody else's request would have waited in the same process."
    ),
    (
        "Filters: every document has four attributes, of which three are different in each. Python asks each document in"
        " turn, in a list comprehension over the same attributes, with no rights."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    sized = found.sized
    return Page(
        name="search",
        title="What a search costs",
        summary=f"{_summary(sized[-1])} {_of_first(found.first[-1])}",
        plot="Processor time of a search over the number of passages, both scales logarithmic",
        tables=(
            _growth(sized),
            _clock(sized[-1], found.questions),
            _first(found.first),
            _filters(found.rights, found.filtered),
            _size(sized),
        ),
        notes=_NOTES,
        arguments="--data DIR",
    )


def _summary(last: Sized) -> str:
    return (
        f"Among {last.passages:,} passages a hybrid search takes **{last.hybrid.mean_cpu:.1f} ms** of one core, "
        f"{last.hybrid.mean_cpu / last.numpy.mean_cpu:.2f} times what numpy takes for the vectors alone, and finds "
        f"{last.recall:.1%} of the ten nearest ({last.recall_filtered:.1%} under a filter that leaves one hundredth). "
        "Nothing is approximated by what one may not read: [how search works](../explanation/search.md)."
    )


def _of_first(last: First) -> str:
    return (
        f"The first search after a start reads all of that in **{last.cpu:.1f} s** of one core, and others in the same "
        f"process wait {last.late:.0f} ms longer meanwhile (95th percentile)."
    )


def _growth(sized: Sequence[Sized]) -> Table:
    rows = tuple(
        (
            f"{one.passages:,}",
            f"{one.hybrid.mean_cpu:.2f}",
            f"{one.filtered.mean_cpu:.2f}",
            f"{one.numpy.mean_cpu:.2f}",
            f"{one.tantivy.mean_cpu:.2f}",
            f"{one.recall:.4f}",
            f"{one.recall_filtered:.4f}",
        )
        for one in sized
    )
    columns = ("passages", "hybrid", "in one hundredth", "numpy", "tantivy", "recall@10", "in one hundredth")
    return Table("Processor milliseconds a search, and recall", columns, "rrrrrrr", rows)


def _clock(last: Sized, questions: int) -> Table:
    ways: dict[str, Callable[[Sized], Times]] = {
        "Kyozon, hybrid": lambda one: one.hybrid,
        "Kyozon, in one hundredth": lambda one: one.filtered,
        "numpy, vectors alone": lambda one: one.numpy,
        "tantivy, words alone": lambda one: one.tantivy,
    }
    base = last.numpy
    rows = tuple(
        (
            name,
            f"{of(last).wall_at(0.5):.1f}",
            f"{of(last).wall_at(0.95):.1f}",
            f"{of(last).wall_at(0.5) / base.wall_at(0.5):.2f}",
            f"{of(last).wall_at(0.95) / base.wall_at(0.95):.2f}",
        )
        for name, of in ways.items()
    )
    columns = ("", "p50 ms", "p95 ms", "p50 ÷ numpy", "p95 ÷ numpy")
    return Table(f"On the clock, among {last.passages:,}", columns, "lrrrr", rows, f"{questions} questions.")


def _size(sized: Sequence[Sized]) -> Table:
    rows = tuple(
        (
            f"{one.passages:,}",
            f"{one.index_bytes / one.passages:,.0f}",
            f"{one.index_bytes / 2**20:,.0f}",
            f"{one.grown_mib:,.0f}",
            f"{one.passages / one.built_cpu_s:,.0f}",
        )
        for one in sized
    )
    columns = ("passages", "bytes a passage", "MiB of arrays", "MiB of memory", "passages indexed per CPU second")
    return Table("Size, and how fast an index is built", columns, "rrrrr", rows)


def _first(first: Sequence[First]) -> Table:
    rows = tuple(
        (
            f"{one.passages:,}",
            f"{one.seconds:.2f}",
            f"{one.cpu:.2f}",
            f"{one.reading:.2f}",
            f"{one.cutting:.2f}",
            f"{one.mib:,.0f}",
            f"{one.late:.1f}",
            f"{one.latest:.0f}",
            f"{one.second:.1f}",
        )
        for one in first
    )
    columns = (
        "passages",
        "s",
        "CPU s",
        "reading s",
        "cutting CPU s",
        "MiB",
        "late p95 ms",
        "latest ms",
        "second search ms",
    )
    note = "A server reads ahead the indexes of tenants who have searched within a week, so that they find this done."
    return Table("The first search after a start", columns, "r" * len(columns), rows, note)


def _filters(rights: float, filtered: Sequence[Filtered]) -> Table:
    rows = tuple((one.name, f"{one.cpu:.1f}", f"{one.python:.1f}", f"{one.cpu / one.python:.2f}") for one in filtered)
    note = f"Beside the rights, which take {rights:.1f} ms."
    columns = ("", "CPU ms", "in Python", "ratio")
    return Table(f"Filters among {DOCUMENTS:,} documents", columns, "lrrr", rows, note)
