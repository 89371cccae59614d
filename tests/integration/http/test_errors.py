"""Errors reach the callers of both SDKs as the exceptions they catch, with what to do next."""

import asyncio
import re
from decimal import Decimal
from typing import Any

import aiohttp
import anthropic as anthropic_sdk
import openai as sdk
import pytest
from anthropic import AsyncAnthropic
from msgspec import Struct
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from kyozon.domain import errors
from kyozon.domain.callers import Limits
from kyozon.domain.language import Text
from tests.fakes.installation import FakeInstallation, api_key
from tests.fakes.scripted import HANG, hello, piece
from tests.fakes.served import served

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Say hello."}]
TEXT = Text("do this.", "こうしてください。")


class Failure(Struct, frozen=True):
    """What a provider does, and what the client's caller catches."""

    error: errors.KyozonError
    status: int
    raised: type[sdk.APIStatusError]


FAILURES = [
    Failure(errors.RejectedUpstream("p", 400, "no"), 400, sdk.BadRequestError),
    Failure(errors.RejectedUpstream("p", 404, "no"), 404, sdk.NotFoundError),
    Failure(errors.RejectedUpstream("p", 422, "no"), 422, sdk.UnprocessableEntityError),
    Failure(errors.UpstreamFailed("p", 429, "slow down", retry_after=3.0), 429, sdk.RateLimitError),
    Failure(errors.UpstreamFailed("p", 500, "oops"), 502, sdk.InternalServerError),
    Failure(errors.UpstreamFailed("p", 401, "key"), 502, sdk.InternalServerError),
    Failure(errors.UpstreamUnreachable("p", "refused"), 502, sdk.InternalServerError),
    Failure(errors.ModelNotReady(TEXT), 503, sdk.InternalServerError),
    Failure(errors.MissingPiece(TEXT), 503, sdk.InternalServerError),
]


async def _ask(openai: AsyncOpenAI, model: str = "cheap", **more: Any) -> sdk.APIStatusError:
    with pytest.raises(sdk.APIStatusError) as raised:
        await openai.chat.completions.create(model=model, messages=MESSAGES, **more)
    return raised.value


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure.error.code} {failure.status}")
@pytest.mark.parametrize("stream", [False, True])
async def test_failures_of_providers(
    house: FakeInstallation,
    openai: AsyncOpenAI,
    failure: Failure,
    stream: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    house.chats["bargain"].scripts = [[failure.error]]
    raised = await _ask(openai, stream=stream)
    assert type(raised) is failure.raised
    assert (raised.status_code, raised.code) == (failure.status, failure.error.code)
    assert raised.request_id == raised.response.headers["x-request-id"]
    assert isinstance(raised.body, dict)
    assert raised.body["message"] == failure.error.message("en")
    retryable = getattr(failure.error, "retryable", True)
    assert raised.response.headers.get("x-should-retry") == (None if retryable else "false")
    _assert_names_its_record(house, raised)
    house.assert_settled()


def _assert_names_its_record(house: FakeInstallation, raised: sdk.APIStatusError) -> None:
    """Who is told of a failure can ask what was tried."""
    (decision,) = house.book.decisions_by_id
    assert raised.response.headers["x-kyozon-decision"] == decision
    assert isinstance(raised.body, dict)
    assert raised.body["decision"] == decision


async def test_how_long_a_provider_wants_us_to_wait(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.chats["bargain"].scripts = [[errors.UpstreamFailed("p", 429, "slow", retry_after=3.0)]]
    headers = (await _ask(openai)).response.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("3", "3000")


async def test_without_a_known_key(url: str) -> None:
    async with AsyncOpenAI(api_key="ky-wrong", base_url=f"{url}/v1", max_retries=0) as openai:
        raised = await _ask(openai)
    assert isinstance(raised, sdk.AuthenticationError)
    assert raised.code == "invalid_api_key"
    async with AsyncAnthropic(api_key="ky-wrong", base_url=url, max_retries=0) as anthropic:
        with pytest.raises(anthropic_sdk.AuthenticationError):
            await anthropic.models.list()


async def test_storage_trouble_is_no_401(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.key_store.failing = {"by_sha256"}
    raised = await _ask(openai)
    assert (raised.status_code, raised.code) == (503, "storage_unavailable")


async def test_an_unknown_model(openai: AsyncOpenAI) -> None:
    raised = await _ask(openai, "gpt-9")
    assert isinstance(raised, sdk.NotFoundError)
    assert (raised.code, raised.param) == ("not_found", "model")


async def test_a_refusal_carries_objections_and_its_record(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    raised = await _ask(openai, "dear", extra_headers={"x-kyozon-label": "confidential", "accept-language": "ja"})
    assert isinstance(raised, sdk.PermissionDeniedError)
    assert isinstance(raised.body, dict)
    (objection,) = raised.body["objections"]
    assert (objection["model"], objection["rule"]) == ("dear", "clearance")
    assert (objection["need"], objection["have"]) == ("confidential", "internal")
    assert "ゾーン" in objection["message"]
    assert raised.body["decision"] == raised.response.headers["x-kyozon-decision"]
    assert house.book.outcomes[raised.body["decision"]].status == "refused"
    assert "許可されたモデルがありません" in raised.message


async def test_a_limit_says_when_to_come_back(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.key_store.by_id["key_test"] = api_key(limits=Limits(requests_per_minute=2))
    for _ in range(2):
        await openai.chat.completions.create(model="auto", messages=MESSAGES)
    raised = await _ask(openai)
    assert isinstance(raised, sdk.RateLimitError)
    assert raised.code == "rate_limit_exceeded"
    headers = raised.response.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("30", "30000")
    assert headers.get("x-should-retry") is None
    house.time.advance(seconds=30)
    await openai.chat.completions.create(model="auto", messages=MESSAGES)


async def test_a_request_beyond_its_limit_is_not_tried_again(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.key_store.by_id["key_test"] = api_key(limits=Limits(tokens_per_minute=2))
    raised = await _ask(openai.with_options(max_retries=2))
    assert raised.response.headers["x-should-retry"] == "false"
    assert "retry-after" not in raised.response.headers
    assert len(house.book.decisions_by_id) == 1


async def test_budgets_for_anthropics_client(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    house.key_store.by_id["key_test"] = api_key(limits=Limits(money_per_month=Decimal(0)))
    with pytest.raises(anthropic_sdk.RateLimitError) as raised:
        await anthropic.with_options(max_retries=2).messages.create(
            model="cheap", max_tokens=10, messages=[{"role": "user", "content": "hi"}]
        )
    assert raised.value.request_id == raised.value.response.headers["request-id"]
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["type"] == "error"
    assert raised.value.body["error"]["type"] == "rate_limit_error"
    assert raised.value.body["request_id"] == raised.value.request_id
    assert len(house.book.decisions_by_id) == 1


async def _post(http: aiohttp.ClientSession, body: bytes, path: str = "/v1/chat/completions") -> tuple[int, dict[str, Any]]:
    async with http.post(path, data=body, headers={"accept-language": "en"}) as response:
        found: dict[str, Any] = await response.json()
        return response.status, found["error"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'"text"', None),
        (b"\xff\xfe", None),
        (b'{"model": "\\ud800"}', None),
        (b"[" * 100_000, None),
        (b'{"a":' * 100_000, None),
        (b"{}", "model"),
        (b'{"model": 1, "messages": []}', "model"),
        (b'{"model": "", "messages": [{"role": "user"}]}', "model"),
        (b'{"model": "auto"}', "messages"),
        (b'{"model": "auto", "messages": []}', "messages"),
        (b'{"model": "auto", "messages": "hi"}', "messages"),
        (b'{"model": "auto", "messages": [{"content": "hi"}]}', "messages[0]"),
        (b'{"model": "auto", "messages": [{"role": "user"}], "n": 0}', "n"),
        (b'{"model": "auto", "messages": [{"role": "user"}], "n": true}', "n"),
        (b'{"model": "auto", "messages": [{"role": "user"}], "max_tokens": -1}', "max_tokens"),
        (b'{"model": "auto", "messages": [{"role": "user"}], "stream": "yes"}', "stream"),
        (b'{"model": "auto", "messages": [{"role": "user"}], "tools": {}}', "tools"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_bodies_that_cannot_be_read(http: aiohttp.ClientSession, body: bytes, param: str | None) -> None:
    status, error = await _post(http, body)
    assert status == 400
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_request")
    assert (error["param"] or "").startswith(param or "")
    assert error["message"]


async def test_nested_as_deep_as_json_may_be(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    depth = 900
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    body = b'{"model": "auto", "messages": [{"role": "user", "content": "hi"}], "response_format": ' + deep + b"}"
    async with http.post("/v1/chat/completions", data=body) as response:
        assert response.status in (200, 400)
    house.assert_settled()


async def test_a_label_that_cannot_be_read(openai: AsyncOpenAI) -> None:
    raised = await _ask(openai, extra_headers={"x-kyozon-label": "secret"})
    assert (raised.status_code, raised.param) == (400, "x-kyozon-label")


async def test_of_two_labels_both_bind(house: FakeInstallation, http: aiohttp.ClientSession) -> None:
    body = b'{"model": "auto", "messages": [{"role": "user", "content": "hi"}]}'
    headers = [("x-kyozon-label", "internal"), ("x-kyozon-label", "public+pii, confidential")]
    async with http.post("/v1/chat/completions", data=body, headers=headers) as response:
        assert response.status == 200
    (decision,) = house.book.decisions_by_id.values()
    assert str(decision.label) == "confidential+pii"


async def test_a_body_that_is_too_large() -> None:
    house = FakeInstallation()
    large = "x" * (2 << 20)
    async with served(house) as url, AsyncOpenAI(api_key="ky-test", base_url=f"{url}/v1", max_retries=0) as openai:
        raised = await _ask(openai, extra_body={"messages": large})
    assert (raised.status_code, raised.code) == (413, "request_too_large")
    assert "1 MiB" in raised.message
    assert house.log == []


async def test_paths_and_methods_that_are_not_there(http: aiohttp.ClientSession) -> None:
    status, error = await _post(http, b"{}", "/v1/nothing")
    assert (status, error["code"]) == (404, "not_found")
    assert "POST /v1/nothing" in error["message"]
    async with http.get("/v1/chat/completions") as response:
        assert response.status == 405
        assert response.headers["allow"] == "POST"
        assert (await response.json())["error"]["code"] == "invalid_request"
        assert response.headers["x-request-id"]
    async with http.get("/v1/chat/completions", headers={"accept-language": "ja"}) as response:
        assert "このメソッドを使えません" in (await response.json())["error"]["message"]


async def test_an_error_of_our_own_hides_the_text(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.chats["bargain"].scripts = [[ValueError("the caller's secret words")]]
    raised = await _ask(openai)
    assert (raised.status_code, raised.code) == (500, "internal_error")
    assert "secret words" not in str(raised.body)
    assert str(raised.request_id) in raised.message
    _assert_names_its_record(house, raised)
    house.assert_settled()


async def test_an_answer_that_cannot_be_booked_names_its_record(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.book.failing = {"close"}
    raised = await _ask(openai)
    assert (raised.status_code, raised.code) == (503, "storage_unavailable")
    _assert_names_its_record(house, raised)


async def test_what_fails_before_its_decision_is_recorded_names_none(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.book.failing = {"open"}
    raised = await _ask(openai)
    assert raised.status_code == 503
    assert "x-kyozon-decision" not in raised.response.headers


async def test_of_two_requests_sent_at_once_each_names_its_own_record(house: FakeInstallation, url: str) -> None:
    house.chats["bargain"].scripts = [[errors.UpstreamUnreachable("p", "refused")]]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    for body in (b'{"model": "cheap", "messages": [{"role": "user"}]}', b"{}"):
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ky-test\r\ncontent-length: {len(body)}"
        )
        writer.write(head.encode() + b"\r\n\r\n" + body)
    heads = []
    for _ in range(2):
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        (length,) = re.findall(rb"content-length: (\d+)", heads[-1])
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()
    (decision,) = house.book.decisions_by_id
    assert f"x-kyozon-decision: {decision}".encode() in heads[0]
    assert b"400 Bad Request" in heads[1]
    assert b"x-kyozon-decision" not in heads[1]


async def test_a_failure_names_its_record_to_anthropics_client(house: FakeInstallation, anthropic: AsyncAnthropic) -> None:
    house.chats["bargain"].scripts = [[errors.UpstreamUnreachable("p", "refused")]]
    with pytest.raises(anthropic_sdk.InternalServerError) as raised:
        await anthropic.messages.create(model="cheap", max_tokens=10, messages=[{"role": "user", "content": "hi"}])
    assert [raised.value.response.headers["x-kyozon-decision"]] == list(house.book.decisions_by_id)


@pytest.mark.parametrize(("header", "word"), [("ja", "モデル"), ("en", "model"), ("fr, ja;q=0.5", "モデル"), ("", "model")])
async def test_in_the_callers_language(openai: AsyncOpenAI, header: str, word: str) -> None:
    raised = await _ask(openai, "gpt-9", extra_headers={"accept-language": header})
    assert word in raised.message


@pytest.mark.parametrize(("header", "word"), [(None, "モデル"), ("*", "モデル"), ("fr", "モデル"), ("en-GB", "model")])
async def test_the_installations_language_is_for_callers_without_a_preference(
    house: FakeInstallation, header: str | None, word: str
) -> None:
    house.language = "ja"
    headers = {"authorization": "Bearer ky-test", **({"accept-language": header} if header else {})}
    async with (
        served(house) as url,
        aiohttp.ClientSession(url, headers=headers) as http,
        http.get("/v1/models/gpt-9") as response,
    ):
        assert word in (await response.json())["error"]["message"]


async def test_a_running_key_is_waited_for_and_another_body_is_not(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.chats["bargain"].scripts = [[piece("Hello"), HANG], hello()]
    key = {"idempotency-key": "once"}
    stream = await openai.chat.completions.create(model="auto", messages=MESSAGES, stream=True, extra_headers=key)
    running = await _ask(openai, extra_headers=key)
    assert isinstance(running, sdk.ConflictError)
    assert running.response.headers.get("x-should-retry") is None
    await stream.close()
    # The client gave up, so the provider was stopped and the key is free again; its own retries wait for that.
    await openai.with_options(max_retries=5).chat.completions.create(model="auto", messages=MESSAGES, extra_headers=key)
    other = await _ask(openai, temperature=1, extra_headers=key)
    assert isinstance(other, sdk.ConflictError)
    assert other.response.headers["x-should-retry"] == "false"
    assert house.sent == ["cheap", "cheap"]


async def test_many_at_once_keep_their_ids_apart(openai: AsyncOpenAI) -> None:
    found = await asyncio.gather(*(openai.chat.completions.create(model="auto", messages=MESSAGES) for _ in range(20)))
    assert len({one._request_id for one in found}) == 20


async def test_a_conversation_that_is_too_long_is_the_callers_to_shorten(openai: AsyncOpenAI) -> None:
    with pytest.raises(sdk.BadRequestError) as wrong:
        await openai.chat.completions.create(model="in-house", messages=[{"role": "user", "content": "word " * 20_000}])
    assert wrong.value.code == "context_length_exceeded"
