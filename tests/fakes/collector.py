"""An OpenTelemetry collector on loopback: it takes OTLP over HTTP and decodes it with OpenTelemetry's own types."""

import asyncio
from typing import Any, Self

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span


class FakeCollector:
    """`async with` it. `status` other than 200 is answered with a failure; `hang` never answers."""

    def __init__(self) -> None:
        self.received: list[ResourceSpans] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.hang = False
        self.url = ""
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2, access_log=None)

    @property
    def spans(self) -> list[Span]:
        """Every span that arrived, in order."""
        return [span for resource in self.received for scope in resource.scope_spans for span in scope.spans]

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        body = await request.read()
        if self.hang:
            await asyncio.Event().wait()
        if self.status != 200:
            return web.Response(status=self.status)
        self.received += ExportTraceServiceRequest.FromString(body).resource_spans
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf")


def attributes(span: Span) -> dict[str, Any]:
    """The attributes of a span as plain values."""
    return {pair.key: _plain(pair.value) for pair in span.attributes}


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(inner) for inner in value.array_value.values]
    return getattr(value, str(kind))
