"""Who watches an installation: Prometheus always, an OpenTelemetry collector where the settings name one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

import kyozon
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text
from kyozon.ports.telemetry import GaugeSource, Telemetry
from kyozon.services.feedback import Counted
from kyozon.services.registry import Registry
from kyozon.settings import Settings
from kyozon.telemetry.fan_out import FanOut
from kyozon.telemetry.prometheus import PrometheusMetrics

if TYPE_CHECKING:
    from kyozon.telemetry.spans import Spans


class Watchers(Struct, frozen=True):
    """Whom services tell, of judgements too, what `/metrics` says, and how to stop telling."""

    telemetry: Telemetry
    judged: Counted
    metrics: Callable[[], bytes]
    stop: Callable[[], Awaitable[None]]


def watchers(
    settings: Settings, registry: Registry, gauges: Sequence[GaugeSource], also: Sequence[Telemetry] = ()
) -> Watchers:
    """Everybody who watches, `also` among them.

    Raises:
        MissingPiece: spans are wanted and OpenTelemetry is not installed.
    """
    metrics = PrometheusMetrics(registry.cards, gauges, kyozon.__version__)
    if settings.telemetry.otlp_endpoint is None:
        return Watchers(FanOut([metrics, *also]), metrics.judged, metrics.exposition, _nothing_to_stop)
    spans = _spans(settings, settings.telemetry.otlp_endpoint)

    async def stop() -> None:
        await asyncio.to_thread(spans.stop)

    return Watchers(FanOut([metrics, spans, *also]), metrics.judged, metrics.exposition, stop)


async def _nothing_to_stop() -> None:
    """Metrics wait for somebody who asks."""


def _spans(settings: Settings, endpoint: str) -> "Spans":
    try:
        from kyozon.telemetry.spans import Collector, Spans  # noqa: PLC0415 - an extra, and slow to load
    except ModuleNotFoundError as error:
        raise MissingPiece(
            Text(
                "[telemetry] otlp_endpoint needs OpenTelemetry: pip install 'kyozon[otel]'.",
                "[telemetry] otlp_endpoint には OpenTelemetry が必要です：pip install 'kyozon[otel]'",
            )
        ) from error
    zone = settings.zones()[settings.telemetry.zone] if settings.telemetry.content else None
    return Spans(Collector(endpoint, zone), kyozon.__version__)
