"""The governance report: what the records of a period prove, and what holds at the moment in which it is made."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from kyozon.domain.callers import ApiKey, Limits
from kyozon.domain.language import Text
from kyozon.domain.reports import (
    DutyTable,
    Figure,
    GovernanceReport,
    InventoryKind,
    KeyGroup,
    Period,
    Present,
    Recorded,
)
from kyozon.ports.policies import Policies
from kyozon.ports.records import KeyStore
from kyozon.ports.reporting import Examine, Examined, Happenings
from kyozon.services.reporting.counts import Counts
from kyozon.services.reporting.inventory import Inventory
from kyozon.services.reporting.reading import Walk
from kyozon.services.reporting.system import System
from kyozon.services.reporting.transfers import Transfers
from kyozon.services.world import World

DISCLAIMER = Text(
    "Made by Kyozon from its own records. This is no legal advice, and no statement that any law is complied with: it "
    "shows what was recorded and which control is in place. Dates of laws are stated only where they were verified as far "
    "as said.",
    "Kyozon が自らの記録から作成したものです。法的助言ではなく、法令への適合を表明するものでもありません。"
    "記録された事実と、備わっている統制を示します。法令の日付は、確認できた範囲を付記したものだけを記載しています。",
)


class Sources(Struct, frozen=True):
    """What a report is made from. `examine` is None where there is no audit log to examine, or nobody wants to wait."""

    policies: Policies
    happenings: Happenings
    keys: KeyStore
    examine: Examine | None
    settings: tuple[Figure, ...]
    tables: tuple[DutyTable, ...]


class GovernanceReporter:
    """Makes reports; nothing is changed. Every method may raise `StorageUnavailable`."""

    def __init__(self, sources: Sources, world: World, version: str) -> None:
        self._sources = sources
        self._world = world
        self._version = version

    async def report(self, period: Period) -> GovernanceReport:
        """The whole report."""
        recorded = await self.recorded(period)
        stored = await self._sources.happenings.stored(period)
        return GovernanceReport(
            version=self._version,
            made_at=self._world.now(),
            period=period,
            disclaimer=DISCLAIMER,
            recorded=recorded,
            others=_others(stored),
            present=await self._present(period),
            duties=self._sources.tables,
        )

    async def recorded(self, period: Period) -> Recorded:
        """The part that the records of the period make again at any time, for as long as they are kept."""
        walk = Walk(self._sources.policies)
        inventory, system, transfers, counts = Inventory(), System(), Transfers(), Counts()
        async for one in walk.over(period):
            inventory.take(one.decision, one.calls, walk.places)
            system.take(one.decision, one.basis)
            transfers.take(one.decision, one.departures, walk.places)
            counts.take(one.decision, one.outcome, one.calls, walk.places)
        models, card = inventory.models(walk.places), system.card()
        events = await self._sources.happenings.events(period)
        figures = (
            *counts.figures(card.rules, self._named_rules()),
            Figure(
                "unreadable",
                Text("decisions that cannot be read, and are left out", "読めないため除いた決定"),
                len(walk.left_out),
            ),
            Figure("models", Text("models in the inventory", "台帳のモデル"), len(models)),
            Figure("policies", Text("policies in use", "使用されたポリシー"), len(card.policies)),
            Figure("changes", Text("changes of policy", "ポリシーの変更"), len(card.changes)),
            *_events(events),
        )
        return Recorded(models, card, transfers.rows(walk.places), figures)

    def _named_rules(self) -> set[str]:
        """Rules whose refusals a duty names: none at all is a figure, too."""
        names = (name for table in self._sources.tables for duty in table.duties for name in duty.figures)
        return {name.removeprefix("refusals.") for name in names if name.startswith("refusals.")}

    async def _present(self, period: Period) -> Present:
        examined = None if self._sources.examine is None else await self._sources.examine()
        keys = [key for key in await self._sources.keys.all(period.tenant) if self._in_use(key)]
        return Present(_keys(keys), self._sources.settings, _audit(examined))

    def _in_use(self, key: ApiKey) -> bool:
        return key.revoked_at is None and (key.expires_at is None or key.expires_at > self._world.now())


def _keys(keys: Sequence[ApiKey]) -> tuple[KeyGroup, ...]:
    groups: dict[str, list[ApiKey]] = {}
    for key in keys:
        groups.setdefault(str(key.clearance), []).append(key)
    return tuple(
        KeyGroup(name, len(found), sum(key.admin for key in found), sum(key.limits != Limits() for key in found))
        for name, found in sorted(groups.items())
    )


def _events(found: Mapping[str, int]) -> list[Figure]:
    """A figure for each subject that duties may name, and one for each action that happened."""
    subjects: Counter[str] = Counter({"review": 0, "grant": 0, "key": 0, "subject": 0, "policy": 0})
    for action, count in found.items():
        subjects[action.partition(":")[0]] += count
    figures = [
        Figure(f"events.{name}", Text(f"audit events about: {name}", f"監査イベント（{name}）"), count)
        for name, count in sorted(subjects.items())
    ]
    return figures + [
        Figure(f"events.{action}", Text(f"audit events {action}", f"監査イベント {action}"), count)
        for action, count in sorted(found.items())
    ]


_AUDIT = {
    "leaves": Text("audit leaves verified", "検証した監査ログの葉"),
    "sound": Text("audit log as committed to", "監査ログがコミット時のまま"),
    "findings": Text("findings of its examination", "その検証での指摘"),
    "last_signed": Text("last checkpoint, at leaf", "最新のチェックポイント（葉の数）"),
    "checkpoints": Text("signed checkpoints", "署名付きチェックポイント"),
    "waiting": Text("records waiting for their leaf", "登録待ちの記録"),
    "erased": Text("persons erased", "消去した本人"),
    "pruned": Text("records pruned after retention", "保存期間後に削除した記録"),
}


def _audit(examined: Examined | None) -> tuple[Figure, ...]:
    values = {} if examined is None else structs.asdict(examined) | {"sound": "yes" if examined.sound else "no"}
    return tuple(Figure(f"audit_{name}", text, values.get(name)) for name, text in _AUDIT.items())


_KINDS = {
    "adapter": Text(
        "Kyozon makes and loads no adapters yet; those inside an open model's file are part of the model.",
        "アダプターの作成・読み込み機能はまだありません。公開モデルのファイルに含まれるものはモデルの一部です。",
    ),
    "dataset": Text(
        "Kyozon trains nothing yet, and keeps no data sets.", "学習機能はまだなく、データセットは保持しません。"
    ),
    "prompt_template": Text(
        "Kyozon keeps no prompt templates: each request brings its own words.",
        "プロンプトテンプレートは保持しません。指示は要求ごとに送られます。",
    ),
}


def _others(stored: Mapping[str, int]) -> tuple[InventoryKind, ...]:
    """What else an inventory lists: kinds of stored values that there are, and those that Kyozon keeps none of."""
    kept = Text("Stored values of this kind, with their sources and labels on record.", "出所とラベルの記録がある保存値。")
    found = [InventoryKind(kind, count, kept) for kind, count in sorted(stored.items())]
    return tuple(found + [InventoryKind(kind, None, note) for kind, note in _KINDS.items() if kind not in stored])
