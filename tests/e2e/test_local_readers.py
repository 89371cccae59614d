"""An embedding model and a reranker pulled from GGUF files: offered by the running server, and used for documents."""

import time
from pathlib import Path
from typing import Any

import gguf

from tests.e2e.installation import RunningKyozon
from tests.fakes.small_gguf import write_reader


def test_what_was_pulled_is_used(kyozon: RunningKyozon, tmp_path: Path) -> None:
    for name, pooling in (("small-embedder", gguf.PoolingType.MEAN), ("small-ranker", gguf.PoolingType.RANK)):
        source = write_reader(tmp_path / f"{name}.gguf", pooling)
        kyozon.command("models", "pull", f"file:{source}", "--name", name)
    key = kyozon.key("readers", "--tenant", "readers", "--user", "readers", "--label", "internal")
    with kyozon.openai(key) as client:
        _appears(client, "small-ranker")
        vector = client.embeddings.create(model="small-embedder", input="休暇", encoding_format="float").data[0].embedding
        assert len(vector) == 32
        asked = {"model": "small-ranker", "query": "休暇", "documents": ["休暇 a", "b c d"]}
        ranked: Any = client.post("/rerank", body=asked, cast_to=object)
        assert {one["index"] for one in ranked["results"]} == {0, 1}
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "leave.md").write_text("# Leave\n\nThere are 20 days of leave.\n", "utf-8")
    kyozon.command("ingest", str(tmp_path / "rules"), "-c", "rules", "--create", "--label", "internal", KYOZON_API_KEY=key)
    kyozon.command("collections", "reindex", "rules", "--embedder", "small-embedder", KYOZON_API_KEY=key)
    with kyozon.openai(key) as client:
        store = next(one for one in client.vector_stores.list() if one.name == "rules")
        found = client.vector_stores.search(store.id, query="leave")
    assert [one.filename for one in found] == ["leave.md"]
    assert "small-embedder" in kyozon.command("usage", "--by", "model", KYOZON_API_KEY=key).stdout


def _appears(client: Any, model: str) -> None:
    end = time.monotonic() + 30
    while model not in {one.id for one in client.models.list()}:
        assert time.monotonic() < end
        time.sleep(0.2)
