"""Models on this machine that read: embedding models and rerankers from GGUF files, on the real engine."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gguf
import pytest
from openai import AsyncOpenAI

from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import Progress
from tests.fakes.small_gguf import write_reader

SECRET = "a-secret"


def nobody(_: Progress) -> None:
    """Hears how far it is."""


@pytest.fixture
def store(tmp_path: Path) -> FileModelStore:
    found = FileModelStore(tmp_path / "models")
    for name, pooling in (("embeds", gguf.PoolingType.MEAN), ("ranks", gguf.PoolingType.RANK)):
        found.pull(f"file:{write_reader(tmp_path / f'{name}.gguf', pooling)}", name, nobody)
    return found


@pytest.fixture
async def engines(store: FileModelStore, tmp_path: Path) -> AsyncIterator[LocalEngines]:
    found = LocalEngines(store, EngineOptions(tmp_path / "logs", secret=SECRET))
    yield found
    await found.stop()


async def test_an_embedding_model_gives_vectors_as_its_card_says(engines: LocalEngines, store: FileModelStore) -> None:
    model = store.get("embeds")
    assert model is not None
    assert (model.card.kind, model.card.dimensions, model.card.context) == ("embedding", 32, 128)
    async with AsyncOpenAI(base_url=await engines.address("embeds"), api_key=SECRET, max_retries=0) as client:
        found = await client.embeddings.create(model="embeds", input=["休暇 a", "b c d"], encoding_format="float")
        assert [len(one.embedding) for one in found.data] == [32, 32]
        assert sum(number**2 for number in found.data[0].embedding) == pytest.approx(1, abs=1e-4)
        whole = await client.embeddings.create(model="embeds", input="a " * 120, encoding_format="float")
        assert len(whole.data[0].embedding) == 32  # as long as the card promises, at once


async def test_a_reranker_scores_each_document(engines: LocalEngines, store: FileModelStore) -> None:
    model = store.get("ranks")
    assert model is not None
    assert model.card.kind == "reranking"
    asked = {"model": "ranks", "query": "休暇", "documents": ["休暇 a", "b c d", "出張"]}
    async with AsyncOpenAI(base_url=await engines.address("ranks"), api_key=SECRET, max_retries=0) as client:
        answer: Any = await client.post("/rerank", body=asked, cast_to=object)
    assert sorted(one["index"] for one in answer["results"]) == [0, 1, 2]
