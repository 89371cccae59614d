"""The candidates of a decision as a table, and what would have changed the choice: for every command that explains one."""

from kyozon.cli.output import out, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.decisions import Candidate, Decision
from kyozon.domain.quality import Goal
from kyozon.routing.measured import at_most, loss, surest
from kyozon.services.counterfactuals import ranked
from kyozon.services.explaining import Reasons


def print_candidates(decision: Decision) -> None:
    """Rank, model, place, what is expected of it and what it costs, and why it is not the choice."""
    measured = decision.quality is not None
    rows = []
    for candidate in sorted(decision.candidates, key=lambda one: (one.rank is None, one.rank or 0, one.model)):
        cost = "-" if candidate.predicted_cost is None else f"{candidate.predicted_cost:.6f}"
        row = [str(candidate.rank or "✗"), candidate.model, candidate.provider, candidate.zone, cost]
        rows.append([*row, *(_expected(candidate) if measured else ()), " / ".join(_because(decision, candidate))])
    columns = [say("rank", "順位"), say("model", "モデル"), say("provider", "提供元"), say("zone", "ゾーン")]
    if measured:
        columns += [say(f"expected cost ({decision.currency})", f"予測費用（{decision.currency}）")]
        columns += [say("quality", "予測品質"), say("90 % between", "90 % 区間"), say("why not", "選ばれない理由")]
    else:
        columns += [say(f"cost at most ({decision.currency})", f"費用の上限（{decision.currency}）")]
        columns += [say("objections", "異議")]
    out.print()
    print_table(columns, rows, right=(4, 5) if measured else (4,))


def print_reasons(reasons: Reasons, decision: Decision) -> None:
    """The runner-up, what mattered, and the smallest changes that would have chosen otherwise."""
    rows = []
    if reasons.runner_up is not None:
        margin = "" if reasons.margin is None else f"  ({reasons.margin:+f} {decision.currency})"
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
    mattered = [one.estimate.reasons for one in ranked(decision)[:1] if one.estimate and one.estimate.reasons]
    if mattered:
        told = ", ".join(f"{_feature(name)} {effect:+.2f}" for name, effect in mattered[0])
        rows.append([say("what mattered", "効いた特徴"), told.replace("[", r"\[")])
    return rows


def _feature(name: str) -> str:
    """What an estimator calls a feature; `domain` stands before the name of one."""
    first, _, rest = name.partition(" ")
    words = {"difficulty": say("difficulty", "難易度"), "ability": say("ability", "能力"), "domain": say("domain", "分野")}
    return f"{words.get(first, first)} {rest}".rstrip()


def _expected(candidate: Candidate) -> list[str]:
    found = candidate.estimate
    return ["-", "-"] if found is None else [f"{found.quality:.2f}", f"{found.low:.2f}–{found.high:.2f}"]


def _because(decision: Decision, candidate: Candidate) -> list[str]:
    masked = [say("gets masked words", "マスクした内容を送信")] if candidate.masked else []
    objections = [f"{o.rule}: {o.need} ≠ {o.have}".replace("[", r"\[") for o in candidate.objections]
    return [*objections, *(_health(candidate) or _passed_over(decision, candidate)), *masked]


def _passed_over(decision: Decision, candidate: Candidate) -> list[str]:
    """Why a permitted model is not the choice, where quality was weighed."""
    order = ranked(decision)
    if decision.quality is None or candidate.estimate is None or candidate.rank in (None, 1) or not order:
        return []
    best = surest([one.estimate for one in order if one.estimate is not None])
    lost, paid, chosen = loss(candidate.estimate, best), candidate.predicted_cost, order[0].predicted_cost
    if paid is not None and chosen is not None and paid < chosen:
        return [say(f"cheaper, but may lose {at_most(lost)}", f"安いが、品質が最大 {at_most(lost)} 低下")]
    if lost:
        return [say(f"dearer, and may lose {at_most(lost)}", f"高く、品質も最大 {at_most(lost)} 低下")]
    return [say("the surest, but too dear for what it adds", "最も確実だが、向上分に対して割高")]


def _health(candidate: Candidate) -> list[str]:
    """Why a permitted model stands behind others, or is tried with one call only."""
    if candidate.health is None:
        return []
    if candidate.health == "open":
        return [say("health: rests, kept failing", "稼働状態：失敗が続き休止中")]
    return [say("health: on probation", "稼働状態：回復を確認中")]
