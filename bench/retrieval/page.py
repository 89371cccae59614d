"""The tables and the words of `bench.retrieval`."""

from collections.abc import Sequence

from bench.report import Page, Table
from bench.retrieval.measuring import PEERS, PEERS_ASKED, THERE, Result
from kyozon.retrieval.fusing import DEFAULT
from kyozon.retrieval.windows import TOKENS

NAMES = {
    "kyozon": "Kyozon",
    "words_alone": "its words alone",
    "dense_alone": "its vectors alone",
    "embedder_alone": "vectors as the embedder gives them",
    "rrf": "both, by reciprocal ranks",
    "bm25_words": "BM25, words",
    "bm25_bigrams": "BM25, pairs of characters",
    "kyozon_there": "Kyozon, on the peers' questions",
    "haystack": "Haystack, hybrid",
    "llamaindex": "LlamaIndex, hybrid",
}
_NOTES = (
    (
        "All systems get the same passages (title, line break, text) and the same questions, and the vectors of "
        "the embedder inside Kyozon (multilingual-e5-small in 4 bits). Haystack and LlamaIndex are installed from"
        " PyPI and put together as their own guides do: BM25 as it comes, a vector of each passage, reciprocal "
        "rank fusion."
    ),
    (
        "Kyozon runs with its defaults, the same ones for every set: passages split as documents are when they "
        f"are taken in, a vector for each window of about {TOKENS} tokens, the passage being as near as the "
        f"nearest of them; words and vectors each brought to the span from their best to their {DEFAULT.floor}th "
        "score, and added."
    ),
    (
        "The settings were chosen on these sets, as ones that do well on all. `python -m bench.retrieval.choosing` tries "
        "a grid of 27 around them: for each set in turn, the setting that is best on the mean of the other three loses "
        "from .001 to .005 there against the best one for that set. So much may be expected of sets that nobody here "
        "has seen, which are the better judge; the same command takes them. Two of these four are small (60 and "
        "90 questions: ±.03)."
    ),
    (
        "What all vectors of the embedder have in common is taken away before they are compared. What that is was "
        "learned from *en_xquad* and *ja_jsquad* (`python -m bench.retrieval.centring`), how much of it is taken away "
        "was chosen on all four sets. *As the embedder gives them* are its vectors without that, as the peers get them."
    ),
    (
        "Questions of the Wikipedia sets were written with the passage in view, so that their words agree. Only "
        "*ja_internal*, whose questions avoid the passages' words, a third of them in English, punishes matching "
        "by words."
    ),
    (
        f"Of sets with more than {PEERS_ASKED} questions the peers are asked so many, evenly spread, since one of "
        "them takes up to a second for each. Of sets with more than a thousand, a thousand are asked, the same ones "
        "each time (`--all` asks all of them)."
    ),
)


def page(results: Sequence[Result]) -> Page:
    """The page for people."""
    return Page(
        name="retrieval",
        title="How well passages are found",
        summary=_summary(results),
        plot="nDCG@10 of each system on each set of questions",
        tables=(_ndcg(results), *(_table(result) for result in results)),
        notes=_NOTES,
        arguments="--data DIR",
    )


def _summary(results: Sequence[Result]) -> str:
    first = ", ".join(f"{result.pack.name} **{result.quality['kyozon'].ndcg10:.3f}**" for result in results)
    ahead = sum(map(_ahead, results))
    return (
        f"nDCG@10 with the settings that Kyozon comes with: {first}. It is ahead of every other system on {ahead} of "
        f"{len(results)} sets. [How search works](../explanation/search.md) says what is behind it, and [the other "
        "page](search.md) what it costs."
    )


def _ahead(result: Result) -> bool:
    """Of the plain methods on all questions, of the peers on theirs."""
    peers = [found.ndcg10 for name, found in result.quality.items() if name in PEERS]
    plain = [found.ndcg10 for name, found in result.quality.items() if name not in (*PEERS, "kyozon", THERE)]
    there = result.quality.get(THERE, result.quality["kyozon"]).ndcg10
    return max(plain) < result.quality["kyozon"].ndcg10 and max(peers, default=0.0) < there


def _ndcg(results: Sequence[Result]) -> Table:
    systems = list(results[0].quality)
    rows = tuple((NAMES[name], *(f"{result.quality[name].ndcg10:.4f}" for result in results)) for name in systems)
    return Table("nDCG@10", ("", *(result.pack.name for result in results)), "l" + "r" * len(results), rows)


def _table(result: Result) -> Table:
    rows = tuple(
        (NAMES[name], f"{found.ndcg10:.4f}", f"{found.recall5:.4f}", f"{found.mrr10:.4f}")
        for name, found in result.quality.items()
    )
    note = f"{len(result.pack.papers):,} passages; {len(result.pack.questions):,} of {result.pack.asked:,} questions."
    return Table(result.pack.name, ("", "nDCG@10", "recall@5", "MRR@10"), "lrrr", rows, note)
