"""Haystack's hybrid search as its tutorial puts it together: BM25 and embeddings in memory, joined by reciprocal ranks.

Run by the interpreter that has it: `ask_haystack.py QUESTIONS ORDERS`, both JSON files.
"""

import json
import sys
from pathlib import Path

from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

DEEP = 100
given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
store = InMemoryDocumentStore(embedding_similarity_function="cosine")
store.write_documents([Document(id=one["id"], content=one["text"], embedding=one["vector"]) for one in given["documents"]])
words, vectors = InMemoryBM25Retriever(store, top_k=DEEP), InMemoryEmbeddingRetriever(store, top_k=DEEP)
orders = []
for asked in given["questions"]:
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=DEEP)
    lists = [words.run(query=asked["text"])["documents"], vectors.run(query_embedding=asked["vector"])["documents"]]
    orders.append([document.id for document in joiner.run(documents=lists)["documents"]])
Path(sys.argv[2]).write_text(json.dumps(orders), "utf-8")
