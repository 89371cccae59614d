"""Kyozon and the plain methods on a set so small that the right order is plain to see; and what the pages say of it."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from bench.report import flat
from bench.retrieval import page as retrieval_page
from bench.retrieval import plot as retrieval_plot
from bench.retrieval import systems
from bench.retrieval.measuring import THERE, Result, figures
from bench.retrieval.scoring import Quality, quality
from bench.retrieval.sets import Pack, Paper, Question, packs
from bench.search import page as search_page
from bench.search import plot as search_plot
from bench.search.filters import Filtered
from bench.search.findings import Measured
from bench.search.findings import figures as figures_of_search
from bench.search.first import First
from bench.search.measuring import Sized, Times
from kyozon.domain.knowledge import Anchor, Chunk

PAPERS = (Paper("a", "The cat sleeps on the warm stove."), Paper("b", "宿泊費は一泊一万二千円までとする。", "旅費規程"))
QUESTIONS = (Question("1", "where does the cat sleep", ("a",)), Question("2", "宿泊費の上限", ("b",)))
PACK = Pack("tiny", PAPERS, QUESTIONS, 2)


@pytest.fixture
def indexed() -> systems.Indexed:
    chunks = tuple((Chunk(0, paper.text, Anchor(0, len(paper.text)), paper.title),) for paper in PAPERS)
    rows = np.eye(2, dtype=np.float32)
    return systems.Indexed(PACK, chunks, tuple((rows[at : at + 1],) for at in range(2)), rows)


def test_each_method_finds_what_is_plain_to_see(indexed: systems.Indexed) -> None:
    lexical, dense = systems.kyozon(indexed, 0), systems.kyozon(indexed, 1)
    fused = systems.ranks_fused([lexical, dense])
    relevant = [question.relevant for question in QUESTIONS]
    for orders in (systems.kyozon(indexed), lexical, dense, fused, systems.bigrams(PACK)):
        assert quality(orders, relevant) == Quality(1.0, 1.0, 1.0)
    assert systems.words(PACK)[1] == []  # Japanese has no words between spaces


def test_sets_are_read_and_drawn_from_the_same_way_each_time(tmp_path: Path) -> None:
    corpus = [{"doc_id": paper.doc_id, "title": paper.title, "text": paper.text, "split": "gold"} for paper in PAPERS]
    asked = [{"query_id": f"{number:04}", "text": "?", "relevant": ["a"]} for number in range(1500)]
    for name, rows in (("corpus", corpus), ("queries", asked)):
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (tmp_path / f"tiny.{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (drawn,), (all_of_it,) = packs(tmp_path), packs(tmp_path, everything=True)
    assert drawn == packs(tmp_path)[0]
    assert (drawn.papers, len(drawn.questions), drawn.asked, len(all_of_it.questions)) == (PAPERS, 1000, 1500, 1500)
    assert len(drawn.thinned(150).questions) == 150
    assert PACK.thinned(150) == PACK
    with pytest.raises(FileNotFoundError):
        packs(tmp_path / "nowhere")


def test_the_retrieval_page_counts_where_kyozon_is_ahead() -> None:
    good, bad = Quality(0.9, 0.9, 0.9), Quality(0.5, 0.5, 0.5)
    plain = {"kyozon": good, "rrf": bad}
    results = [Result(PACK, plain | {THERE: good, "haystack": bad}), Result(PACK, plain | {THERE: bad, "haystack": good})]
    assert "on 1 of 2 sets" in retrieval_page.page(results).summary
    assert figures(results[:1])["tiny.ndcg10"] == 0.9
    assert figures(results[:1])["tiny.haystack.mrr10"] == 0.5
    retrieval_plot.figure(results)


def test_the_search_page_tells_ratios_of_the_largest_index() -> None:
    times = Times((1.0, 3.0), (2.0, 4.0))
    one = Sized(1000, 2_000_000, 3.0, 0.1, times, times, Times((2.0, 2.0), (3.0, 3.0)), times, 1.0, 0.99)
    first = First(1000, 0.75, 0.4, 0.25, 0.1, 12.0, 6.0, 15.0, 4.0)
    found = Measured([one], [first], 1.0, [Filtered("equal", 2.0, 80.0)], 2)
    told = figures_of_search(found)
    assert (told["cpu_ms"], told["p50_ratio_numpy"], told["index_bytes_per_passage"]) == (2.0, 1.0, 2000.0)
    assert (told["first_ratio_reading"], told["filter_ratio_python"]) == (3.0, 0.025)
    assert flat(told)
    assert "Among 1,000 passages" in search_page.page(found).summary
    search_plot.figure([one])
