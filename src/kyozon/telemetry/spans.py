"""One OpenTelemetry span for each request, by the GenAI semantic conventions, sent to a collector in the background.

The conventions are still in development; `SCHEMA` pins the version that these names are from. Whoever reads the spans sees
`kyozon.*` beside them: the decision's id leads to the full record.
"""

import re
import threading
from datetime import datetime

from msgspec import Struct
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.labels import Label, Zone
from kyozon.governance.flow import may_flow
from kyozon.ports.telemetry import Words
from kyozon.telemetry.content import input_messages, output_messages
from kyozon.telemetry.reached import reached

SCHEMA = "https://opentelemetry.io/schemas/gen-ai/1.42.0"
_OPERATIONS = {"chat": "chat", "embedding": "embeddings", "reranking": "rerank", "count": "count_tokens"}
# Names that the conventions give to providers; one that is not here keeps the name it has in the settings.
_PROVIDERS = {
    "azure-openai": "azure.ai.openai",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "moonshot-cn": "moonshot_ai",
    "xai": "x_ai",
}
_OURSELVES = "kyozon"
_REASON = re.compile(r"[a-z_]{1,40}")
_SENDING_SECONDS = 5.0


class Collector(Struct, frozen=True):
    """Where spans go. What may flow to its `zone` is said there; None keeps the words of all requests out."""

    endpoint: str
    zone: Zone | None = None


class Spans:
    """A `ports.telemetry.Telemetry` that sends spans. At most 2,048 wait for the collector; further ones are dropped.

    The variables of OpenTelemetry's own (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`) hold.
    """

    def __init__(self, collector: Collector, version: str) -> None:
        self._zone = collector.zone
        resource = Resource.create({SERVICE_NAME: _OURSELVES, SERVICE_VERSION: version})
        exporter = OTLPSpanExporter(f"{collector.endpoint.rstrip('/')}/v1/traces", timeout=_SENDING_SECONDS)
        # Not the global one: libraries that bring their own spans must not send them where ours may go.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(_OURSELVES, version, schema_url=SCHEMA)

    def hears(self, label: Label) -> bool:
        """Whether it may flow to the collector's zone, as to a model's, and words are wanted there at all."""
        return may_flow(label, self._zone)

    def exports(self, label: Label) -> bool:
        """Whatever it hears goes to the collector."""
        return self.hears(label)

    def decided(self, decision: Decision) -> None:
        """Wait for the end: a span is made whole."""

    def ended(self, decision: Decision, outcome: Outcome, words: Words | None = None) -> None:
        """Make the span of a request, from its decision to its end."""
        place = reached(decision, outcome)
        attributes = _asked(decision, place) | _answered(outcome)
        if words is not None and self.hears(decision.label):
            attributes["gen_ai.input.messages"] = input_messages(words.chat)
            attributes["gen_ai.output.messages"] = output_messages(words, _finish(outcome))
        span = self._tracer.start_span(
            f"{_OPERATIONS[decision.kind]} {decision.requested_model}",
            context=Context(),
            kind=SpanKind.INTERNAL if place is None else SpanKind.CLIENT,
            attributes=attributes,
            start_time=_nanoseconds(decision.at),
        )
        if outcome.status not in ("answered", "left"):
            span.set_status(Status(StatusCode.ERROR))
        span.end(_nanoseconds(outcome.at))

    def stop(self) -> None:
        """Send what waits (blocking, a few seconds at most); what a dead collector has not taken by then is lost."""
        # The library's own shutdown waits up to half a minute; a daemon thread is left behind instead.
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(_SENDING_SECONDS)


def _asked(decision: Decision, place: tuple[str, str] | None) -> dict[str, AttributeValue]:
    provider = _OURSELVES if place is None else _PROVIDERS.get(place[0], place[0])
    zone = next((found.zone for found in decision.candidates if (found.provider, found.model) == place), None)
    found: dict[str, AttributeValue] = {
        "gen_ai.operation.name": _OPERATIONS[decision.kind],
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": decision.requested_model,
        "kyozon.decision.id": decision.id,
        "kyozon.label.level": decision.label.level.value,
        "kyozon.policy.version": decision.policy_version,
        "kyozon.router": decision.router,
        "kyozon.excluded.count": sum(not candidate.permitted for candidate in decision.candidates),
    }
    return found if zone is None else found | {"kyozon.zone": zone}


def _answered(outcome: Outcome) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"kyozon.status": outcome.status}
    failed = [attempt for attempt in outcome.attempts if attempt.error]
    if failed:
        found["kyozon.failed.models"] = [attempt.model for attempt in failed]
        found["kyozon.failed.errors"] = [attempt.error or "" for attempt in failed]
    if outcome.error is not None:
        found["error.type"] = outcome.error
    if outcome.model is not None:
        found |= {"gen_ai.response.model": outcome.model} | _used(outcome)
    if outcome.finish is not None:
        found["gen_ai.response.finish_reasons"] = [_finish(outcome)]
    if outcome.first_token_ms is not None:
        found["gen_ai.response.time_to_first_chunk"] = outcome.first_token_ms / 1000
    return found


def _used(outcome: Outcome) -> dict[str, AttributeValue]:
    usage = outcome.usage
    found: dict[str, AttributeValue] = {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "kyozon.usage.estimated": usage.estimated,
    }
    parts = {
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
    }
    found |= {name: tokens for name, tokens in parts.items() if tokens}
    if outcome.charge.priced:
        found |= {"kyozon.charge.amount": float(outcome.charge.amount), "kyozon.charge.currency": outcome.charge.currency}
    return found


def _finish(outcome: Outcome) -> str:
    """The provider's word, where it is a word: what else it may write there is its own text."""
    reason = outcome.finish or ""
    return reason if _REASON.fullmatch(reason.lower()) else "other"


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
