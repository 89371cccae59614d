"""The figures, the tables and the plot of `bench.citations`."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bench.citations.measuring import Answered
from bench.plots import BLUE, GREEN, ORANGE, canvas, tidy
from bench.report import Page, Table

_NOTES = (
    (
        "The documents and questions are written for this bench (`bench/citations/documents.py`): rules, manuals and "
        "minutes of an invented organisation. Many of the questions that nothing answers stay close to what a document is "
        "about."
    ),
    (
        "The model is the one that comes along, 135 million parameters, at temperature 0. It knows hardly any Japanese, "
        "and is wrong about most of what it is asked. The figures say what Kyozon makes of such a model's words, not how "
        "well a good model answers. It gets one passage and says 32 tokens, so that the run ends."
    ),
    (
        "A citation stands where it says if the words between its `start` and `end` in the file are its `quote`, letter by "
        "letter. It is right if the quote holds the words that answer."
    ),
    (
        "The one threshold that decides whether a question can be answered, how many of its words must stand in one "
        "place (`EVIDENT` in `retrieval/evidence.py`), was chosen with these questions at hand. On pairs that had no say, "
        "120 each of XQuAD, JSQuAD and questions on Japanese laws, whose unanswerable twin is the same question with its "
        "passage taken away, it finds 70 %, 91 % and 43 % of the answerable questions evident and 97 %, 78 % and 82 % "
        "of the others not. What is not evident can still be answered by a model that names its source."
    ),
    (
        "`answered` are a model's words with support, `quoted` the closest words of the documents in their place, "
        "`refused` says that nothing was found."
    ),
)


def metrics(found: Sequence[Answered]) -> dict[str, float]:
    """Shares, from 0 to 1, and how much they are of."""
    cited = sum(len(one.quotes) for one in found)
    answerable, others = _parted(found)
    figures = {
        "pairs": float(len(found)),
        "citations": float(cited),
        "spans_at_anchor": _share(sum(one.standing for one in found), cited),
        "answerable_cited": _share(sum(one.kind != "refused" for one in answerable), len(answerable)),
        "answerable_right": _share(sum(one.right for one in answerable), len(answerable)),
        "unanswerable_refused": _share(sum(one.right for one in others), len(others)),
    }
    for language in ("ja", "en"):
        own = [one for one in found if one.asked.language == language]
        asked, rest = _parted(own)
        figures[f"{language}.answerable_right"] = _share(sum(one.right for one in asked), len(asked))
        figures[f"{language}.unanswerable_refused"] = _share(sum(one.right for one in rest), len(rest))
    return figures


def page(found: Sequence[Answered]) -> Page:
    """The page for people."""
    figures = metrics(found)
    summary = (
        f"Of {figures['citations']:.0f} citations, **{figures['spans_at_anchor']:.1%}** stand letter by letter where they "
        f"say. Of the questions that no document answers, **{figures['unanswerable_refused']:.0%}** are refused; of those "
        f"that one answers, {figures['answerable_right']:.0%} get a citation of the very words. "
        "[How answers are made](../explanation/answers.md) says why."
    )
    plot = "How questions that documents answer, and questions that none answers, came out"
    return Page("citations", "Citations and refusals", summary, plot, (_outcomes(found), _shares(figures)), _NOTES)


def figure(found: Sequence[Answered]) -> Figure:
    """One bar for each language and kind of question, parted by what came of it."""
    drawn = canvas(8.5, 3.2)
    axes = drawn.subplots()
    groups = _groups(found)
    for place, (_, answers) in enumerate(groups):
        left = 0.0
        for kind, colour in (("answered", BLUE), ("quoted", GREEN), ("refused", ORANGE)):
            share = _share(sum(one.kind == kind for one in answers), len(answers))
            axes.barh(place, share, left=left, color=colour, height=0.62, label=kind if place == 0 else None)
            left += share
    axes.set_yticks(range(len(groups)), [name for name, _ in groups])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=9)
    tidy(axes, "", "share of the questions")
    return drawn


def _groups(found: Sequence[Answered]) -> list[tuple[str, list[Answered]]]:
    groups = []
    for language, name in (("ja", "Japanese"), ("en", "English")):
        answerable, others = _parted([one for one in found if one.asked.language == language])
        groups += [(f"{name}, answerable", answerable), (f"{name}, unanswerable", others)]
    return groups


def _outcomes(found: Sequence[Answered]) -> Table:
    rows = tuple(
        (
            name,
            str(len(answers)),
            *(str(sum(one.kind == kind for one in answers)) for kind in ("answered", "quoted", "refused")),
            str(sum(one.right for one in answers)),
        )
        for name, answers in _groups(found)
    )
    return Table(
        "What came of the questions", ("questions", "of", "answered", "quoted", "refused", "right"), "lrrrrr", rows
    )


def _shares(figures: dict[str, float]) -> Table:
    rows = tuple((name, f"{value:.3f}" if value <= 1 else f"{value:.0f}") for name, value in figures.items())
    return Table("Figures", ("figure", "value"), "lr", rows)


def _parted(found: Sequence[Answered]) -> tuple[list[Answered], list[Answered]]:
    return [one for one in found if one.asked.answer], [one for one in found if not one.asked.answer]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
