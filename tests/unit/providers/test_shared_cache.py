"""Nothing in an answer tells how much of its prompt a shared cache held."""

from typing import Any

import msgspec
import pytest

from kyozon.domain.models import Quirks
from kyozon.domain.usage import Usage
from kyozon.providers.openai_answer import StreamReader, answer_from, read_whole
from kyozon.providers.vendors import load_vendors

HIDES = Quirks(hides_cache=True)
USAGE = {"prompt_tokens": 42, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 36}}
TIMINGS = {"cache_n": 36, "prompt_n": 6}


def _whole(**more: Any) -> bytes:
    message = {"role": "assistant", "content": "Hello"}
    return msgspec.json.encode({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **more})


def test_a_whole_answer() -> None:
    payload = _whole(usage=USAGE, timings=TIMINGS, system_fingerprint="b1")
    answer = answer_from(read_whole("local", HIDES, payload), payload)
    said = msgspec.json.decode(answer.payload)
    assert said["usage"] == {"prompt_tokens": 42, "completion_tokens": 1}
    assert "timings" not in said
    assert said["system_fingerprint"] == "b1"
    assert answer.usage == Usage(uncached=42, output=1)  # the record may be read, too


@pytest.mark.parametrize("more", [{"timings": TIMINGS}, {"usage": USAGE}, {"__verbose": {"timings": TIMINGS}}])
def test_a_chunk(more: dict[str, Any]) -> None:
    piece = StreamReader("local", HIDES).piece(msgspec.json.encode({"choices": [], **more}))
    assert b"cache" not in piece.payload
    assert piece.usage in (None, Usage(uncached=42, output=1))


def test_other_bytes_pass_untouched() -> None:
    data = b'{"choices": [ {"index":0,"delta":{"content":"\\"timings\\" of trains"}} ]}'
    assert StreamReader("local", HIDES).piece(data).payload is data
    payload = _whole(usage={"prompt_tokens": 1, "completion_tokens": 1})
    assert answer_from(read_whole("local", HIDES, payload), payload).payload is payload


def test_servers_of_one_user_may_tell() -> None:
    payload = _whole(usage=USAGE, timings=TIMINGS)
    answer = answer_from(read_whole("house", Quirks(), payload), payload)
    assert answer.payload is payload
    assert answer.usage == Usage(uncached=6, cache_read=36, output=1)


def test_the_engine_of_this_machine_hides_it() -> None:
    quirks = load_vendors()["local"].quirks
    assert quirks.hides_cache
    assert {"cache_prompt", "id_slot", "return_progress", "timings_per_token"} <= set(quirks.drops)
