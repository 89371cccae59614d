"""The governance report as a page for people, in English or Japanese."""

from collections.abc import Iterator, Mapping, Sequence

from kyozon.cli.markdown import moment, page, plain, table
from kyozon.cli.objections import rule_name
from kyozon.domain.language import Language, Text
from kyozon.domain.reports import (
    Consumption,
    Coverage,
    Duty,
    DutyTable,
    Figure,
    GovernanceReport,
    InventoryModel,
    PolicyUse,
    SystemCard,
    Transfer,
    ZoneCard,
)

_COVERAGE: dict[Coverage, Text] = {
    "covered": Text("covered", "対応"),
    "partly": Text("partly", "一部対応"),
    "not_covered": Text("**not covered by Kyozon**", "**Kyozon の対象外**"),
}
_WORDS = {"yes": Text("yes", "はい"), "no": Text("no", "いいえ"), "none": Text("none", "なし")}
_FACTS = {None: Text("not stated", "明示なし"), True: Text("yes", "あり"), False: Text("no", "なし")}
_USES = {
    "answered": Text("answered", "応答した"),
    "called": Text("called", "呼び出した"),
    "permitted": Text("could answer", "応答可能だった"),
}


class GovernancePage:
    """Writes one report in one language."""

    def __init__(self, report: GovernanceReport, language: Language) -> None:
        self._report = report
        self._language: Language = language

    def text(self) -> str:
        """The page."""
        return page(self._parts())

    def _say(self, en: str, ja: str) -> str:
        return Text(en, ja).to(self._language)

    def _parts(self) -> Iterator[str]:
        report, period = self._report, self._report.period
        yield self._say("# Governance report", "# AI ガバナンス報告書")
        yield self._say(
            f"Decisions from {moment(period.since)} to {moment(period.until)} UTC, tenant: "
            f"{plain(period.tenant or 'all')}. "
            f"Made {moment(report.made_at)} UTC by Kyozon {report.version}; schema `{report.schema}`.",
            f"対象：{moment(period.since)} から {moment(period.until)}（UTC）の決定、"
            f"テナント：{plain(period.tenant or 'すべて')}。"
            f"作成：{moment(report.made_at)}（UTC）、Kyozon {report.version}。スキーマ `{report.schema}`。",
        )
        yield f"> {report.disclaimer.to(self._language)}"
        yield from self._inventory(report.recorded.models)
        yield from self._system(report.recorded.system)
        yield from self._transfers(report.recorded.transfers)
        figures = {figure.name: figure for figure in (*report.recorded.figures, *report.present.figures)}
        for duties in report.duties:
            yield from self._duties(duties, figures)
        yield from self._present()
        yield self._say("## Figures", "## 数値")
        yield self._figures(tuple(figures.values()))

    def _inventory(self, models: Sequence[InventoryModel]) -> Iterator[str]:
        say = self._say
        yield say("## AI inventory", "## AI 台帳")
        yield say(
            "Every model that answered, was called, or was permitted to answer.",
            "応答した、呼び出した、または応答を許可されていたすべてのモデル。",
        )
        heads = [say("model", "モデル"), say("provider", "提供元"), say("use", "利用"), say("zone", "ゾーン")]
        heads += [say("region", "地域"), say("law", "準拠法"), say("licence", "ライセンス")]
        heads += [say("keeps", "保存"), say("trains", "学習"), say("calls", "呼出"), say("answers", "応答")]
        heads += [
            say("first", "初回"),
            say("last", "最終"),
            say("tokens in", "入力"),
            say("out", "出力"),
            say("cost", "費用"),
        ]
        yield table(heads, [self._model(one) for one in models])
        rows = [
            (one.kind, say("none kept", "保持なし") if one.count is None else one.count, one.note.to(self._language))
            for one in self._report.others
        ]
        yield table([say("other", "その他"), say("count", "件数"), say("note", "備考")], rows)

    def _model(self, one: InventoryModel) -> list[object]:
        zone = f"{one.zone} ({one.zone_kind or '?'})"
        used = one.consumption
        return [
            one.model,
            one.provider,
            _USES[one.use].to(self._language),
            zone,
            one.region or self._fact(None),
            one.jurisdiction or self._fact(None),
            one.licence or self._fact(None),
            self._fact(one.retains),
            self._fact(one.trains),
            one.calls,
            one.answered,
            moment(one.first_used),
            moment(one.last_used),
            used.input_tokens,
            used.output_tokens,
            self._money(used),
        ]

    def _system(self, card: SystemCard) -> Iterator[str]:
        say = self._say
        yield say("## System card", "## システムカード")
        heads = [say("basis", "根拠"), say("policy", "ポリシー"), "Kyozon", say("router", "ルーター")]
        heads += [say("default label", "既定ラベル"), say("models", "モデル"), say("first used", "初回使用")]
        heads += [say("last used", "最終使用"), say("decisions", "決定")]
        yield table(
            heads,
            [
                (p.basis, p.policy_version, p.code, p.router, p.default_label, p.models, *_span(p), p.decisions)
                for p in card.policies
            ],
        )
        yield say("### Zones", "### ゾーン")
        heads = [say("zone", "ゾーン"), say("kind", "種別"), say("clearance", "取り扱い範囲"), say("region", "地域")]
        heads += [say("keeps", "保存"), say("trains", "学習"), say("providers", "提供元")]
        rows = [
            (z.id, z.kind, z.clearance, z.region or self._fact(None), *map(self._fact, (z.retains, z.trains)), _list(z))
            for z in card.zones
        ]
        yield table(heads, rows)
        yield say("### Rules", "### ルール")
        heads = [say("rule", "ルール"), say("models excluded", "除外したモデル"), say("requests refused", "拒否した要求")]
        named = [(rule_name(one.rule).to(self._language), one) for one in card.rules]
        yield table(heads, [(name, one.exclusions, one.refusals) for name, one in named])
        yield say("### Changes", "### 変更")
        heads = [say("at (UTC)", "日時（UTC）"), say("from", "旧"), say("to", "新"), say("what", "内容")]
        yield table(heads, [(moment(c.at), c.old, c.new, self._joined(c.what)) for c in card.changes])

    def _transfers(self, rows: Sequence[Transfer]) -> Iterator[str]:
        say = self._say
        yield say("## Transfer ledger", "## 移転台帳")
        yield say(
            "Every delivery to a place outside. A zone of which nothing is recorded counts as outside.",
            "外部へのすべての送信。記録から素性の分からないゾーンは外部と見なします。",
        )
        heads = [say("provider", "提供元"), say("law", "準拠法"), say("zone", "ゾーン"), say("region", "地域")]
        heads += [say("keeps", "保存"), say("trains", "学習"), say("label", "ラベル"), say("kind", "種別")]
        heads += [say("purpose", "目的"), say("models", "モデル"), say("deliveries", "送信"), say("masked", "マスク済み")]
        heads += [say("persons", "人数")]
        heads += [
            say("first", "初回"),
            say("last", "最終"),
            say("tokens in", "入力"),
            say("out", "出力"),
            say("cost", "費用"),
        ]
        yield table(heads, [self._transfer(row) for row in rows])

    def _transfer(self, row: Transfer) -> list[object]:
        used = row.consumption
        return [
            row.provider,
            row.jurisdiction or self._fact(None),
            row.zone or "?",
            row.region or self._fact(None),
            self._fact(row.retains),
            self._fact(row.trains),
            row.label,
            row.kind,
            row.purpose,
            ", ".join(row.models),
            row.deliveries,
            row.masked,
            row.persons,
            moment(row.first),
            moment(row.last),
            used.input_tokens,
            used.output_tokens,
            self._money(used),
        ]

    def _duties(self, found: DutyTable, figures: Mapping[str, Figure]) -> Iterator[str]:
        say = self._say
        yield f"## {found.name.to(self._language)}"
        yield found.note.to(self._language)
        heads = [say("article", "条項"), say("duty", "義務"), say("control or record", "統制・記録")]
        heads += [say("coverage", "対応状況"), say("evidence here", "この環境での証拠"), say("applies from", "適用")]
        lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
        notes: list[str] = []
        lines += [f"| {' | '.join(self._duty(duty, figures, notes))} |" for duty in found.duties]
        yield "\n".join(lines)
        yield from (f"[{number}] {plain(text)}" for number, text in enumerate(notes, 1))

    def _duty(self, duty: Duty, figures: Mapping[str, Figure], notes: list[str]) -> list[str]:
        """The cells of one duty; where its date comes from is added to the notes below the table."""
        evidence = "<br>".join(plain(self._evidence(figures.get(name))) for name in duty.figures)
        coverage = _COVERAGE[duty.coverage].to(self._language)
        words = [plain(text) for text in (duty.article, duty.duty.to(self._language), duty.control.to(self._language))]
        return [*words, coverage, evidence or "-", self._applies(duty, notes)]

    def _evidence(self, figure: Figure | None) -> str:
        if figure is None:
            return self._say("not available", "取得不可")
        return f"{figure.text.to(self._language)}: {self._value(figure)}"

    def _applies(self, duty: Duty, notes: list[str]) -> str:
        found = duty.applies
        if found is None:
            return "-"
        source = found.source.to(self._language)
        note = self._say(f"As of {found.as_of}; source: {source}.", f"{found.as_of} 時点。情報源：{source}。")
        if note not in notes:
            notes.append(note)
        return f"{plain(found.text.to(self._language))} [{notes.index(note) + 1}]"

    def _present(self) -> Iterator[str]:
        say, present = self._say, self._report.present
        yield say("## At the time of this report", "## 作成時点の状態")
        heads = [say("clearance of keys", "キーの取り扱い範囲"), say("keys", "キー"), say("admins", "管理者")]
        heads += [say("with ceilings", "上限あり")]
        yield table(heads, [(group.clearance, group.keys, group.admins, group.limited) for group in present.keys])
        yield self._figures(present.settings)

    def _figures(self, figures: Sequence[Figure]) -> str:
        rows = [(one.text.to(self._language), self._value(one), one.name) for one in figures]
        return table([self._say("figure", "項目"), self._say("value", "値"), self._say("name", "名前")], rows)

    def _value(self, figure: Figure) -> str:
        if figure.value is None:
            return self._say("not available", "取得不可")
        words = _WORDS.get(str(figure.value))
        return words.to(self._language) if words else str(figure.value)

    def _fact(self, known: bool | None) -> str:  # noqa: FBT001 - a fact to put into words
        return _FACTS[known].to(self._language)

    def _money(self, used: Consumption) -> str:
        parts = [f"{amount:f} {currency}" for currency, amount in used.money.items()]
        if used.unpriced_calls:
            parts.append(self._say(f"{used.unpriced_calls} calls unpriced", f"価格不明 {used.unpriced_calls} 件"))
        return ", ".join(parts) or "0"

    def _joined(self, texts: Sequence[Text]) -> str:
        return "; ".join(text.to(self._language) for text in texts)


def _span(use: PolicyUse) -> tuple[str, str]:
    return moment(use.first_used), moment(use.last_used)


def _list(zone: ZoneCard) -> str:
    return ", ".join(zone.providers)
