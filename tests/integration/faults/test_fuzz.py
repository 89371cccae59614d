"""Any JSON on any route gets an answer that is no failure of Kyozon's own, and leaves nothing unsettled."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from kyozon.http.app import build
from tests.fakes.installation import FakeInstallation, api_key

ROUTES = ("/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens", "/v1/embeddings")
WORDS = ("user", "assistant", "tool", "system", "text", "image_url", "tool_use", "tool_result", "function", "cheap", "auto")
NAMES = (
    *("model", "messages", "role", "content", "type", "text", "tools", "tool_calls", "tool_choice", "function", "name"),
    *("stream", "max_tokens", "n", "metadata", "kyozon.label", "response_format", "input", "system", "source", "id"),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text()
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(WORDS) | LEAVES, "content": ANYTHING}, optional={"tool_calls": ANYTHING}
)
REQUEST = st.fixed_dictionaries(
    {"model": st.sampled_from(("cheap", "auto", "embedder"))},
    optional={
        "messages": st.lists(MESSAGE, max_size=3),
        "input": ANYTHING,
        "max_tokens": st.integers(-1, 50),
        "stream": LEAVES,
    }
    | dict.fromkeys(("system", "tools", "tool_choice", "metadata", "n", "response_format", "stream_options"), ANYTHING),
)


@pytest.mark.parametrize("route", ROUTES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=REQUEST | ANYTHING,
    headers=st.dictionaries(st.sampled_from(("x-kyozon-label", "idempotency-key")), st.text("abc+:-1")),
)
def test_it_is_answered(route: str, body: Any, headers: dict[str, str]) -> None:
    house = FakeInstallation()
    house.key_store.by_id["key_test"] = api_key()
    client = TestClient(build(house.services()), raise_server_exceptions=True)
    answer = client.post(route, json=body, headers={"authorization": "Bearer ky-test", **headers})
    assert answer.status_code < 500, answer.text
    asyncio.run(house.drain())
    house.assert_settled()
