"""What a caller may say in headers, and how much of it: nothing there may keep an answer from being settled."""

from collections.abc import Mapping

import aiohttp
import pytest

from tests.fakes.installation import FakeInstallation

BODY = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}


async def _post(http: aiohttp.ClientSession, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], str]:
    async with http.post("/v1/chat/completions", json=BODY, headers=headers) as response:
        return response.status, dict(response.headers), await response.text()


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("idempotency-key", "k" * 256, "Idempotency-Key"),
        ("x-kyozon-label", "internal+" + "a" * 500, "label"),
    ],
)
async def test_too_long_for_the_record_is_refused_before_anything_is_sent(
    house: FakeInstallation, http: aiohttp.ClientSession, name: str, value: str, word: str
) -> None:
    status, _, text = await _post(http, {name: value})
    assert status == 400
    assert word in text
    assert value not in text
    assert house.sent == []


async def test_the_longest_key_is_kept(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    for _ in range(2):
        status, headers, _ = await _post(http, {"idempotency-key": "k" * 255})
        assert status == 200
    assert headers["x-kyozon-replayed"] == "true"
    assert len(house.sent) == 1


async def test_an_answer_is_not_given_again_under_another_label(
    house: FakeInstallation, http: aiohttp.ClientSession
) -> None:
    for label, expected in (("public", 200), ("confidential", 409), ("public", 200)):
        status, _, _ = await _post(http, {"idempotency-key": "once", "x-kyozon-label": label})
        assert status == expected
    assert house.sent == ["cheap"]


async def test_a_retry_under_a_stricter_label_is_answered_where_that_label_may_go(
    house: FakeInstallation, http: aiohttp.ClientSession
) -> None:
    for label, count in (("public", "0"), ("confidential", "1"), ("confidential", "2")):
        await _post(http, {"x-stainless-retry-count": count, "x-kyozon-label": label})
    assert house.sent == ["cheap", "in-house"]
