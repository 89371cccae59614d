"""`[routing] broken_stream = "continue"` of a whole installation: a model of another vendor ends what the first began."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.server import Behaviour

CONFIG = """\
[routing]
broken_stream = "continue"

[local]
enabled = false

[providers.openai]
base_url = "{openai}/v1"
models = []

[providers.anthropic]
base_url = "{anthropic}/v1"
models = []

[models.cheap]
provider = "{first}"
upstream = "one"
prices = [{{ valid_from = 2025-01-01, input = "1", output = "5", source = "test" }}]

[models.dear]
provider = "{second}"
upstream = "other"
prices = [{{ valid_from = 2025-01-01, input = "3", output = "15", source = "test" }}]
"""
ASKED: Any = [{"role": "user", "content": "Say hello."}]


@pytest.mark.parametrize(("first", "second"), [("openai", "anthropic"), ("anthropic", "openai")])
def test_both_sdks_read_one_answer(tmp_path: Path, models: Path, rented: Rented, first: str, second: str) -> None:
    urls = {"openai": rented.openai.url, "anthropic": rented.anthropic.url}
    cut = Behaviour(text="Hello, world.", cut_after=2 if first == "openai" else 4)
    with RunningKyozon(tmp_path / "kyozon", models, CONFIG.format(**urls, first=first, second=second)) as kyozon:
        key = kyozon.key("e2e", "--label", "internal")
        for _ in range(2):
            getattr(rented, first).behaviours.append(cut)
            getattr(rented, second).behaviours.append(Behaviour(text=" dear friend."))
        stream = kyozon.openai(key).chat.completions.with_raw_response.create(model="auto", messages=ASKED, stream=True)
        said = "".join(chunk.choices[0].delta.content or "" for chunk in stream.parse())
        with kyozon.anthropic(key).messages.stream(model="auto", max_tokens=500, messages=ASKED) as events:
            message = events.get_final_message()
        record = kyozon.json("explain", stream.headers["x-kyozon-decision"])
    assert said == "Hello, dear friend."
    assert [block.model_dump()["text"] for block in message.content] == ["Hello, dear friend."]
    tried = [(attempt["model"], attempt.get("error")) for attempt in record["outcome"]["attempts"]]
    assert tried == [("cheap", "stream_broken"), ("dear", None)]
    assert (record["outcome"]["status"], record["outcome"]["model"]) == ("answered", "dear")
