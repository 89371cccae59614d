"""The candidates of a decision as a table, and what would have changed the choice: for every command that explains one."""

from decimal import Decimal

from kyozon.cli.attempts import plan_row
from kyozon.cli.mattered import mattered
from kyozon.cli.objections import objection_said
from kyozon.cli.output import out, print_table
from kyozon.cli.speech import aside, language, say
from kyozon.cli.timing import expected_seconds, lateness
from kyozon.cli.tried import tried
from kyozon.domain.decisions import Candidate, Decision, Exploration
from kyozon.domain.quality import Goal
from kyozon.governance.needs import EVERY_LENGTH
from kyozon.routing.measured import at_most, loss, surest
from kyozon.services.counterfactuals import ranked, weighed_together
from kyozon.services.explaining import Reasons


def print_candidates(decision: Decision) -> None:
    """Rank, model, place, what is expected of it and what it costs, and why it is not the choice."""
    measured = decision.quality is not None
    rows = []
    for candidate in sorted(decision.candidates, key=lambda one: (one.rank is None, one.rank or 0, one.model)):
        unknown = say("price unknown", "価格不明") if candidate.permitted else "-"
        cost = unknown if candidate.predicted_cost is None else f"{candidate.predicted_cost:.6f}"
        row = [str(candidate.rank or "✗"), candidate.model, candidate.provider, candidate.zone, cost]
        row += [] if decision.within is None else [expected_seconds(candidate)]
        rows.append([*row, *(_expected(candidate) if measured else ()), " / ".join(_because(decision, candidate))])
    columns = [say("rank", "順位"), say("model", "モデル"), say("provider", "提供元"), say("zone", "ゾーン")]
    costs = say("expected cost", "予測費用") if measured else say("cost at most", "費用の上限")
    columns.append(say(f"{costs} ({decision.currency})", f"{costs}（{decision.currency}）"))
    columns += [] if decision.within is None else [say("first words (s)", "最初の言葉（秒）")]
    numbers = len(columns) + measured
    columns += [say("quality", "予測品質"), say("90 % between", "90 % 区間")] if measured else []
    columns.append(say("why not", "選ばれない理由") if measured else say("objections", "使えない理由"))
    out.print()
    print_table(columns, rows, right=tuple(range(4, numbers)))


def print_reasons(reasons: Reasons, decision: Decision) -> None:
    """The runner-up, what mattered, and the smallest changes that would have chosen otherwise."""
    rows = []
    if reasons.runner_up is not None:
        money = "" if reasons.margin is None else f"{reasons.margin:+.6f} {decision.currency}"
        margin = aside(money) if money else ""
        rows.append([say("runner-up", "次点"), reasons.runner_up + margin])
    for place, flip in enumerate(reasons.counterfactuals):
        after = flip.after or say("a refusal", "拒否")
        name = "" if place else say("would differ with", "変わる条件")
        rows.append([name, f"{flip.text.to(language())} → {after}".replace("[", r"\[")])
    if rows:
        out.print()
        print_table(["", ""], rows)


def asked_for(goal: Goal) -> str:
    """A quality, and what it means."""
    if goal.share == 1:
        return say(f"{goal}: the surest", f"{goal}（最も確実なモデル）")
    share = f"{100 * goal.share:g} %"
    return say(f"{goal}: surely {share} of the surest", f"{goal}（最も確実なモデルの {share}）")


def quality_rows(decision: Decision, margin: float | None) -> list[list[str]]:
    """What was asked of the answer's quality, how surely the choice reaches it, and by what that was judged."""
    if decision.quality is None:
        return []
    asked = asked_for(decision.quality)
    if margin is not None:
        reached = f"{100 * (decision.quality.share + margin):.1f} %"
        asked += say(f"; the choice reaches {reached}", f"、選択は {reached} に届く")
    rows = [[say("quality asked", "品質目標"), asked], [say("estimated by", "予測モデル"), decision.estimator]]
    if decision.cascade is not None:
        rows.append(plan_row(decision.cascade, decision.currency))
    elif (limit := _too_long(decision)) is not None:
        rows.append([say("cascade", "カスケード"), limit])
    if decision.exploration is not None:
        rows.append([say("left to chance", "抽選"), _drawn(decision.exploration)])
    if decision.trial is not None:
        rows.append([say("on trial", "試行中"), tried(decision.trial)])
    reasons = [one.estimate.reasons for one in ranked(decision)[:1] if one.estimate and one.estimate.reasons]
    if reasons:
        rows.append([say("what mattered", "影響した要因"), mattered(reasons[0]).replace("[", r"\[")])
    return rows


def _drawn(exploration: Exploration) -> str:
    """Whether chance has chosen, and how probable what was done is."""
    share = f"{100 * exploration.propensity:.3g} %"
    if exploration.explored:
        return say(f"drawn to learn from it, with a probability of {share}", f"学習のため抽選で選択（確率 {share}）")
    return say(f"the router's choice was kept, with a probability of {share}", f"ルーターの選択のまま（確率 {share}）")


def _too_long(decision: Decision) -> str | None:
    """Why no answer was to be judged, where the request is a stream and every answer was expected to be too long for it."""
    needs, goal = decision.needs, decision.quality
    if needs is None or goal is None or goal.share == 1 or not 0 < needs.judgeable < EVERY_LENGTH:
        return None
    priced = (one.estimate for one in weighed_together(decision) if one.predicted_cost is not None)
    found = [estimate for estimate in priced if estimate is not None]
    lengths = [
        needs.output_tokens if one.output_tokens is None else one.output_tokens for one in found if one != surest(found)
    ]
    if not lengths or min(lengths) <= needs.judgeable:
        return None
    return say(
        f"none: of a stream up to {needs.judgeable:,} tokens are judged, and at least {min(lengths):,} are expected",
        f"なし：ストリームで評価できるのは {needs.judgeable:,} トークンまで、予測は {min(lengths):,} トークン以上",
    )


def _expected(candidate: Candidate) -> list[str]:
    found = candidate.estimate
    return ["-", "-"] if found is None else [f"{found.quality:.2f}", f"{found.low:.2f}–{found.high:.2f}"]


def _because(decision: Decision, candidate: Candidate) -> list[str]:
    masked = [say("gets masked words", "マスクした内容を送信")] if candidate.masked else []
    objections = [objection_said(o).replace("[", r"\[") for o in candidate.objections]
    why = _health(candidate) or lateness(decision, candidate) or _passed_over(decision, candidate)
    return [*objections, *why, *masked]


def _passed_over(decision: Decision, candidate: Candidate) -> list[str]:
    """Why a permitted model is not the choice, where quality was weighed."""
    order = ranked(decision)
    if decision.quality is None or candidate.estimate is None or candidate.rank in (None, 1) or not order:
        return []
    part = _part(decision, candidate)
    if part:
        return [part]
    if decision.exploration is not None and decision.exploration.explored:
        return [say("another one was drawn", "別のモデルが抽選で選択")]
    best = surest([one.estimate for one in weighed_together(decision) if one.estimate is not None])
    return [_worse_trade(loss(candidate.estimate, best), candidate.predicted_cost, order[0].predicted_cost)]


def _worse_trade(lost: float, paid: Decimal | None, chosen: Decimal | None) -> str:
    """What a model loses, and whether it costs less than the chosen one."""
    most = at_most(lost)
    if paid is None and lost:
        return say(f"counts as the dearest, and may lose {most}", f"最も高いとみなされ、品質も最大 {most} 低下")
    if paid is None:
        return say("the surest, but counts as the dearest", "最も確実だが、最も高いとみなされる")
    if chosen is not None and paid < chosen:
        return say(f"cheaper, but may lose {most}", f"安いが、品質が最大 {most} 低下")
    if lost:
        return say(f"dearer, and may lose {most}", f"高く、品質も最大 {most} 低下")
    return say("the surest, but too dear for what it adds", "最も確実だが、向上分に対して割高")


def _part(decision: Decision, candidate: Candidate) -> str:
    """What a model is asked for once the choice has answered."""
    plan = decision.cascade
    if plan is not None and candidate.model == plan.strong:
        return say("asked where the answer is not good enough", "回答が不十分な場合に使用")
    if plan is not None and candidate.model == plan.opinion:
        return say("asked for a second opinion", "セカンドオピニオンとして使用")
    return ""


def _health(candidate: Candidate) -> list[str]:
    """Why a permitted model stands behind others, or is tried with one call only."""
    if candidate.health is None:
        return []
    if candidate.health == "open":
        return [say("health: rests, kept failing", "稼働状態：失敗が続き休止中")]
    return [say("health: on probation", "稼働状態：回復を確認中")]
