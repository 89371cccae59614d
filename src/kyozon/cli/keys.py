"""`kyozon keys`: API keys."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import click

from kyozon.bootstrap.world import WORLD
from kyozon.cli.options import (
    WITHIN,
    Target,
    clearance_read,
    goal_read,
    installation,
    label_read,
    option_read,
    within_read,
)
from kyozon.cli.output import err, out, plain, print_json, print_table
from kyozon.cli.speech import say
from kyozon.domain.callers import ApiKey, Limits
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.governance.labelling import request_label
from kyozon.governance.releasing import known_role
from kyozon.services.keys import KeyService, NewKey

_LICENCES = say(
    "Licence of the models that may answer, as in Apache-2.0; open for all with published weights. Repeatable.",
    "応答できるモデルのライセンス（例：Apache-2.0）。open は重みが公開されたモデルすべて。繰り返し指定できます。",
)


@click.group(help=say("API keys: create, list, revoke.", "API キーの作成・一覧・失効。"))
def keys() -> None:
    """The group."""


@keys.command(
    help=say("Create a key; its secret is shown this once.", "キーを作成します。秘密の値が表示されるのはこの一度だけです。")
)
@click.option("--name", required=True, help=say("A name for people.", "人が見分けるための名前。"))
@click.option("--tenant", default="default", show_default=True, help=say("Who it is accounted to.", "計上先のテナント。"))
@click.option("--user", default="admin", show_default=True, help=say("Who uses it.", "利用者。"))
@click.option(
    "--clearance",
    default="restricted+*",
    show_default=True,
    help=say("The most sensitive data it may read.", "このキーで読める最も機密性の高いデータ。"),
)
@click.option("--label", help=say("Label of its requests that state none.", "ラベルのない要求に付けるラベル。"))
@click.option(
    "--label-floor", help=say("Its requests cannot declare a label below this one.", "これより低いラベルは宣言できません。")
)
@click.option("--requests-per-minute", type=click.IntRange(1), help=say("Ceiling.", "上限。"))
@click.option("--tokens-per-minute", type=click.IntRange(1), help=say("Ceiling.", "上限。"))
@click.option("--money-per-month", type=str, help=say("Budget a month (UTC).", "毎月の予算（UTC）。"))
@click.option(
    "--concurrent-requests",
    type=click.IntRange(1),
    help=say("Requests at the same time; further ones wait.", "同時に実行できる要求の数。超えた分は待ちます。"),
)
@click.option(
    "--quality",
    help=say(
        "How good its answers must be: max, high, balanced, economy, or a share such as 0.95.",
        "応答に求める品質：max・high・balanced・economy、または 0.95 のような割合。",
    ),
)
@click.option("--licence", "licences", multiple=True, help=_LICENCES)
@click.option("--within", metavar="SECONDS", help=WITHIN)
@click.option("--days", type=click.IntRange(1), help=say("Expires after so many days.", "有効日数。"))
@click.option(
    "--admin", is_flag=True, help=say("May read the whole tenant's records.", "テナント全体の記録を読めるようにします。")
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    help=say(
        "What its user may decide on: review, declassify:level:LEVEL, declassify:COMPARTMENT. Repeatable.",
        "利用者が決定できること：review、declassify:level:レベル、declassify:区分。繰り返し指定できます。",
    ),
)
@installation
def create(target: Target, **options: Any) -> None:
    """Issue a key."""
    key, secret = asyncio.run(_issue(target, _wanted(target, options)))
    _warn_of_refusals(key, target.settings().default_label)
    if target.as_json:
        print_json({"key": secret, "id": key.id, "name": key.name})
        return
    out.print(f"[bold]{secret}[/]")
    out.print(say("Keep it now: it is not shown again.", "今すぐ控えてください。二度と表示されません。"))


def _warn_of_refusals(key: ApiKey, default: Label) -> None:
    """Say it where requests that state no label are above what the key is cleared for: each of them would be refused."""
    label, _ = request_label(None, key, default)
    if not label.within(key.clearance):
        warning = say(
            f"Requests of this key that state no label are {label}, and it is cleared for {key.clearance}: they are "
            "refused. State a label with each (x-kyozon-label, --label), or make the key with --label.",
            f"ラベルを指定しない要求は {label} になり、このキーの許可（{key.clearance}）を超えるため拒否されます。"
            "要求ごとにラベルを指定するか（x-kyozon-label、--label）、--label 付きでキーを作り直してください。",
        )
        err.print(f"[yellow]{warning}[/]")


@keys.command("list", help=say("List keys.", "キーの一覧。"))
@installation
def list_keys(target: Target) -> None:
    """Show every key, without its secret."""
    found = asyncio.run(_all(target))
    if target.as_json:
        print_json([_public(key) for key in found])
        return
    columns = [say("id", "ID"), say("name", "名前"), say("begins", "先頭"), say("user", "利用者"), say("clearance", "許可")]
    columns += [say("default label", "既定ラベル"), say("state", "状態")]
    rows = [
        [key.id, key.name, f"{key.prefix}…", key.user, str(key.clearance), str(key.default_label or "-"), _state(key)]
        for key in found
    ]
    print_table(columns, rows)


@keys.command(help=say("Revoke a key by its id or name, at once.", "ID か名前でキーを失効させます（即時）。"))
@click.argument("name")
@installation
def revoke(target: Target, name: str) -> None:
    """Revoke a key."""
    key = asyncio.run(_revoke(target, name))
    if target.as_json:
        print_json({"revoked": key.id})
    else:
        out.print(say(f"Revoked {key.name} ({key.id}).", f"{key.name}（{key.id}）を失効させました。"))


async def _issue(target: Target, wanted: NewKey) -> tuple[ApiKey, str]:
    async with target.store() as store:
        return await KeyService(store.keys, WORLD).issue(wanted)


async def _all(target: Target) -> list[ApiKey]:
    async with target.store() as store:
        return await KeyService(store.keys, WORLD).all()


async def _revoke(target: Target, name: str) -> ApiKey:
    async with target.store() as store:
        return await KeyService(store.keys, WORLD).revoke(name)


def _role(role: str) -> str:
    if not known_role(role):
        raise InvalidRequest(
            Text(
                f"--role {role!r} means nothing: use review, declassify:level:LEVEL or declassify:COMPARTMENT.",
                f"--role {role!r} は使えません。review、declassify:level:レベル、declassify:区分 のいずれかです。",
            ),
            "--role",
        )
    return role


def _wanted(target: Target, options: dict[str, Any]) -> NewKey:
    """What the options ask for; ceilings that they leave out are the settings'."""
    default = target.settings().default_limits
    money = options["money_per_month"]
    return NewKey(
        name=options["name"],
        tenant=options["tenant"],
        user=options["user"],
        clearance=clearance_read(options["clearance"], "--clearance"),
        default_label=_label(options["label"], "--label"),
        label_floor=_label(options["label_floor"], "--label-floor"),
        limits=Limits(
            options["requests_per_minute"] or default.requests_per_minute,
            options["tokens_per_minute"] or default.tokens_per_minute,
            option_read(Decimal, money, "--money-per-month", _MONEY) if money else default.money_per_month,
            options["concurrent_requests"] or default.concurrent_requests,
        ),
        admin=options["admin"],
        roles=frozenset(map(_role, options["roles"])),
        licences=frozenset(name.strip().lower() for name in options["licences"] if name.strip()),
        quality=goal_read(options["quality"], "--quality") if options["quality"] else None,
        within=within_read(options["within"], "--within") if options["within"] else None,
        expires_at=WORLD.now() + timedelta(days=options["days"]) if options["days"] else None,
    )


_MONEY = Text("an amount of money, such as 12.50", "金額（例：12.50）")


def _label(text: str | None, option: str) -> Label | None:
    return None if text is None else label_read(text, option)


def _public(key: ApiKey) -> dict[str, Any]:
    found: dict[str, Any] = plain(key)
    found.pop("sha256")
    return found


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return say("revoked", "失効")
    if key.expires_at is not None and key.expires_at <= WORLD.now():
        return say("expired", "期限切れ")
    return say("active", "有効")


commands = [keys]
