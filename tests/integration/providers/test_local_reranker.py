"""Rerankings by the real engine: llama.cpp's answer, read by the adapter that all its likes are read by."""

from pathlib import Path

import gguf

from kyozon.domain.requests import RerankRequest
from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions
from kyozon.inference.store import FileModelStore
from kyozon.ports.provider import RerankCall
from kyozon.providers import openai
from kyozon.providers.transport import Timeouts, Transport
from kyozon.providers.vendors import load_vendors
from tests.fakes.small_gguf import write_reader

SECRET = "a-secret"
DOCUMENTS = ("休暇 a", "b c d", "出張")


async def test_each_document_has_its_own_score_wherever_it_stands(tmp_path: Path) -> None:
    store = FileModelStore(tmp_path / "models")
    store.pull(f"file:{write_reader(tmp_path / 'ranks.gguf', gguf.PoolingType.RANK)}", "ranks", lambda _: None)
    model = store.get("ranks")
    assert model is not None
    engines = LocalEngines(store, EngineOptions(tmp_path / "logs", secret=SECRET))
    transport = Transport(Timeouts(connect=10.0, first_byte=60.0, between=60.0))
    try:
        adapter = openai.adapter(load_vendors()["local"], lambda _: engines.address("ranks"), SECRET, transport)
        calls = [
            RerankCall(model.card, RerankRequest({}, "ranks", "休暇", order)) for order in (DOCUMENTS, DOCUMENTS[::-1])
        ]
        one, other = [await adapter.rerank(call) for call in calls]
    finally:
        await transport.close()
        await engines.stop()
    assert len(set(one.scores)) == 3
    assert [round(score, 3) for score in one.scores] == [round(score, 3) for score in other.scores[::-1]]
    assert one.usage is not None
    assert one.usage.uncached > len(DOCUMENTS)
