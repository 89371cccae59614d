"""What a search and an answer are worth to a question whose answer is known. Pure; the figures lie between 0 and 1."""

from collections.abc import Sequence

from msgspec import Struct

from kyozon.evaluation.questions import Question
from kyozon.evaluation.ranks import Rank, ndcg, recall, reciprocal
from kyozon.retrieval.citing import aligned
from kyozon.retrieval.grounding import covered, support

Words = tuple[str, str]
"""The id of a file, and words that were found or cited in it."""


class Wanted(Struct, frozen=True):
    """A question, and for each file that it names the ids that the name fits."""

    question: Question
    files: tuple[frozenset[str], ...] = ()

    @property
    def any_file(self) -> frozenset[str]:
        """All of them."""
        return frozenset().union(*self.files)


class Given(Struct, frozen=True):
    """An answer: `kind` as in `retrieval.composing.Composed`, how many of its claims have no support, what it cites.

    `read` are the files that stood before the model.
    """

    kind: str
    text: str
    claims: int = 0
    unsupported: int = 0
    citations: tuple[Words, ...] = ()
    read: frozenset[str] = frozenset()


def found_scores(wanted: Wanted, found: Sequence[Words]) -> dict[str, float]:
    """Of passages in the order in which they were found; nothing for a question that no document answers.

    `files.…` look at files, each at the place of its first passage. `passages.…` look at the first passage that holds all
    of the quote, where the question has one.
    """
    if not wanted.files:
        return {}
    order = list(dict.fromkeys(file for file, _ in found))
    ranks: list[Rank] = [next((at for at, file in enumerate(order, 1) if file in ids), None) for ids in wanted.files]
    scores = _ranked("files", ranks)
    if quote := wanted.question.quote:
        fits = (at for at, (file, text) in enumerate(found, 1) if file in wanted.any_file and aligned(quote, text))
        scores |= _ranked("passages", [next(fits, None)])
    return scores


def given_scores(wanted: Wanted, given: Given) -> dict[str, float]:
    """Of an answer: whether it was rightly refused or given, how much of it is supported, and what it cites.

    `answers.words` is the share of the expected answer's words that stand in it.
    """
    refused = given.kind == "refused"
    if wanted.question.unanswerable:
        return {"answers.refused": float(refused)}
    scores = {"answers.given": float(not refused)}
    if given.claims and not refused:
        scores["answers.grounded"] = 1 - given.unsupported / given.claims
    if given.citations:
        right = [file in wanted.any_file for file, _ in given.citations]
        scores["citations.files"] = sum(right) / len(right)
        if quote := wanted.question.quote:
            fits = [fit and _bears(quote, words) for fit, (_, words) in zip(right, given.citations, strict=True)]
            scores["citations.quotes"] = sum(fits) / len(fits)
    if wanted.question.answer:
        scores["answers.words"] = covered(wanted.question.answer, [given.text])
    return scores


def _ranked(name: str, ranks: Sequence[Rank]) -> dict[str, float]:
    return {f"{name}.recall": recall(ranks), f"{name}.ndcg10": ndcg(ranks), f"{name}.mrr10": reciprocal(ranks)}


def _bears(quote: str, cited: str) -> bool:
    """Whether cited words are in the quote, hold it, or say the same."""
    return bool(aligned(quote, cited) or aligned(cited, quote)) or support(quote, cited).holds()
