"""`kyozon up`: start everything, say where it is, serve until told to stop."""

import asyncio
import logging
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kyozon import __version__
from kyozon.cli.local_key import NAME, ensure_key
from kyozon.cli.models import recommendation
from kyozon.cli.options import Target, installation
from kyozon.cli.output import err, out, print_json
from kyozon.cli.speech import language, say
from kyozon.cli.steps import Steps
from kyozon.domain.language import Text
from kyozon.services.keys import NewKey

if TYPE_CHECKING:
    from kyozon.bootstrap.house import House
    from kyozon.settings import Settings


@click.command(
    help=say(
        "Start Kyozon: database, local model, endpoint.", "Kyozon を起動します（データベース・ローカルモデル・窓口）。"
    )
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help=say("Port; 0 takes a free one.", "ポート。0 で空きを使います。")
)
@click.option(
    "--replace",
    is_flag=True,
    help=say(
        "Take over from the server that runs on this data directory: it hands its port over and ends what it has begun.",
        "同じデータディレクトリのサーバーと交代します。ポートを引き継ぎ、旧サーバーは処理中の要求を終えて停止します。",
    ),
)
@click.option("--host", help=say("Address to listen on.", "待ち受けるアドレス。"))
@installation
def up(target: Target, port: int | None, host: str | None, *, replace: bool) -> None:
    """Start, print, serve."""
    if port is not None:
        target.overrides["KYOZON_PORT"] = str(port)
    if host is not None:
        target.overrides["KYOZON_HOST"] = host
    import uvloop

    steps = Steps(as_json=target.as_json)
    settings = target.settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _log_to(settings)
    try:
        uvloop.run(_serve(target, settings, steps, replace=replace))
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)  # as the shell counts a process that the signal has ended


async def _serve(target: Target, settings: "Settings", steps: Steps, *, replace: bool) -> None:
    from kyozon.bootstrap.handover import dismiss, taken
    from kyozon.bootstrap.house import running
    from kyozon.bootstrap.serving import address_of, end_in_order, listening, served

    end_in_order()

    if not target.as_json:
        err.print(f"[bold]Kyozon {__version__}[/]  {settings.data_dir}")
    predecessor = taken(settings.data_dir) if replace else None
    bound = predecessor[0] if predecessor else listening(settings)
    async with running(settings, target.environ(), steps.step, target.settings) as house:
        await ensure_key(settings.data_dir, house.keys)
        first = await _first_key(house)
        with steps.step(Text("endpoint", "窓口")):
            serving = served(house, bound, settings)
            task = await serving.__aenter__()
        try:
            if predecessor:
                dismiss(predecessor[1])
            _announce(target, house, steps, address=address_of(bound), key=first)
            await task
        finally:
            await serving.__aexit__(None, None, None)


async def _first_key(house: "House") -> str | None:
    """The secret of the first key of a new installation, None where people have keys already."""
    if any(key.name != NAME and key.revoked_at is None for key in await house.keys.all()):
        return None
    _, secret = await house.keys.issue(NewKey(name="first", admin=True))
    return secret


def _announce(target: Target, house: "House", steps: Steps, *, address: str, key: str | None) -> None:
    total = round(steps.total(), 3)
    if target.as_json:
        unsealed = house.unsealed and house.unsealed.to(language())
        started = {"address": address, "key": key, "seconds": steps.seconds, "total": total}
        print_json(started | {"recovered": house.recovered, "unsealed": unsealed})
        return
    err.print(say(f"  Ready in {total:.1f} s.", f"  準備完了（{total:.1f} 秒）。"))
    if house.recovered:
        err.print(
            say(
                f"  {house.recovered} requests that an earlier stop had cut off are accounted for.",
                f"  前回の停止で途切れた {house.recovered} 件の要求を記帳しました。",
            )
        )
    if house.unsealed is not None:
        err.print(
            say(
                f"  [yellow]![/] The audit log: what is recorded waits, and nothing is sealed. {house.unsealed.en}",
                f"  [yellow]![/] 監査ログ：記録は続いていますが、封印は止まっています。{house.unsealed.ja}",
            )
        )
    if house.local.trouble is not None:
        err.print(f"  [yellow]![/] {house.local.trouble.message(language())}")
    out.print()
    out.print(say(f"  Address  [bold]{address}/v1[/]", f"  アドレス  [bold]{address}/v1[/]"))
    if key is not None:
        out.print(say(f"  API key  [bold]{key}[/]", f"  API キー  [bold]{key}[/]"))
        out.print(
            say(
                "           Keep it now: it is not shown again.", "            今すぐ控えてください。二度と表示されません。"
            )
        )
    else:
        out.print(
            say(
                "  API key  as before; kyozon keys create makes another",
                "  API キー  以前のとおり。追加は kyozon keys create",
            )
        )
    out.print()
    _three_things(target, address, key or "ky-your-key")
    if house.local.cards():
        out.print(recommendation(house.local, _kyozon()))
    sys.stdout.flush()


def _three_things(target: Target, address: str, key: str) -> None:
    given = (("--data-dir", target.data_dir), ("--config", target.config))
    options = "".join(f" {name} {Path(value).absolute()}" for name, value in given if value)
    out.print(say("  Three things to try, in another terminal:", "  別の端末で、まずはこの三つ："))
    out.print(f'    {_kyozon()} ask{options} "Why is the sky blue?"', markup=False)
    body = '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}'
    out.print(f"    curl {address}/v1/chat/completions -H 'Authorization: Bearer {key}' -d '{body}'", markup=False)
    out.print(f"    {_kyozon()} usage{options} --by model", markup=False)
    out.print()


def _kyozon() -> str:
    """How another terminal calls this command: by its path where a virtual environment hides it."""
    if shutil.which("kyozon"):
        return "kyozon"
    return sys.argv[0] if Path(sys.argv[0]).name == "kyozon" else f"{sys.executable} -m kyozon"


def _log_to(settings: "Settings") -> None:
    """To a file for its owner alone, as all logs are: they name providers' addresses, and an engine may write anything."""
    folder = settings.data_dir / "logs"
    folder.mkdir(exist_ok=True)
    file = folder / "kyozon.log"
    file.touch()
    with suppress(PermissionError):  # some file systems know no owners
        folder.chmod(0o700)
        file.chmod(0o600)
    logging.basicConfig(filename=file, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")


commands = [up]
