"""`kyozon report`: for regulators, of incidents, on what was saved: made from what happened."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_json
from kyozon.cli.speech import language, say
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Language, Text
from kyozon.domain.refused_by_system import reason_of

if TYPE_CHECKING:
    from kyozon.domain.reports import GovernanceReport, Period, Recorded
    from kyozon.domain.savings import Grouping, SavingsReport
    from kyozon.services.reporting.incidents import Scope

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@click.group(
    help=say(
        "Reports made from what happened: for regulators, of incidents, on what was saved.",
        "実際の記録から作る報告（監査・規制当局向け、インシデント、節約額）。",
    )
)
def report() -> None:
    """The group."""


@report.command(
    help=say(
        "AI inventory, system card, transfer ledger and duty tables, as Markdown and JSON.",
        "AI 台帳・システムカード・移転台帳・義務対応表を Markdown と JSON で作成します。",
    )
)
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help=say("Folder to write to.", "出力先のフォルダー。"),
)
@click.option("--since", type=_DAY, help=say("First day (UTC); all records by default.", "開始日（UTC）。省略時は全記録。"))
@click.option(
    "--until", type=_DAY, help=say("First day after (UTC); now by default.", "終了日の翌日（UTC）。省略時は現在。")
)
@click.option("--tenant", help=say("One tenant only.", "一つのテナントだけ。"))
@click.option("--lang", type=click.Choice(["en", "ja", "both"]), default="both", show_default=True)
@click.option(
    "--audit/--no-audit",
    default=True,
    help=say("Whether to examine the whole audit log for it.", "監査ログ全体の検証を行うかどうか。"),
)
@installation
def governance(target: Target, folder: Path, **options: Any) -> None:
    """Write the report, one page for each language, and the schema."""
    from kyozon.cli.governance_page import GovernancePage

    found = asyncio.run(_governance(target, _period(options), examine=options["audit"]))
    spoken: tuple[Language, ...] = ("en", "ja") if options["lang"] == "both" else (options["lang"],)
    texts = {f"governance.{one}.md": GovernancePage(found, one).text() for one in spoken}
    _write(target, folder, texts | _data("governance", found))
    if any((figure.name, figure.value) == ("audit_sound", "no") for figure in found.present.figures):
        en = "[yellow]![/] The audit log is not as it was signed, and the report says so. kyozon audit verify tells more."
        ja = "[yellow]![/] 監査ログが署名時と異なります（報告書にも記載）。詳細は kyozon audit verify で確認してください。"
        err.print(say(en, ja))


@report.command(
    help=say(
        "Make a published report again from the records, and say whether it is the same.",
        "公開済みの報告を記録から作り直し、一致するかを確認します。",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@installation
def check(target: Target, file: Path) -> None:
    """Compare what comes from the records; the exit status is 1 where anything differs."""
    from kyozon.domain.reports import GovernanceReport

    try:
        published = msgspec.json.decode(file.read_bytes(), type=GovernanceReport)
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidRequest(
            Text(
                f"{file} is no governance report of this version: {error}. Name its governance.json.",
                f"{file} はこのバージョンの報告書として読めません（{error}）。governance.json を指定してください。",
            )
        ) from error
    again = asyncio.run(_recorded(target, published.period))
    differing = [name for name in again.__struct_fields__ if getattr(again, name) != getattr(published.recorded, name)]
    if target.as_json:
        print_json({"same": not differing, "differing": differing})
    elif differing:
        parts = ", ".join(differing)
        out.print(say(f"[red]✗[/] Not as published: {parts}.", f"[red]✗[/] 公開時と異なる部分：{parts}"))
    else:
        out.print(say("[green]✓[/] The records say what was published.", "[green]✓[/] 記録と一致しました。"))
    if differing:
        sys.exit(1)


@report.command(
    help=say(
        "What left for where in an incident: of single decisions, or of a span of time.",
        "インシデントの送信記録。決定を指定するか、期間を指定します。",
    )
)
@click.option("--decision", "decisions", multiple=True, metavar="ID", help=say("A decision.", "対象の決定。"))
@click.option("--since", type=_DAY, help=say("Start (UTC).", "開始日時（UTC）。"))
@click.option("--until", type=_DAY, help=say("End (UTC); now by default.", "終了日時（UTC）。省略時は現在。"))
@click.option("--tenant", help=say("One tenant only.", "一つのテナントだけ。"))
@click.option("--provider", help=say("Only what went to this provider.", "この提供元への送信だけ。"))
@click.option("--model", help=say("Only what went to this model.", "このモデルへの送信だけ。"))
@click.option("--zone", help=say("Only what went to this zone.", "このゾーンへの送信だけ。"))
@click.option("--user", help=say("Only requests of this user.", "この利用者の要求だけ。"))
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help=say("Folder to write to; else it is printed.", "出力先のフォルダー。省略時は画面に表示。"),
)
@installation
def incident(target: Target, folder: Path | None, **options: Any) -> None:
    """Print the report, or write it in both languages."""
    from kyozon.cli.incident_page import incident_page

    found = asyncio.run(_incident(target, _scope(options)))
    if folder is not None:
        texts = {f"incident.{one}.md": incident_page(found, one) for one in _BOTH}
        _write(target, folder, texts | _data("incident", found))
    elif target.as_json:
        print_json(found)
    else:
        sys.stdout.write(incident_page(found, language()))


@report.command(
    help=say(
        "What was paid, against what one model would have cost for the answers judged as good.",
        "実際の支払いと、同等品質と判定した応答を一つのモデルで賄った場合の費用との比較。",
    )
)
@click.option(
    "--reference", required=True, metavar="MODEL", help=say("The model to compare with.", "比較の基準にするモデル。")
)
@click.option("--since", type=_DAY, help=say("First day (UTC); all records by default.", "開始日（UTC）。省略時は全記録。"))
@click.option(
    "--until", type=_DAY, help=say("First day after (UTC); now by default.", "終了日の翌日（UTC）。省略時は現在。")
)
@click.option("--tenant", help=say("One tenant only.", "一つのテナントだけ。"))
@click.option("--by", type=click.Choice(["day", "key", "model", "task"]), default="day", show_default=True)
@installation
def savings(target: Target, reference: str, by: "Grouping", **options: Any) -> None:
    """Print the sums, their interval, and what is left out and why."""
    from kyozon.cli.savings_page import print_savings

    found, names = asyncio.run(_savings(target, reference, _period(options), by))
    if target.as_json:
        print_json(found)
    else:
        print_savings(found, names)


@report.command(help=say("Print the JSON schema of a report.", "報告の JSON スキーマを出力します。"))
@click.argument("name", type=click.Choice(["governance", "incident"]))
def schema(name: Literal["governance", "incident"]) -> None:
    """Print it."""
    sys.stdout.write(_schema(name))


_BOTH: tuple[Language, ...] = ("en", "ja")


def _period(options: dict[str, Any]) -> "Period":
    from kyozon.domain.reports import Period

    since, until = (None if options[name] is None else options[name].replace(tzinfo=UTC) for name in ("since", "until"))
    period = Period(since or _FIRST, until or datetime.now(UTC), options["tenant"])
    if period.since >= period.until:
        start, end = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (period.since, period.until))
        raise InvalidRequest(
            Text(
                f"nothing lies between --since {start} and --until {end} (UTC): name a start that is before the end and "
                "not in the future.",
                f"--since {start} が --until {end}（UTC）より前になっていません。"
                "開始には、終了より前で未来でない日時を指定してください。",
            )
        )
    return period


def _scope(options: dict[str, Any]) -> "Scope":
    from kyozon.services.reporting.incidents import Scope

    decisions = options["decisions"]
    if not decisions and options["since"] is None:
        raise InvalidRequest(
            Text(
                "say what the incident is about: --decision ID, or --since with a day.",
                "対象を指定してください：--decision ID、または --since に開始日。",
            )
        )
    filters = {name: options[name] for name in ("tenant", "provider", "model", "zone", "user")}
    return Scope(decisions, None if options["since"] is None else _period(options), **filters)


async def _governance(target: Target, period: "Period", *, examine: bool) -> "GovernanceReport":
    from kyozon.bootstrap.reporting import governance_reporter

    async with target.store() as store:
        return await governance_reporter(target.settings(), store, examine=examine).report(period)


async def _recorded(target: Target, period: "Period") -> "Recorded":
    from kyozon.bootstrap.reporting import governance_reporter

    async with target.store() as store:
        return await governance_reporter(target.settings(), store, examine=False).recorded(period)


async def _incident(target: Target, scope: "Scope") -> Any:
    from kyozon.bootstrap.reporting import incident_reporter

    async with target.store() as store:
        return await incident_reporter(store).report(scope)


async def _savings(
    target: Target, reference: str, period: "Period", by: "Grouping"
) -> "tuple[SavingsReport, dict[str, str]]":
    from kyozon.bootstrap.reporting import savings_reporter

    _, registry = target.models()
    async with target.store() as store:
        found = await savings_reporter(store, registry).report(reference, period, by)
        return found, {key.id: key.name for key in await store.keys.all()}


def _data(name: str, found: Any) -> dict[str, str]:
    text = msgspec.json.format(msgspec.json.encode(found, order="deterministic")).decode()
    return {f"{name}.json": f"{text}\n", f"{name}.schema.json": _schema(name)}


def _schema(name: str) -> str:
    from kyozon.services.reporting import schemas

    return f"{msgspec.json.format(msgspec.json.encode(schemas.schema(name))).decode()}\n"


def _write(target: Target, folder: Path, texts: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise InvalidRequest(
            Text(
                f"{folder} cannot be written to: {reason_of(error).en}. Name another folder with --out.",
                f"{folder} に書き込めません（{reason_of(error).ja}）。--out で別のフォルダーを指定してください。",
            )
        ) from error
    files = [str(folder / name) for name in texts]
    if target.as_json:
        print_json({"files": files})
        return
    for file in files:
        out.print(say(f"Wrote {file}", f"{file} を作成しました"))


commands = [report]
