"""What settings take a wire format to be able to do is what its adapter does."""

import pytest

from kyozon.bootstrap import discovery
from kyozon.domain.models import CALLS, ModelCard, Provider, WireFormat
from kyozon.inference import embedder
from kyozon.providers.transport import Transport

_DOES = {"stream": "chat", "embed": "embedding", "rerank": "reranking"}


async def _nowhere(_: ModelCard) -> str:
    return ""


@pytest.mark.parametrize("name", list(CALLS))
async def test_a_format_s_calls_are_its_adapter_s(name: WireFormat, transport: Transport) -> None:
    formats = discovery.wire_formats()
    assert {*formats, embedder.FORMAT} >= {*CALLS}
    provider = Provider("house", "House", name, "")
    embeds = name == embedder.FORMAT
    adapter = embedder.E5Embedder() if embeds else formats[name](provider, _nowhere, None, transport)
    assert {kind for does, kind in _DOES.items() if hasattr(adapter, does)} == CALLS[name]
