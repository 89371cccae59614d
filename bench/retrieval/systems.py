"""Kyozon's index, its parts alone, and the plain methods that it is compared with; all over the same passages."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.retrieval.embedding import Vectoriser, Vectors
from bench.retrieval.sets import Pack
from kyozon.domain.knowledge import Chunk, Chunking, Parsed, Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.inference.embedder import CARD
from kyozon.retrieval.directory import Entry, Scope
from kyozon.retrieval.fusing import DEFAULT, Fusion
from kyozon.retrieval.index import Index, Piece, Query
from kyozon.retrieval.splitting import split
from kyozon.retrieval.vectors import normalised
from kyozon.retrieval.windows import windows

_HERE = Scope(Reader("t", "u", Clearance(Level.RESTRICTED)), frozenset({"vs"}))
_DEEP = 100
_RRF = 60  # Cormack, Clarke, Büttcher (SIGIR 2009)
_K1, _B = 1.2, 0.75

Order = list[str]


class Indexed(Struct, frozen=True):
    """A set as the product indexes it: chunks with the vectors of their windows; and the vectors of its questions."""

    pack: Pack
    chunks: tuple[tuple[Chunk, ...], ...]
    vectors: tuple[tuple[Vectors, ...], ...]
    asked: Vectors

    def index(self, fusion: Fusion = DEFAULT) -> Index:
        """The product's index of it."""
        index = Index(fusion=fusion)
        for paper, chunks, vectors in zip(self.pack.papers, self.chunks, self.vectors, strict=True):
            entry = Entry(paper.doc_id, "vs", Label(), frozenset(), {})
            index.put(entry, [_piece(chunk, own) for chunk, own in zip(chunks, vectors, strict=True)])
        return index


def indexed(pack: Pack, vectoriser: Vectoriser) -> Indexed:
    """Split as a document is when it is taken in, and embedded as its chunks are."""
    chunks = [split(Parsed(paper.text, paper.title), Chunking()) for paper in pack.papers]
    texts = [[windows(chunk.text, chunk.context) for chunk in own] for own in chunks]
    flat = [text for own in texts for several in own for text in several]
    vectors = iter(vectoriser.vectors(flat, "passage"))
    held = tuple(tuple(np.stack([next(vectors) for _ in several]) for several in own) for own in texts)
    asked = vectoriser.vectors([question.text for question in pack.questions], "query")
    return Indexed(pack, tuple(chunks), held, asked)


def kyozon(found: Indexed, weight: float | None = None, fusion: Fusion = DEFAULT) -> list[Order]:
    """The product; a `weight` of 1 leaves the order to the vectors alone, one of 0 to the words."""
    index = found.index(fusion)
    orders = []
    for question, vector in zip(found.pack.questions, found.asked, strict=True):
        vectors = {} if weight == 0 else {CARD.id: vector}
        hits = index.search(Query(question.text, vectors, _DEEP, weight), _HERE)
        orders.append(list(dict.fromkeys(hit.document for hit in hits)))
    return orders


def vectors_as_they_come(found: Indexed) -> list[Order]:
    """The cosines of the embedder's own vectors, a passage being as near as the nearest of its windows."""
    owners = [paper.doc_id for paper, own in zip(found.pack.papers, found.vectors, strict=True) for one in own for _ in one]
    near = normalised(found.asked) @ normalised(np.concatenate([one for own in found.vectors for one in own])).T
    return [list(dict.fromkeys(owners[at] for at in np.argsort(-row, kind="stable")))[:_DEEP] for row in near]


def ranks_fused(orders: Sequence[Sequence[Order]]) -> list[Order]:
    """Reciprocal rank fusion of several lists for each question."""
    return [_fused(several) for several in zip(*orders, strict=True)]


def words(pack: Pack) -> list[Order]:
    """BM25 over the words between spaces and signs, as most search engines take them."""
    return _bm25(pack, lambda text: re.findall(r"\w+", text))


def bigrams(pack: Pack) -> list[Order]:
    """BM25 over pairs of characters."""
    return _bm25(pack, lambda text: [run[at : at + 2] for run in re.findall(r"\w+", text) for at in range(len(run) - 1)])


def _piece(chunk: Chunk, vectors: Vectors) -> Piece:
    return Piece(chunk.ordinal, chunk.indexed, CARD.id, len(vectors), vectors.astype("<f2").tobytes())


def _fused(several: Sequence[Order]) -> Order:
    scores: dict[str, float] = defaultdict(float)
    for order in several:
        for rank, name in enumerate(order[:_DEEP]):
            scores[name] += 1 / (_RRF + rank + 1)
    return sorted(scores, key=lambda name: (-scores[name], name))


def _bm25(pack: Pack, tokens: Callable[[str], Sequence[str]]) -> list[Order]:
    held = [Counter(tokens(_folded(paper.whole))) for paper in pack.papers]
    lengths = np.array([counts.total() for counts in held], float)
    norms = _K1 * (1 - _B + _B * lengths / lengths.mean())
    rows: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, counts in enumerate(held):
        for token, count in counts.items():
            rows[token].append((row, count))
    postings = {token: np.array(pairs).T for token, pairs in rows.items()}
    asked = [tokens(_folded(question.text)) for question in pack.questions]
    return [_ordered(pack, _scores(postings, norms, query)) for query in asked]


def _scores(postings: Mapping[str, NDArray[np.int64]], norms: NDArray[np.float64], query: Sequence[str]) -> Vectors:
    scores = np.zeros(len(norms))
    for token in query:
        if token in postings:
            rows, counts = postings[token]
            idf = np.log1p((len(norms) - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += idf * counts * (_K1 + 1) / (counts + norms[rows])
    return scores.astype(np.float32)


def _ordered(pack: Pack, scores: Vectors) -> Order:
    best = np.argsort(-scores, kind="stable")[:_DEEP]
    return [pack.papers[row].doc_id for row in best if scores[row] > 0]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
