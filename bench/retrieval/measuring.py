"""Runs every system over every set, and asks each with the same vectors."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from bench.peers import environments
from bench.retrieval import systems
from bench.retrieval.embedding import Vectoriser
from bench.retrieval.scoring import Quality, quality
from bench.retrieval.sets import Pack

PEERS = {
    "haystack": ("ask_haystack.py", ("haystack-ai",)),
    "llamaindex": ("ask_llamaindex.py", ("llama-index-core", "llama-index-retrievers-bm25")),
}
_FOLDER = Path(__file__).parent / "peers"
_PATIENCE = 3600

PEERS_ASKED = 150
"""Questions that peers are asked of a set: one of them takes up to a second for each."""
THERE = "kyozon_there"
"""Kyozon on the same questions as the peers."""

Order = list[str]


class Result(Struct, frozen=True):
    """How well each system orders a set; `kyozon` is the product as it is shipped."""

    pack: Pack
    quality: dict[str, Quality]


def measure(pack: Pack, vectoriser: Vectoriser, peers: Path | None) -> Result:
    """All systems on one set. `peers` is where they are installed, None leaves them out."""
    found = systems.indexed(pack, vectoriser)
    lexical, dense = systems.kyozon(found, 0), systems.kyozon(found, 1)
    orders = {
        "kyozon": systems.kyozon(found),
        "words_alone": lexical,
        "dense_alone": dense,
        "embedder_alone": systems.vectors_as_they_come(found),
        "rrf": systems.ranks_fused([lexical, dense]),
        "bm25_words": systems.words(pack),
        "bm25_bigrams": systems.bigrams(pack),
    }
    relevant = {question.query_id: question.relevant for question in pack.questions}
    qualities = {name: quality(order, list(relevant.values())) for name, order in orders.items()}
    if peers is not None:
        few = pack.thinned(PEERS_ASKED)
        given, right = _given(few, vectoriser), [question.relevant for question in few.questions]
        there = dict(zip(relevant, orders["kyozon"], strict=True))
        qualities[THERE] = quality([there[question.query_id] for question in few.questions], right)
        qualities |= {name: quality(_peer(name, peers, given), right) for name in PEERS}
    return Result(pack, qualities)


def _given(pack: Pack, vectoriser: Vectoriser) -> str:
    """What a peer is given: the same texts, each with the vector of the whole by the same embedder."""
    passages = vectoriser.vectors([paper.whole for paper in pack.papers], "passage").tolist()
    asked = vectoriser.vectors([question.text for question in pack.questions], "query").tolist()
    documents = [
        {"id": paper.doc_id, "text": paper.whole, "vector": vector}
        for paper, vector in zip(pack.papers, passages, strict=True)
    ]
    questions = [{"text": question.text, "vector": vector} for question, vector in zip(pack.questions, asked, strict=True)]
    return json.dumps({"documents": documents, "questions": questions})


def _peer(name: str, peers: Path, given: str) -> list[Order]:
    script, requirements = PEERS[name]
    python = environments.python(peers, name, requirements)
    print(f"… {name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        questions, orders = Path(folder, "questions.json"), Path(folder, "orders.json")
        questions.write_text(given, "utf-8")
        command = [str(python), str(_FOLDER / script), str(questions), str(orders)]
        subprocess.run(command, check=True, timeout=_PATIENCE, stdout=subprocess.DEVNULL)
        found: list[Order] = json.loads(orders.read_text("utf-8"))
    return found


def figures(results: Sequence[Result]) -> dict[str, float]:
    """The flat figures: `SET.METRIC` of Kyozon, `SET.SYSTEM.METRIC` of all others."""
    flat: dict[str, float] = {}
    metrics: dict[str, Callable[[Quality], float]] = {
        "ndcg10": lambda one: one.ndcg10,
        "recall5": lambda one: one.recall5,
        "mrr10": lambda one: one.mrr10,
    }
    for result in results:
        for system, found in result.quality.items():
            prefix = result.pack.name if system == "kyozon" else f"{result.pack.name}.{system}"
            flat |= {f"{prefix}.{name}": of(found) for name, of in metrics.items()}
    return flat
