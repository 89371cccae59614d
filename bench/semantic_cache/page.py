"""The tables and the words of `bench.semantic_cache`."""

from collections.abc import Callable, Iterable

from bench.report import Page, Table
from bench.semantic_cache.findings import SHIPPED, THRESHOLDS, Compared, Measured, Share, false_hits, hits

_COLUMNS = ("same pairs", "found", "without words", "different pairs", "wrongly found", "without words")
_NOTES = (
    (
        "The questions are everyday ones from work, in English and Japanese. The different ones are written to be "
        "confused. They are not what traffic looks like: a share of them is not a share of answers."
    ),
    (
        "The blind pairs were written before their author had seen the rules, or the pairs that the rules were made with; "
        "two that turned out to be among those were taken out. A hash of the words says which half a pair is in. The "
        "rules were mended once since, by what the development halves gave. But whoever mended them had written the pairs "
        "and knew them all, so pairs from your own traffic would be better proof."
    ),
    (
        "The aimed pairs were written after reading the rules, one by one to get past them; before the mending 49 of "
        "the 57 did. Whoever mended the rules knew them all. They say what a mistake looks like, not how frequent it is."
    ),
    (
        "Found means what it means in the cache: the cosine of the two vectors is at least the threshold, and the words "
        "that matter are the same (`governance/same_question.py`). *Without words* leaves the second condition out. "
        "The embedder is the one inside Kyozon, and both questions get its query prefix."
    ),
    "Brackets hold 95 % intervals after Wilson. They are wide, and widest where a row has few pairs.",
    (
        "Processor time is that of the whole process, user and system, in a loop over questions that are embedded. The "
        "database's part is left out: one look-up by index in the same partition, as for an exact hit."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="semantic-cache",
        title="What the semantic cache finds, and what it gets wrong",
        summary=_summary(found),
        plot="Same pairs found and different pairs wrongly found over the threshold, with and without a look at the words",
        tables=(
            _thresholds(found),
            _sets(found),
            _by("By language", found, lambda one: one.pair.language),
            _by("By kind of difference", found, lambda one: one.pair.kind),
            _by("By use", found, lambda one: one.pair.use),
            _costs(found),
        ),
        notes=_NOTES,
    )


def _summary(found: Measured) -> str:
    right, wrong = hits(found.tested), false_hits(found.tested)
    alone = false_hits(found.tested, words=False)
    return (
        f"As shipped (similarity at least {SHIPPED}, and the same words), the cache finds **{right.found} of {right.of}** "
        f"questions that are only worded differently ({_interval(right)}), and takes **{wrong.found} of {wrong.of}** that "
        f"look alike but need another answer for the same ({_interval(wrong)}). By similarity alone it would be wrong on "
        f"**{alone.found}** of these. [The answer cache](../how-to/cache-answers.md) says what to use it for."
    )


def _thresholds(found: Measured) -> Table:
    rows = tuple(
        (
            f"{threshold:.2f}",
            _percent(hits(found.tested, threshold)),
            _percent(false_hits(found.tested, threshold)),
            _percent(hits(found.tested, threshold, words=False)),
            _percent(false_hits(found.tested, threshold, words=False)),
        )
        for threshold in THRESHOLDS
    )
    columns = ("similarity", "same found", "different found", "same found, without words", "different found, without words")
    note = f"The test half of the blind pairs: {hits(found.tested).of} the same, {false_hits(found.tested).of} different."
    return Table("By threshold", columns, "rrrrr", rows, note)


def _sets(found: Measured) -> Table:
    mended = [one for one in found.blind if one.pair.half == "development"]
    sets = {
        "blind, test half": found.tested,
        "blind, development half": mended,
        "aimed": found.aimed,
    }
    rows = tuple(_row(name, compared) for name, compared in sets.items())
    return Table("By set", ("pairs", *_COLUMNS), "lrrrrrr", rows, f"Similarity at least {SHIPPED}, here and below.")


def _by(title: str, found: Measured, of: Callable[[Compared], str]) -> Table:
    names = dict.fromkeys(of(one) for one in found.tested)
    rows = tuple(_row(name, [one for one in found.tested if of(one) == name]) for name in names)
    return Table(title, ("", *_COLUMNS), "lrrrrrr", rows, "The test half of the blind pairs.")


def _row(name: str, compared: Iterable[Compared]) -> tuple[str, ...]:
    compared = tuple(compared)
    cells = [name]
    for share in (hits, false_hits):
        seen = share(compared)
        cells += [str(seen.of), _percent(seen), f"{share(compared, words=False).found}"] if seen.of else ["", "", ""]
    return tuple(cells)


def _costs(found: Measured) -> Table:
    bare = found.cost(lambda cost: cost.bare)
    parts = {
        "the look at its words": found.cost(lambda cost: cost.words),
        "its vector": found.cost(lambda cost: cost.vector),
        "its vector by the bare library": bare,
    }
    rows = tuple((name, f"{milliseconds:.3f}", f"{milliseconds / bare:.3f}") for name, milliseconds in parts.items())
    note = f"Median of {len(found.costs)} rounds. A question that is not compared at all costs the first line only."
    return Table("Processor time a question", ("", "ms", "÷ bare"), "lrr", rows, note)


def _percent(share: Share) -> str:
    return f"{share.found} = {share.share:.1%} [{_bounds(share)}]"


def _interval(share: Share) -> str:
    return f"{share.share:.1%}, 95 % interval {_bounds(share)}"


def _bounds(share: Share) -> str:
    low, high = share.interval
    return f"{low:.1%}–{high:.1%}"
