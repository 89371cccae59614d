"""`kyozon doctor`: what is missing, and how to get it."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from kyozon.bootstrap.run_file import running_address
from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json
from kyozon.cli.speech import language, say
from kyozon.domain.errors import KyozonError

if TYPE_CHECKING:
    from kyozon.bootstrap.auditing import LogState
    from kyozon.bootstrap.local import LocalModels
    from kyozon.services.registry import Installation
    from kyozon.settings import Settings

_ENOUGH_DISK = 2_000_000_000
_ENOUGH_MEMORY = 2_000_000_000


class Finding(Struct, frozen=True):
    """One thing looked at. `mend` says what to do where it is not well."""

    name: str
    well: bool
    state: str
    mend: str = ""


@click.command(
    help=say(
        "Look at this machine and installation; say what is missing.", "このマシンと設定を点検し、足りないものを示します。"
    )
)
@installation
def doctor(target: Target) -> None:
    """Check, print, exit 1 if something is wrong."""
    settings = target.settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    local, registry = target.models()
    findings = [*_machine(settings, local), *_providers(registry.installation), *asyncio.run(_database(target))]
    findings.append(_server(settings))
    if target.as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = "[green]✓[/]" if finding.well else "[red]✗[/]"
            out.print(f"{mark} {finding.name}: {finding.state}")
            if finding.mend:
                out.print(f"    → {finding.mend}", markup=False)
    sys.exit(0 if all(finding.well for finding in findings) else 1)


def _machine(settings: "Settings", local: "LocalModels") -> Iterator[Finding]:
    yield Finding("Python", well=True, state=f"{platform.python_version()} ({platform.machine()})")
    memory = local.memory()
    yield Finding(
        say("memory", "メモリ"),
        memory >= _ENOUGH_MEMORY,
        f"{memory / 1e9:.1f} GB, {os.cpu_count()} CPU",
        ""
        if memory >= _ENOUGH_MEMORY
        else say("Local models need 2 GB or more.", "ローカルモデルには 2 GB 以上必要です。"),
    )
    free = shutil.disk_usage(settings.data_dir).free
    yield Finding(
        say("disk", "ディスク"),
        free >= _ENOUGH_DISK,
        f"{free / 1e9:.1f} GB {say('free in', '空き')} {settings.data_dir}",
        ""
        if free >= _ENOUGH_DISK
        else say("Free some space or move --data-dir.", "空きを作るか --data-dir を移してください。"),
    )
    if not settings.local.enabled:
        off = say("off (local.enabled = false)", "無効（local.enabled = false）")
        yield Finding(say("local models", "ローカルモデル"), well=True, state=off)
        return
    found = local.store.all()
    names = ", ".join(model.card.id for model in found) or say("none", "なし")
    mend = say("kyozon up gets the demo model.", "kyozon up でデモ用モデルを取得します。") if not found else ""
    yield Finding(say("local models", "ローカルモデル"), bool(found), names, mend)


def _providers(known: "Installation") -> Iterator[Finding]:
    from kyozon.bootstrap.reading import known_vendors

    for name, provider in known.providers.items():
        missing = known.credentials_missing.get(name)
        state = f"{provider.base_url or say('this machine', 'このマシン')} ({say('zone', 'ゾーン')} {provider.zone})"
        mend = (
            say(f"Set the environment variable {missing}.", f"環境変数 {missing} を設定してください。") if missing else ""
        )
        yield Finding(say(f"provider {name}", f"プロバイダー {name}"), missing is None, state, mend)
    more = sorted((row for row in known_vendors().values() if row.id not in known.providers), key=lambda row: row.id)
    names = ", ".join(f"{row.id} ({row.key_variable})" if row.key_variable else row.id for row in more)
    yield Finding(say("vendors to turn on", "有効にできるベンダー"), well=True, state=names)


async def _database(target: Target) -> list[Finding]:
    from kyozon.bootstrap.auditing import log_state

    name = say("database", "データベース")
    try:
        async with target.store() as store:
            balance = await store.records.balance()
            version = await store.database.server_version()
            log = await log_state(target.settings(), store)
    except KyozonError as error:
        return [Finding(name, well=False, state=error.code, mend=error.message(language()))]
    whole = all(total == 0 for total in balance.values())
    ledger = (
        say("ledger sums to zero", "元帳の合計は 0") if whole else say("LEDGER DOES NOT BALANCE", "元帳が釣り合いません")
    )
    return [Finding(name, whole, f"PostgreSQL {version}; {ledger}"), _audit_log(log)]


def _audit_log(log: "LogState") -> Finding:
    state = say(
        f"{log.sealed} records sealed, {log.waiting} waiting",
        f"封印済み {log.sealed} 件、封印待ち {log.waiting} 件",
    )
    refused = log.refused
    mend = say(f"Nothing is sealed: {refused.en}", f"封印できません：{refused.ja}") if refused else ""
    return Finding(say("audit log", "監査ログ"), refused is None, state, mend)


def _server(settings: "Settings") -> Finding:
    address = running_address(settings.data_dir)
    return Finding(
        say("server", "サーバー"), well=True, state=address or say("not running (kyozon up)", "停止中（kyozon up）")
    )


commands = [doctor]
