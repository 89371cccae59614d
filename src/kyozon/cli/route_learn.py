"""`kyozon route learn`: another version of what estimates models, from what was said of their answers."""

import asyncio
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kyozon.cli.domains import domain_said
from kyozon.cli.estimates import base_of, option_base, tell_written, writable, writes, written
from kyozon.cli.options import Target, installation, of_decisions
from kyozon.cli.output import out, print_json, print_left_out, print_table
from kyozon.cli.route import route
from kyozon.cli.speech import language, say
from kyozon.domain.language import Text

if TYPE_CHECKING:
    from kyozon.domain.models import ModelCard
    from kyozon.routing.estimating.learning import Lesson, Moved
    from kyozon.routing.estimating.quality_model import QualityModel
    from kyozon.services.learning import Learnt

_DOMAINS = 3


@route.command(
    help=say(
        "Learn from what was said of recorded answers: how good each model is, in which domain. Writes a new version.",
        "記録された応答への評価から、モデルごと・分野ごとの品質を学習し、新しいバージョンを書き出します。",
    )
)
@writes
@option_base
@of_decisions
@installation
def learn(target: Target, path: Path, force: bool, base: Path | None, since: datetime, tenant: str | None) -> None:  # noqa: FBT001 - click's
    """Numbers of the records are read, no words. What it writes goes live by `kyozon route try`."""
    writable(path, force=force)
    _, registry = target.models()
    model = base_of(target, registry, base)
    cards = {card.id: card for card in registry.cards()}
    found = asyncio.run(_learnt(target, (model, cards), since, tenant))
    lesson = found.lesson
    written(path, lesson.model)
    if target.as_json:
        numbers = {"decisions": found.decisions, "judged": found.judged, "passed_over": found.passed_over}
        told = {"moved": lesson.moved, "unmoved": dict(lesson.unmoved), "strictness": lesson.strictness}
        print_json({"from": model.version, "version": lesson.model.version, "file": str(path), **numbers, **told})
        return
    print_left_out(found.left_out)
    _print(found)
    tell_written(path, lesson.model)


async def _learnt(
    target: Target, known: "tuple[QualityModel, dict[str, ModelCard]]", since: datetime, tenant: str | None
) -> "Learnt":
    from kyozon.services.learning import Learner

    async with target.started() as store:
        return await Learner(store.feedback, *known).learn(since, tenant)


def _print(found: "Learnt") -> None:
    from kyozon.routing.estimating.learning import FEWEST

    lesson = found.lesson
    out.print(_in_common(lesson))
    out.print()
    columns = [say("model", "モデル"), say("judged", "評価件数"), say("count as", "換算"), say("people", "評価者")]
    columns += [say("expected", "予測"), say("said", "評点"), say("expected now", "学習後の予測")]
    columns.append(say("change by domain, in points", "分野ごとの変化（ポイント）"))
    print_table(columns, [_row(moved) for moved in lesson.moved], right=range(1, 7))
    out.print()
    for name, count in lesson.unmoved:
        out.print(
            say(
                f"{name} stays as it is: its judgements count as {count:g}, and {FEWEST:g} are needed.",
                f"{name}：評価が換算で {count:g} 件しかなく（{FEWEST:g} 件必要）、据え置きます。",
            )
        )
    if any(moved.effective != moved.judgements for moved in lesson.moved):
        out.print(_UNEVEN.to(language()))
    passed = [
        say(f"{count:,} ({_WHY[name].en})", f"{_WHY[name].ja} {count:,} 件") for name, count in found.passed_over.items()
    ]
    if passed:
        told = say(", ", "、").join(passed)
        out.print(say(f"Not learnt from: {told}.", f"学習に使わなかった決定：{told}。"))


def _row(moved: "Moved") -> list[str]:
    counts = [f"{moved.judgements:,}", f"{moved.effective:,.0f}", f"{moved.people:,}"]
    shares = [f"{moved.expected:.2f}", f"{moved.said:.2f}", f"[bold]{moved.now:.2f}[/]"]
    most = ", ".join(f"{domain_said(name)} {100 * change:+.0f}" for name, _, change in moved.domains[:_DOMAINS])
    return [moved.model, *counts, *shares, most.replace("[", r"\[")]


def _in_common(lesson: "Lesson") -> str:
    """What all models have in common, at the quality that was expected of the judged answers."""
    judged = sum(moved.judgements for moved in lesson.moved)
    expected = sum(moved.expected * moved.judgements for moved in lesson.moved) / judged
    said = 1 / (1 + (1 - expected) / expected * math.exp(-lesson.strictness))
    kinder = lesson.strictness >= 0
    en, ja = ("more kindly", "甘め") if kinder else ("more strictly", "厳しめ")
    return say(
        f"People judge {en} here than the recorded results do: an answer expected at {expected:.2f} gets {said:.2f}. "
        "That holds for all models, so it is left out; what moves is one model against the others.",
        f"ここでの評価は、記録済みの結果より{ja}です（予測 {expected:.2f} の応答が、ここでは {said:.2f}）。"
        "全モデルに共通なので差し引き、モデル間の差だけを学習します。",
    )


_UNEVEN = Text(
    "Count as: what was only seen counts less than what was said, and so do answers that chance drew unevenly.",
    "換算：明示的な評価でないもの、抽選の確率が偏ったものは、1 件より小さく数えます。",
)
_WHY = {
    "unsaid": Text("nothing was said of them", "評価なし"),
    "elsewhere": Text("chosen by another version", "別のバージョンによる選択"),
    "unweighed": Text("only one model could be meant", "対象モデルが一つだけ"),
    "unanswered": Text("refused, failed or answered from the cache", "拒否・失敗・キャッシュからの応答"),
    "cascaded": Text("delivered by a cascade without a verdict", "カスケードで判定なしに返された応答"),
}
