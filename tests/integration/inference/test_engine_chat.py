"""What the engine answers: the abilities on the card, and the traps of the engine that the settings avoid."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openai import APIStatusError, AsyncOpenAI
from openai.types.chat import ChatCompletion

from kyozon.inference.engine import LocalEngines
from kyozon.inference.engine_plan import EngineOptions
from kyozon.inference.store import FileModelStore
from tests.fakes.small_gguf import write_adapter

PROMPT = "The capital of France is a city. Which one?"


@pytest.fixture
async def client(engines: LocalEngines) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=await engines.address("a"), api_key="none", max_retries=0) as found:
        yield found


async def _ask(client: AsyncOpenAI, prompt: str = PROMPT, **more: Any) -> ChatCompletion:
    asked: Any = {
        "model": "a",
        "temperature": 0,
        "max_tokens": 12,
        "messages": [{"role": "user", "content": prompt}],
        **more,
    }
    answer: ChatCompletion = await client.chat.completions.create(**asked)
    return answer


async def _said(client: AsyncOpenAI, lora: list[dict[str, Any]] | None = None) -> str:
    answer = await _ask(client, extra_body={} if lora is None else {"lora": lora})
    return answer.choices[0].message.content or ""


async def test_every_conversation_gets_the_whole_promised_context(client: AsyncOpenAI) -> None:
    answer = await _ask(client, "word " * 800, max_tokens=1)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 1024 / 2 + 256
    with pytest.raises(APIStatusError, match="context"):
        await _ask(client, "word " * 1100, max_tokens=1)


async def test_two_requests_in_a_row_after_a_stream(engines: LocalEngines) -> None:
    # On a kept connection the second can meet "Server disconnected"; the row of this provider asks one for each request.
    address = await engines.address("a")
    async with AsyncOpenAI(
        base_url=address, api_key="none", max_retries=0, default_headers={"Connection": "close"}
    ) as client:
        for _ in range(4):
            stream = await client.chat.completions.create(
                model="a", stream=True, max_tokens=4, messages=[{"role": "user", "content": "Hi"}]
            )
            assert [chunk async for chunk in stream]
            assert (await _ask(client, "Hi")).choices


async def test_a_schema_binds_the_answer(client: AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "million": {"type": "integer"}},
        "required": ["city", "million"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    answer = await _ask(client, response_format=wanted, max_tokens=60)
    found = json.loads(answer.choices[0].message.content or "")
    assert found["city"] in {"Paris", "Rome"}
    assert isinstance(found["million"], int)


async def test_the_abilities_on_the_card(client: AsyncOpenAI) -> None:
    answer = await _ask(client, n=2, logprobs=True, top_logprobs=2, seed=7, temperature=0.9)
    again = await _ask(client, n=2, logprobs=True, top_logprobs=2, seed=7, temperature=0.9)
    assert len(answer.choices) == 2
    assert answer.model == "a"
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    assert [choice.message.content for choice in answer.choices] == [choice.message.content for choice in again.choices]


async def test_the_engine_embeds_nothing_and_shows_no_prompts(client: AsyncOpenAI) -> None:
    with pytest.raises(APIStatusError) as caught:
        await client.embeddings.create(model="a", input="x")
    assert caught.value.status_code == 501
    with pytest.raises(APIStatusError) as caught:
        await client.get("../slots", cast_to=str)
    assert caught.value.status_code == 501


async def test_no_word_of_a_prompt_reaches_the_log(client: AsyncOpenAI, options: EngineOptions) -> None:
    answer = await _ask(client, "canary-7f3a9 is the secret; repeat it: canary-7f3a9")
    log = (options.logs / "engine-a.log").read_text()
    assert "prompt eval time" in log
    assert (options.logs / "engine-a.log").stat().st_mode & 0o077 == 0
    assert "7f3a9" not in log
    assert (answer.choices[0].message.content or "x") not in log


@pytest.fixture
async def adapted(filled: FileModelStore, options: EngineOptions, tmp_path: Path) -> AsyncIterator[AsyncOpenAI]:
    """The model with two random adapters."""
    adapters = tuple(write_adapter(tmp_path / f"lora-{seed}.gguf", seed) for seed in (1, 2))
    engines = LocalEngines(filled, msgspec.structs.replace(options, adapters={"a": adapters}))
    async with AsyncOpenAI(base_url=await engines.address("a"), api_key="none", max_retries=0) as client:
        yield client
    await engines.stop()


async def test_adapters_act_only_where_a_request_names_them(adapted: AsyncOpenAI, client: AsyncOpenAI) -> None:
    without = await _said(client)
    assert await _said(adapted) == without
    assert await _said(adapted, []) == without
    first, second = await _said(adapted, [{"id": 0, "scale": 1.0}]), await _said(adapted, [{"id": 1, "scale": 1.0}])
    assert len({without, first, second}) == 3


async def test_a_prompt_cached_for_one_adapter_is_not_used_for_another(adapted: AsyncOpenAI) -> None:
    lists: list[list[dict[str, Any]]] = [[], [{"id": 0, "scale": 1.0}], [{"id": 1, "scale": 1.0}]]
    before = [await _said(adapted, lora) for lora in lists]
    order = (1, 0, 2, 0, 1, 1, 2)
    assert [await _said(adapted, lists[place]) for place in order] == [before[place] for place in order]


async def test_a_prompt_is_read_once_where_there_are_no_adapters(client: AsyncOpenAI) -> None:
    await _ask(client)
    usage = (await _ask(client)).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert (usage.prompt_tokens_details.cached_tokens or 0) > usage.prompt_tokens / 2
