"""Reports of an installation: put together from its records, its settings and its audit log."""

import kyozon
import kyozon.governance.duties
from kyozon.bootstrap import discovery
from kyozon.bootstrap.auditing import auditor, log_of
from kyozon.bootstrap.reading import registry_as_of
from kyozon.bootstrap.store import Store
from kyozon.bootstrap.world import WORLD
from kyozon.domain.language import Text
from kyozon.domain.reports import DutyTable, Figure
from kyozon.ports.reporting import Examine, Examined
from kyozon.services.explaining import ExplainService
from kyozon.services.feedback import FeedbackService
from kyozon.services.provenance import Provenance
from kyozon.services.reasoning import ReasoningReader
from kyozon.services.registry import Registry
from kyozon.services.reporting.governance import GovernanceReporter, Sources
from kyozon.services.reporting.incidents import IncidentReporter
from kyozon.services.reporting.savings import SavingsReporter
from kyozon.settings import Settings
from kyozon.storage.happenings import PostgresHappenings
from kyozon.storage.knowledge.naming import PostgresDocumentNames
from kyozon.storage.reasoning import PostgresReasoning
from kyozon.storage.settlements import PostgresSettlements


def governance_reporter(settings: Settings, store: Store, *, examine: bool) -> GovernanceReporter:
    """Makes governance reports; `examine` says whether the whole audit log is examined for one."""
    sources = Sources(
        policies=store.policies,
        happenings=PostgresHappenings(store.database),
        keys=store.keys,
        examine=_examination(settings, store) if examine else None,
        settings=_settings(settings),
        tables=duty_tables(),
    )
    return GovernanceReporter(sources, WORLD, kyozon.__version__)


def incident_reporter(store: Store) -> IncidentReporter:
    """Makes incident reports."""
    return IncidentReporter(store.policies, store.records, WORLD, kyozon.__version__)


def savings_reporter(store: Store, registry: Registry) -> SavingsReporter:
    """Says what was saved against one model."""
    return SavingsReporter(PostgresSettlements(store.database), store.policies, registry, WORLD)


def explain_service(store: Store) -> ExplainService:
    """Explains decisions, and names the documents in them to those who may see them."""
    return ExplainService(store.records, store.policies, registry_as_of, PostgresDocumentNames(store.database))


def reasoning_reader(store: Store) -> ReasoningReader:
    """Shows what models said they thought."""
    thoughts = PostgresReasoning(store.database, store.vault)
    return ReasoningReader(ExplainService(store.records), thoughts, store.trail, WORLD)


def said_of_answers(store: Store, registry: Registry) -> FeedbackService:
    """Shows what was said of answers."""
    provenance = Provenance(store.provenance, registry, WORLD)
    return FeedbackService(store.feedback, store.records, provenance, store.trail, WORLD, lambda _: None)


def duty_tables() -> tuple[DutyTable, ...]:
    """The duty tables, in the order of their modules' names."""
    return tuple(module.table for module in discovery.modules(kyozon.governance.duties))


def _examination(settings: Settings, store: Store) -> Examine:
    async def examine() -> Examined:
        async with auditor(settings, store) as audit:
            report = await audit.verify([])
        newest = await log_of(store).newest()
        return Examined(
            sound=report.sound,
            findings=len(report.findings),
            leaves=report.leaves,
            waiting=report.waiting,
            checkpoints=report.checkpoints,
            last_signed=None if newest is None else newest.checkpoint.size,
            erased=report.erased,
            pruned=report.pruned,
        )

    return examine


def _settings(settings: Settings) -> tuple[Figure, ...]:
    """What of the settings regulators ask for and no decision record holds."""
    cache = [name for name in ("exact", "semantic") if getattr(settings.cache, name)]
    collector = settings.telemetry.otlp_endpoint is not None
    found: list[tuple[str, Text, int | str | None]] = [
        ("retention_days", Text("days that records stay at least", "記録の最低保存日数"), settings.audit.retention_days),
        ("checkpoints_folder", Text("checkpoints kept elsewhere too", "チェックポイントの外部保管"), _outside(settings)),
        ("default_label", Text("label of what nobody has labelled", "ラベルのない要求の既定"), settings.labels.default),
        ("cache", Text("answers given again by default", "既定で再利用する応答"), ", ".join(cache) or "none"),
        ("reasoning_hours", Text("hours that reasoning is kept", "推論過程の保存時間"), settings.reasoning.keep_hours),
        ("spans", Text("spans sent to a collector", "コレクターへのスパン送信"), _yes(collector)),
        ("spans_content", Text("words in these spans", "スパンへの本文の記載"), _yes(settings.telemetry.content)),
        ("limited_users", Text("users with ceilings", "上限のある利用者"), len(settings.limits.users)),
        ("limited_tenants", Text("tenants with ceilings", "上限のあるテナント"), len(settings.limits.tenants)),
        ("limited_models", Text("models with ceilings", "上限のあるモデル"), len(settings.limits.models)),
    ]
    return tuple(Figure(name, text, value) for name, text, value in found)


def _outside(settings: Settings) -> str:
    return _yes(settings.audit.checkpoints is not None or settings.audit.webhook is not None)


def _yes(fact: bool) -> str:  # noqa: FBT001 - a fact in a word
    return "yes" if fact else "no"
