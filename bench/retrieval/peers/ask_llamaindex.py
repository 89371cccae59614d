"""LlamaIndex's hybrid search as its guide puts it together: BM25 and a vector index, fused by reciprocal ranks.

Run by the interpreter that has it: `ask_llamaindex.py QUESTIONS ORDERS`, both JSON files.
"""

import json
import sys
from pathlib import Path

from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever

DEEP = 100
given = json.loads(Path(sys.argv[1]).read_text("utf-8"))


class Known(BaseEmbedding):  # type: ignore[misc]  # no types outside its own environment
    """Hands out the vectors that the questions came with."""

    known: dict[str, list[float]]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.known[query]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self.known[query]

    def _get_text_embedding(self, text: str) -> list[float]:
        raise NotImplementedError(text)


nodes = [TextNode(id_=one["id"], text=one["text"], embedding=one["vector"]) for one in given["documents"]]
deep = min(DEEP, len(nodes))
embedder = Known(known={one["text"]: one["vector"] for one in given["questions"]})
vectors = VectorStoreIndex(nodes, embed_model=embedder).as_retriever(similarity_top_k=deep)
words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=deep)
fusion = QueryFusionRetriever(
    [words, vectors], llm=MockLLM(), mode="reciprocal_rerank", similarity_top_k=deep, num_queries=1, use_async=False
)
orders = [[found.node.node_id for found in fusion.retrieve(one["text"])] for one in given["questions"]]
Path(sys.argv[2]).write_text(json.dumps(orders), "utf-8")
