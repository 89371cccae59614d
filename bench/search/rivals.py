"""What search is compared with in the same run: numpy's brute force over floats, and tantivy over the same tokens."""

import numpy as np
import tantivy
from numpy.typing import NDArray

from bench.retrieval.embedding import Vectors
from kyozon.retrieval.tokens import keys

_BEST = 10
_TANTIVY_BEST = 100


class BruteForce:
    """The ten nearest by a product with the whole matrix: exact, vectors alone, no words, no rights."""

    def __init__(self, vectors: NDArray[np.float16]) -> None:
        self._vectors = vectors.astype(np.float32)

    def search(self, asked: Vectors, among: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Rows, in no order."""
        scores = self._vectors @ asked
        if among is None:
            return np.argpartition(-scores, _BEST - 1)[:_BEST]
        return among[np.argpartition(-scores[among], _BEST - 1)[:_BEST]]


class Tantivy:
    """BM25 alone, over the same tokens, with the statistics of everything that is there."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
        schema.add_integer_field("row", stored=True)
        self._index = tantivy.Index(schema.build())
        writer = self._index.writer(heap_size=128_000_000, num_threads=1)
        for row, text in enumerate(texts):
            writer.add_document(tantivy.Document(words=_told(text), row=row))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, text: str) -> int:
        """How many of the hundred best there are."""
        query = self._index.parse_query(_told(text), ["words"])
        return len(self._index.searcher().search(query, _TANTIVY_BEST).hits)


def _told(text: str) -> str:
    return " ".join(f"t{key:x}" for key in keys(text).tolist())
