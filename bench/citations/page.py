"""The figures, the tables and the plot of `bench.citations`."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bench.citations.measuring import Answered, Part
from bench.plots import BLUE, GREEN, ORANGE, canvas, tidy
from bench.report import Page, Table

_PARTS: tuple[tuple[Part, str], ...] = (
    ("own", "documents' words"),
    ("tried", "readers' words, tried"),
    ("held_out", "readers' words, held out"),
)
_LANGUAGES = (("ja", "Japanese"), ("en", "English"))
_NOTES = (
    (
        "*Documents' words*: 129 questions and sixteen documents, both written for this bench "
        "(`bench/citations/documents.py`): rules, manuals and minutes of an invented organisation. Many of the "
        "questions that nothing answers stay close to what a document is about. The one threshold that decides "
        "whether a question can be answered, how many of its words must stand in one place (`EVIDENT` in "
        "`retrieval/evidence.py`), was chosen with them at hand."
    ),
    (
        "*Readers' words*: 168 questions (`bench/citations/confirming.jsonl`) over passages that were there before: "
        "company rules, statutes, Wikipedia in Japanese (the articles that a question is about) and in English, 654 "
        "in all; the sets are those of `bench.retrieval`. They were written before their author had seen how refusals "
        "are decided. Those that nothing answers ask about a passage that is there for a fact that no passage holds "
        "(another year, person or number, the neighbouring rule); ten are about something else altogether. Those that "
        "are answered are in the reader's own words. A third are in another language than the passage."
    ),
    (
        "These are halved by a checksum of their words. The half that was *tried* had a say in one rule, that the "
        "place must have what is asked for (a number with its unit, money, a share, a day; `retrieval/asking.py`). "
        "The half *held out* had a say in nothing. Before that rule, 38 of 42 and 47 of 48 unanswerable questions "
        "were refused, and 35 of 39 and 34 of 39 answerable ones; for the one that is refused since, words had been "
        "quoted that do not answer it."
    ),
    (
        "So most questions in a reader's own words are refused, too, although a passage answers them, and all in "
        "another language than the passage: this model does not name its source, and the words do not tell. More was "
        "tried on the half that may be tried, with the right passage at hand: rarer words weighing more, vectors of "
        "the embedder inside Kyozon, their means and the direction between the languages taken away, a classifier "
        "trained on 5,782 questions of the sets, and all of them together. An answerable question was put before an "
        "unanswerable one in at most 70 % of the pairs (50 % is chance); refusing nine in ten unanswerable ones still "
        "refused eight in ten of the others. What an answer takes here is a model that reads: one that names its "
        "source is not held to the words."
    ),
    (
        "The model is the one that comes along, 135 million parameters, at temperature 0. It knows hardly any "
        "Japanese, and is wrong about most of what it is asked. The figures say what Kyozon makes of such a model's "
        "words, not how well a good model answers. It gets one passage and says 32 tokens, so that the run ends."
    ),
    (
        "A citation stands where it says if the words between its `start` and `end` in the file are its `quote`, "
        "letter by letter. It is right if the quote holds the words that answer."
    ),
    (
        "On other pairs, 120 each of XQuAD, JSQuAD and questions on Japanese laws, whose unanswerable twin is the "
        "same question with its passage taken away, the threshold alone finds 70 %, 91 % and 43 % of the answerable "
        "questions evident and 97 %, 78 % and 82 % of the others not."
    ),
    (
        "`answered` are a model's words with support, `quoted` the closest words of the documents in their place, "
        "`refused` says that nothing was found."
    ),
)


def metrics(found: Sequence[Answered]) -> dict[str, float]:
    """Shares, from 0 to 1, and how much they are of; of all, of each part (`own`, …), and of its languages."""
    cited = sum(len(one.quotes) for one in found)
    figures = {
        "pairs": float(len(found)),
        "citations": float(cited),
        "spans_at_anchor": _share(sum(one.standing for one in found), cited),
        **_figures("", found),
    }
    for part, _ in _PARTS:
        own = [one for one in found if one.asked.part == part]
        figures |= _figures(f"{part}.", own)
        for language, _ in _LANGUAGES:
            figures |= _figures(f"{part}.{language}.", [one for one in own if one.asked.language == language])
    return figures


def page(found: Sequence[Answered]) -> Page:
    """The page for people."""
    figures = metrics(found)
    summary = (
        f"Of {figures['citations']:.0f} citations, **{figures['spans_at_anchor']:.1%}** stand letter by letter where they "
        "say. Of the questions that no document answers, "
        f"**{figures.get('held_out.unanswerable_refused', 0.0):.0%}** are refused among those that had no say when "
        f"anything was chosen, {figures['unanswerable_refused']:.0%} among all. Of those that a document answers, "
        f"{figures.get('own.answerable_refused', 0.0):.0%} are refused, too, where they are asked in the documents' words, "
        f"and {figures.get('held_out.answerable_refused', 0.0):.0%} in a reader's own words: the smallest model there is "
        "does not help. [How answers are made](../explanation/answers.md) says why."
    )
    plot = "How questions that documents answer, and questions that none answers, came out"
    tables = (_outcomes(found), _shares(figures))
    return Page("citations", "Citations and refusals", summary, plot, tables, _NOTES, "--data DIR")


def figure(found: Sequence[Answered]) -> Figure:
    """One bar for each part, language and kind of question, parted by what came of it."""
    drawn = canvas(8.5, 5.2)
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


def _figures(prefix: str, found: Sequence[Answered]) -> dict[str, float]:
    """Of these questions; nothing where there are none."""
    if not found:
        return {}
    answerable, others = _parted(found)
    refused = sum(one.kind == "refused" for one in answerable)
    return {
        f"{prefix}answerable": float(len(answerable)),
        f"{prefix}answerable_refused": _share(refused, len(answerable)),
        f"{prefix}answerable_right": _share(sum(one.right for one in answerable), len(answerable)),
        f"{prefix}unanswerable": float(len(others)),
        f"{prefix}unanswerable_refused": _share(sum(one.right for one in others), len(others)),
    }


def _groups(found: Sequence[Answered]) -> list[tuple[str, list[Answered]]]:
    groups = []
    for part, words in _PARTS:
        for language, name in _LANGUAGES:
            of_these = [one for one in found if (one.asked.part, one.asked.language) == (part, language)]
            if of_these:
                answerable, others = _parted(of_these)
                groups += [(f"{words}: {name}, answerable", answerable), (f"{words}: {name}, unanswerable", others)]
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
