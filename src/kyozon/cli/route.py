"""`kyozon route`: which model a request would go to and why, and what another quality would have cost."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from kyozon.bootstrap.world import WORLD
from kyozon.cli.candidates import asked_for, print_candidates, print_reasons, quality_rows
from kyozon.cli.followed import follow
from kyozon.cli.options import WITHIN, Target, goal_read, installation, label_read, of_decisions, within_read
from kyozon.cli.output import out, plain, print_json, print_table
from kyozon.cli.speech import language, say
from kyozon.cli.timing import within_rows
from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Decision
from kyozon.domain.labels import Clearance, Level
from kyozon.domain.models import AUTO
from kyozon.domain.quality import Goal

if TYPE_CHECKING:
    from kyozon.services.forecasting import AtQuality
    from kyozon.services.registry import Registry

_MOVES = 8
_NAMES = 4
_GOAL = say("max, high, balanced, economy, or a share.", "max・high・balanced・economy または割合。")
_EVERYTHING = Clearance(Level.RESTRICTED, frozenset({"*"}))


@click.group(
    help=say(
        "Routing: why a model is chosen, what else it could cost, and better estimates.",
        "ルーティング：選択の理由、別の目標での費用、予測の改善。",
    )
)
def route() -> None:
    """The group."""


@route.command(
    help=say(
        "Which model would answer TEXT, and why not the others. Nothing is sent; no server need run.",
        "TEXT にどのモデルが応答するか、他のモデルがなぜ選ばれないかを示します。何も送信せず、サーバーの起動も不要です。",
    )
)
@click.argument("text")
@click.option("--quality", help=_GOAL)
@click.option("--within", metavar="SECONDS", help=WITHIN)
@click.option("--label", help=say("Its label; by default the settings'.", "ラベル。省略時は設定の既定値。"))
@installation
def explain(target: Target, text: str, **asked: str | None) -> None:
    """Weigh a request as the server would, for a key that may read everything."""
    from kyozon.services.explaining import Reasons, reasons_of

    decision, registry = _preview(target, text, asked)
    reasons: Reasons = reasons_of(decision, registry)
    if target.as_json:
        found: dict[str, Any] = plain(decision)
        print_json({**found, "reasons": reasons})
        return
    rows = [
        [say("label", "ラベル"), str(decision.label)],
        [say("router", "ルーター"), decision.router],
        [say("chosen", "選択"), f"[bold]{decision.chosen or '-'}[/]"],
        *quality_rows(decision, reasons.quality_margin),
        *within_rows(decision),
        [say("why", "理由"), decision.reason.to(language()).replace("[", r"\[")],
    ]
    print_table(["", ""], rows)
    print_candidates(decision)
    print_reasons(reasons, decision)
    if decision.within is not None:
        out.print()
        out.print(
            say(
                "How soon models answer is known to the running server alone: kyozon explain ID shows it of a request.",
                "応答までの時間は稼働中のサーバーだけが把握しています。実際の要求の値は kyozon explain ID で確認できます。",
            )
        )
    _print_hardly_known(decision, registry)


@route.command(
    help=say(
        "What recorded requests would have cost with another quality.",
        "記録された要求が、別の品質目標ならいくらかかったかを示します。",
    )
)
@click.option("--quality", required=True, help=_GOAL)
@of_decisions
@installation
def simulate(target: Target, quality: str, since: datetime, tenant: str | None) -> None:
    """Decide again from the recorded estimates; what an answer has used is priced at the model that would have given it."""
    found = asyncio.run(_simulated(target, goal_read(quality, "--quality"), since, tenant))
    if target.as_json:
        print_json(found)
    else:
        _print_simulated(found)


def _print_hardly_known(decision: Decision, registry: "Registry") -> None:
    """Which models are known by their cards alone, and how that is mended."""
    demos = {card.id for card in registry.cards() if card.demo}
    found = [one for one in decision.candidates if one.estimate is not None and not one.estimate.measured]
    known = list(dict.fromkeys(one.model for one in found if one.model not in demos))
    if known:
        names = ", ".join(known[:_NAMES]) + (", …" if len(known) > _NAMES else "")
        en = f"Known by their cards alone: {names}. kyozon route probe or kyozon route join makes one better known."
        ja = f"カードだけで予測：{names}。kyozon route probe か kyozon route join で結果を加えると精度が上がります。"
        out.print()
        out.print(say(en, ja).replace("[", r"\["))


def _preview(target: Target, text: str, asked: dict[str, str | None]) -> "tuple[Decision, Registry]":
    from msgspec import structs

    from kyozon.governance.needs import chat_needs
    from kyozon.metering.estimate import chat_tokens
    from kyozon.services.previewing import preview
    from kyozon.services.weighing import Query

    _, registry = target.models()
    follow(target, registry)
    chat = {"messages": [{"role": "user", "content": text}]}
    needs = chat_needs(chat, chat_tokens(chat), registry.installation.default_output)
    quality, within, label = (asked[name] for name in ("quality", "within", "label"))
    if quality is not None:
        needs = structs.replace(needs, quality=goal_read(quality, "--quality"))
    if within is not None:
        needs = structs.replace(needs, within=within_read(within, "--within"))
    given = registry.installation.default_label if label is None else label_read(label, "--label")
    now = WORLD.now()
    key = ApiKey("", "default", "", "", "", "", created_at=now, clearance=_EVERYTHING)
    return preview(registry, Query(AUTO, needs, given, key), lambda: text, now), registry


async def _simulated(target: Target, goal: Goal, since: datetime, tenant: str | None) -> "AtQuality":
    from kyozon.bootstrap.reading import registry_as_of
    from kyozon.services.forecasting import Forecaster

    async with target.started() as store:
        return await Forecaster(store.policies, registry_as_of).at(goal, since, tenant)


def _print_simulated(found: "AtQuality") -> None:
    if not found.compared:
        out.print(_nothing_to_compare(found))
        return
    saved = _change(found)
    rows = [
        [say("quality asked", "品質目標"), asked_for(found.quality)],
        [say("compared", "比較した決定"), str(found.compared)],
        [say("answered elsewhere", "別のモデルが応答"), str(found.elsewhere)],
        [say("cost", "費用"), f"{found.cost_before} → [bold]{found.cost_after}[/] {found.currency}{saved}"],
        [say("expected quality", "予測品質"), _expected(found)],
    ]
    print_table(["", ""], rows)
    if found.moves:
        out.print()
        moves = [[move.before, move.after, str(move.requests)] for move in found.moves[:_MOVES]]
        print_table([say("from", "変更前"), say("to", "変更後"), say("requests", "件数")], moves, right=(2,))
    out.print()
    for line in _left_out(found):
        out.print(line)


def _change(found: "AtQuality") -> str:
    if not found.cost_before:
        return ""
    return f"  ({100 * (found.cost_after / found.cost_before - 1):+.0f} %)"


def _expected(found: "AtQuality") -> str:
    best = found.expected_best or 1.0
    shares = f"{100 * found.expected_before / best:.1f} % → {100 * found.expected_after / best:.1f} %"
    told = f"{found.expected_before:.3f} → {found.expected_after:.3f}"
    return told + say(f"  ({shares} of always the best)", f"  （常に最良を選ぶ場合の {shares}）")


def _nothing_to_compare(found: "AtQuality") -> str:
    return say(
        f"None of {found.decisions} decisions can be compared: estimates are recorded from the day on which "
        "\\[routing] router is measured.",
        f"{found.decisions} 件の決定に比較できるものがありません。予測は \\[routing] router を measured にした日から"
        "記録されます。",
    )


def _left_out(found: "AtQuality") -> list[str]:
    told = [
        (found.without_estimates, say("recorded without estimates", "予測の記録なし")),
        (found.single, say("only one model could be meant", "対象モデルが一つだけ")),
        (found.unanswered, say("refused, failed or answered from the cache", "拒否・失敗・キャッシュからの応答")),
        (
            found.unpriced,
            say(
                "compared, but of unknown price or in another currency: not in the costs",
                "価格不明・別の通貨（費用の合計に含まず）",
            ),
        ),
    ]
    return [say(f"{count}: {what}", f"{what}：{count} 件") for count, what in told if count]


commands = [route]
