"""Spans as a real collector receives them; and what a broken one can do to requests: nothing."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from kyozon.domain.decisions import Attempt
from kyozon.domain.errors import KyozonError, StreamBroken, UpstreamFailed
from kyozon.domain.labels import Clearance, Label, Level, Zone
from kyozon.domain.usage import Usage
from kyozon.telemetry.spans import SCHEMA, Collector, Spans
from tests.fakes.collector import FakeCollector, attributes
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, ask
from tests.fakes.scripted import piece
from tests.fakes.telemetry_samples import DECISION, decision, outcome, refused

CANARY = "Say hello."  # what `ask` asks
ANSWER = "Hello world"  # what the scripted model says
EXTERNAL = Zone("external", "external", Clearance(Level.INTERNAL))


@pytest.fixture
async def collector() -> AsyncIterator[FakeCollector]:
    async with FakeCollector() as fake:
        yield fake


async def sent(collector: FakeCollector, spans: Spans) -> list[Span]:
    await asyncio.to_thread(spans.stop)
    return collector.spans


async def test_an_answer_is_one_span_with_everything_the_conventions_name(collector: FakeCollector) -> None:
    spans = Spans(Collector(collector.url + "/"), "1.2.3")
    spans.decided(DECISION)
    spans.ended(DECISION, outcome())
    (span,) = await sent(collector, spans)
    assert (span.name, span.kind, span.status.code) == ("chat auto", Span.SPAN_KIND_CLIENT, Status.STATUS_CODE_UNSET)
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_500_000_000
    assert span.start_time_unix_nano == DECISION.at.timestamp() * 1_000_000_000
    assert attributes(span) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "bargain",
        "gen_ai.request.model": "auto",
        "gen_ai.response.model": "cheap",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.time_to_first_chunk": 0.3,
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 40,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gen_ai.usage.cache_creation.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 15,
        "kyozon.usage.estimated": False,
        "kyozon.charge.amount": 0.0012,
        "kyozon.charge.currency": "USD",
        "kyozon.decision.id": "dec_1",
        "kyozon.label.level": "internal",
        "kyozon.policy.version": "p1",
        "kyozon.router": "cheapest",
        "kyozon.excluded.count": 1,
        "kyozon.zone": "external",
        "kyozon.status": "answered",
    }
    (resource,) = collector.received
    named = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    assert (named["service.name"], named["service.version"]) == ("kyozon", "1.2.3")
    assert [scope.schema_url for scope in resource.scope_spans] == [SCHEMA]


async def test_a_refusal_is_a_span_of_our_own(collector: FakeCollector) -> None:
    spans = Spans(Collector(collector.url), "1.2.3")
    spans.ended(decision(chosen=None), refused("not_permitted"))
    (span,) = await sent(collector, spans)
    found = attributes(span)
    assert (span.kind, span.status.code) == (Span.SPAN_KIND_INTERNAL, Status.STATUS_CODE_ERROR)
    assert (found["error.type"], found["gen_ai.provider.name"]) == ("not_permitted", "kyozon")
    assert "kyozon.zone" not in found
    assert "gen_ai.usage.input_tokens" not in found


async def test_what_failed_before_is_named(collector: FakeCollector) -> None:
    spans = Spans(Collector(collector.url), "1.2.3")
    attempts = (Attempt("cheap", "bargain", "provider_failed", 500), Attempt("in-house", "local"))
    spans.ended(
        decision(kind="count"), outcome(model="in-house", attempts=attempts, finish="It said: secret", usage=Usage())
    )
    spans.ended(DECISION, outcome(status="failed", model=None, attempts=attempts[:1], error="provider_failed"))
    first, second = await sent(collector, spans)
    found = attributes(first)
    assert first.name == "count_tokens auto"
    assert (found["kyozon.failed.models"], found["kyozon.failed.errors"]) == (["cheap"], ["provider_failed"])
    assert (found["kyozon.zone"], found["gen_ai.response.finish_reasons"]) == ("host", ["other"])
    assert (attributes(second)["error.type"], second.status.code) == ("provider_failed", Status.STATUS_CODE_ERROR)


async def test_requests_of_services_become_spans_without_words_or_persons(collector: FakeCollector) -> None:
    spans = Spans(Collector(collector.url), "test")
    house = FakeInstallation(watchers=[spans])
    house.chats["bargain"].scripts = [[piece(ANSWER), StreamBroken("bargain", CANARY)]]
    streamed = await house.chat.stream(ask())
    with pytest.raises(StreamBroken):
        _ = [one async for one in streamed.pieces]
    await streamed.close()
    await house.chat.answer(ask("in-house"))
    house.assert_settled()
    broken, answered = await sent(collector, spans)
    assert (attributes(broken)["kyozon.status"], attributes(broken)["error.type"]) == ("broken", "stream_broken")
    assert attributes(answered)["kyozon.decision.id"] in house.book.decisions_by_id
    raw = b"".join(resource.SerializeToString() for resource in collector.received)
    for secret in (CANARY, ANSWER, "key_test", "ann"):
        assert secret.encode() not in raw


async def said(collector: FakeCollector, zone: Zone, declared: Label, *, streamed: bool) -> dict[str, Any]:
    spans = Spans(Collector(collector.url, zone), "test")
    house = FakeInstallation(watchers=[spans])
    asked = ask(declared=declared)
    if streamed:
        assert [one async for one in (await house.chat.stream(asked)).pieces]
    else:
        await house.chat.answer(asked)
    (span,) = await sent(collector, spans)
    return attributes(span)


@pytest.mark.parametrize("streamed", [False, True])
async def test_words_go_to_a_cleared_zone(collector: FakeCollector, *, streamed: bool) -> None:
    found = await said(collector, EXTERNAL, Label(Level.INTERNAL), streamed=streamed)
    assert msgspec.json.decode(found["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": CANARY}]}
    ]
    text = [{"type": "text", "content": ANSWER}]
    assert msgspec.json.decode(found["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": text, "finish_reason": "stop"}
    ]


@pytest.mark.parametrize("bound", ["no-train", "jp-only"])
async def test_a_collector_is_bound_like_a_model(collector: FakeCollector, bound: str) -> None:
    """A clearance for every compartment says nothing of training and region."""
    zone = Zone("far", "external", Clearance(Level.INTERNAL, frozenset({"*"})), region="US")
    found = await said(collector, zone, Label(Level.PUBLIC, frozenset({bound})), streamed=False)
    assert not [name for name in found if name.endswith("messages")]


@pytest.mark.parametrize("label", [CONFIDENTIAL, Label(Level.PUBLIC, frozenset({"pii"}))])
@pytest.mark.parametrize("streamed", [False, True])
async def test_words_go_to_no_other(collector: FakeCollector, label: Label, *, streamed: bool) -> None:
    found = await said(collector, EXTERNAL, label, streamed=streamed)
    assert found["kyozon.label.level"] == label.level.value
    assert not [name for name in found if name.endswith("messages")]


async def test_a_failing_collector_is_not_noticed_by_requests(
    collector: FakeCollector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 400
    spans = Spans(Collector(collector.url), "test")
    house = FakeInstallation(watchers=[spans])
    with caplog.at_level(logging.ERROR):
        await house.chat.answer(ask())
        house.assert_settled()
        assert await sent(collector, spans) == []
    assert collector.headers
    assert CANARY not in caplog.text


async def test_a_hanging_collector_holds_up_neither_requests_nor_the_end(
    collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
    collector.hang = True
    spans = Spans(Collector(collector.url), "test")
    house = FakeInstallation(watchers=[spans])
    for _ in range(30):
        await house.chat.answer(ask())
    house.assert_settled()
    began = time.monotonic()
    await asyncio.to_thread(spans.stop)
    assert time.monotonic() - began < 20  # the collector never answers; the limit is far above the five seconds of `stop`


async def test_no_collector_at_all(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeCollector() as gone:
        url = gone.url
    spans = Spans(Collector(url), "test")
    house = FakeInstallation(watchers=[spans])
    house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 400, CANARY)]]
    house.chats["local"].scripts = [[UpstreamFailed("local", 400, CANARY)]]
    house.chats["boutique"].scripts = [[UpstreamFailed("boutique", 400, CANARY)]]
    with pytest.raises(KyozonError):
        await house.chat.answer(ask())
    house.assert_settled()
    await asyncio.to_thread(spans.stop)
    assert CANARY not in caplog.text
