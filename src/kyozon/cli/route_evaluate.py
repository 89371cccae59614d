"""`kyozon route evaluate`: how good answers would have been with another quality, by what people said of those they got."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import click

from kyozon.cli.candidates import asked_for
from kyozon.cli.options import Target, goal_read, installation, of_decisions
from kyozon.cli.output import out, plain, print_json, print_left_out, print_table
from kyozon.cli.route import route
from kyozon.cli.speech import say
from kyozon.domain.quality import Goal

if TYPE_CHECKING:
    from kyozon.evaluation.off_policy import Evaluated, Value
    from kyozon.services.evaluating import AtGoal

_CLOSE = 0.02
"""Two points: an interval that is no wider to either side is said to be enough."""


@route.command(
    help=say(
        "How good and how dear answers would have been with another quality, by what people said of recorded ones.",
        "別の品質目標なら応答の質と費用がどうなったかを、記録された応答への評価から推定します。",
    )
)
@click.option(
    "--quality", required=True, help=say("max, high, balanced, economy, or a share.", "max などの目標または割合。")
)
@click.option(
    "--without-cascades",
    "alone",
    is_flag=True,
    help=say("As if [routing] cascade were false.", "[routing] cascade = false の場合として推定します。"),
)
@of_decisions
@installation
def evaluate(target: Target, quality: str, alone: bool, since: datetime, tenant: str | None) -> None:  # noqa: FBT001 - click's
    """Say what can be concluded, or why nothing can. It needs `[routing] explore` and judgements."""
    goal = goal_read(quality, "--quality")
    found = asyncio.run(_evaluated(target, goal, since, tenant, alone=alone))
    if target.as_json:
        print_json({**plain(found), "lack": found.lack})
        return
    print_left_out(found.left_out)
    _print(found)


async def _evaluated(target: Target, goal: Goal, since: datetime, tenant: str | None, *, alone: bool) -> "AtGoal":
    from kyozon.bootstrap.reading import registry_as_of
    from kyozon.services.evaluating import Evaluator

    async with target.started() as store:
        return await Evaluator(store.feedback, store.policies, registry_as_of).at(goal, since, tenant, alone=alone)


def _print(found: "AtGoal") -> None:
    beside = f"  ({found.seen_only:,} more only seen: not counted)", f"（ほかに推測のみ {found.seen_only:,} 件、対象外）"
    seen = say(*beside) if found.seen_only else ""
    alone = say(", without cascades", "、カスケードなし") if found.without_cascades else ""
    rows = [
        [say("quality asked", "品質目標"), asked_for(found.quality) + alone],
        [say("compared", "比較した決定"), f"{found.compared:,}"],
        [say("left to chance: another model", "抽選で別のモデルへ"), f"{found.explored:,}"],
        [say("scored", "評点のある応答"), f"{found.scored:,}{seen}"],
    ]
    score, cost = found.score, found.cost
    if score is not None and score.lack is None:
        rows += _support_rows(score)
        rows.append([say("score", "評点"), f"{score.logged:.3f} → [bold]{score.dr.value:.3f}[/]  {_between(score.dr, 3)}"])
        rows.append([say("difference", "差"), _points(score.difference)])
    if cost is not None and cost.lack is None:
        told = f"{cost.logged:.6f} → [bold]{cost.dr.value:.6f}[/] {found.currency}  {_between(cost.dr, 6)}"
        rows.append([say("cost of a request", "1 件の費用"), told])
    print_table(["", ""], rows)
    out.print()
    for line in (_verdict(found), *_left_out(found), _caveat()):
        out.print(line)


def _support_rows(score: "Evaluated") -> list[list[str]]:
    covered = score.requests - score.uncovered
    elsewhere = say(
        f"{score.elsewhere:,} of {covered:,}, {score.tried:,} tried",
        f"{covered:,} 件中 {score.elsewhere:,} 件（実績 {score.tried:,} 件）",
    )
    found = [
        [say("would go elsewhere", "別の選択になる要求"), elsewhere],
        [say("effective sample size", "有効標本数"), f"{score.effective:,.0f}"],
    ]
    if score.clipped:
        found.append([say("weights clipped", "重みの打ち切り"), f"{score.clipped:,}"])
    return found


def _between(found: "Value", digits: int) -> str:
    return f"(95 %: {found.low:.{digits}f}–{found.high:.{digits}f})"


def _points(found: "Value") -> str:
    middle, low, high = (f"{100 * one:+.1f}" for one in (found.value, found.low, found.high))
    return say(f"{middle} points  (95 %: {low} to {high})", f"{middle} ポイント（95 % 区間 {low} ～ {high}）")


def _verdict(found: "AtGoal") -> str:
    score = found.score
    if score is None or score.lack is not None:
        return _nothing_to_conclude(found)
    difference = score.difference
    if max(abs(difference.low), abs(difference.high)) <= _CLOSE:
        return say("Answers would be as good, to within two points.", "応答の質は 2 ポイント以内で同じと言えます。")
    if difference.high < 0:
        return say("Answers would be worse.", "応答の質は下がります。")
    if difference.low > 0:
        return say("Answers would be better.", "応答の質は上がります。")
    from kyozon.evaluation.off_policy import requests_needed

    needed = requests_needed(score, _CLOSE)
    return say(
        f"Not enough to tell better from worse: about {needed:,} scored requests like these would show two points.",
        f"良くなるか悪くなるかはまだ判断できません。2 ポイントの差を見るには、評点のある要求が約 {needed:,} 件必要です。",
    )


def _nothing_to_conclude(found: "AtGoal") -> str:
    score, none = found.score, say("Nothing can be concluded", "結論は出せません")
    if score is not None and found.lack == "untried":
        why = say(
            f"{score.elsewhere:,} of {score.requests:,} scored requests would be answered otherwise, and only "
            f"{score.tried} of these were tried (30 are needed). Explore more (\\[routing] explore), or wait.",
            f"評点のある {score.requests:,} 件のうち {score.elsewhere:,} 件は選択が変わりますが、"
            f"試されたのは {score.tried} 件だけです（30 件必要）。"
            "\\[routing] explore を上げるか、記録が増えるのを待ってください。",
        )
    elif found.lack == "uncovered":
        why = _uncovered(found)
    else:
        why = say(
            f"{found.scored} answers have a score, and 30 are needed at least. POST /kyozon/v1/feedback takes scores.",
            f"評点のある応答は {found.scored} 件です（最低 30 件）。評点は POST /kyozon/v1/feedback で送れます。",
        )
    return say(f"{none}: {why}", f"{none}。{why}")


def _uncovered(found: "AtGoal") -> str:
    """How many requests no record tells of, and what would: another command for cascades, exploring for the rest."""
    where, of = found.scored if found.score is None else found.score.uncovered, found.scored
    told = say(
        f"{where:,} of {of:,} scored requests would go where none of their kind is ever sent.",
        f"評点のある {of:,} 件のうち {where:,} 件は、これまで選ばれ得なかった先に送られます。",
    )
    if found.cascades:
        told += say(
            f" {found.cascades:,} of them would go to a cascade, and cascades are not explored: compare without "
            "(--without-cascades, which is \\[routing] cascade = false), or ask what is expected (kyozon route simulate).",
            f"うち {found.cascades:,} 件はカスケードになりますが、カスケードは抽選の対象外です。カスケードなしで比べるか"
            "（--without-cascades、\\[routing] cascade = false に相当）、kyozon route simulate で予測を確認してください。",
        )
    if where > found.cascades:
        told += say(
            " \\[routing] explore makes answers of other models known, a lower explore_floor more of them.",
            "ほかのモデルの応答を知るには、\\[routing] explore を設定し、必要なら explore_floor を下げてください。",
        )
    return told


def _left_out(found: "AtGoal") -> list[str]:
    told = [
        (found.without_estimates, say("recorded without estimates", "予測の記録なし")),
        (found.single, say("only one model could be meant", "対象モデルが一つだけ")),
        (found.named, say("the caller named a model", "呼び出し側がモデルを指定")),
        (found.unanswered, say("refused, failed or answered from the cache", "拒否・失敗・キャッシュからの応答")),
        (found.unlike, say("not the same when made again", "再現すると別の結果")),
    ]
    return [say(f"Left out: {count:,} ({what})", f"対象外：{count:,} 件（{what}）") for count, what in told if count]


def _caveat() -> str:
    return say(
        "Only answers that somebody judged count, and who judges is not left to chance: those who are not heard may think "
        "otherwise.",
        "評点のある応答だけを数えています。評価する人は無作為ではないため、評価しない人の見方は異なるかもしれません。",
    )
