"""The incident report as a page for people, in English or Japanese."""

from collections.abc import Iterator

from kyozon.cli.markdown import moment, page, plain, table
from kyozon.domain.language import Language, Text
from kyozon.domain.reports import ExposedCall, IncidentReport


def incident_page(report: IncidentReport, language: Language) -> str:
    """The page."""
    return page(_parts(report, language))


def _parts(report: IncidentReport, language: Language) -> Iterator[str]:
    def say(en: str, ja: str) -> str:
        return Text(en, ja).to(language)

    yield say("# Incident report", "# インシデント報告書")
    yield say(
        f"Scope: {plain(report.scope.en)}. Made {moment(report.made_at)} UTC by Kyozon {report.version}; schema "
        f"`{report.schema}`.",
        f"対象：{plain(report.scope.ja)}。作成：{moment(report.made_at)}（UTC）、Kyozon {report.version}。"
        f"スキーマ `{report.schema}`。",
    )
    yield f"> {report.note.to(language)}"
    yield say(
        f"Decisions: {report.decisions}; refused before anything was sent: {report.refused}; without an end yet: "
        f"{report.open}; answered from the cache: {report.given_from_cache}; left out, since they cannot be read: "
        f"{report.unreadable}.",
        f"決定 {report.decisions} 件。送信前に拒否 {report.refused} 件、未終結 {report.open} 件、"
        f"キャッシュからの応答 {report.given_from_cache} 件、読めないため除いた決定 {report.unreadable} 件。",
    )
    yield say("## Where it went", "## 送信先")
    heads = [say("provider", "提供元"), say("zone", "ゾーン"), say("kind", "種別"), say("deliveries", "送信")]
    heads += [say("requests", "要求"), say("persons", "人数"), say("labels", "ラベル")]
    yield table(
        heads,
        [
            (one.provider, one.zone, one.zone_kind, one.deliveries, one.requests, one.persons, ", ".join(one.labels))
            for one in report.sums
        ],
    )
    yield say("## Exposure", "## 送信の一覧")
    heads = [say("at (UTC)", "日時（UTC）"), say("decision", "決定"), say("tenant", "テナント"), say("user", "利用者")]
    heads += [say("label", "ラベル"), say("model", "モデル"), say("provider", "提供元"), say("zone", "ゾーン")]
    heads += [say("region", "地域"), say("masked", "マスク"), say("grant", "許可書"), say("outcome", "結果"), "SHA-256"]
    yield table(heads, map(_row, report.exposures))


def _row(e: ExposedCall) -> list[object]:
    where = [e.model, e.provider, e.zone, e.region]
    how = ["✓" if e.masked else "", e.grant, e.outcome, e.body_sha256]
    return [moment(e.at), e.decision, e.tenant, e.user, e.label, *where, *how]
