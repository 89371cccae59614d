"""The calls of a request in words: who was asked, what was thought of the answer, what it cost, what became of it."""

from kyozon.cli.mattered import mattered
from kyozon.cli.speech import aside, say
from kyozon.domain.cascades import Cascade, Judged
from kyozon.domain.decisions import Attempt, Outcome


def plan_row(cascade: Cascade, currency: str) -> list[str]:
    """A planned cascade: who may be asked after whom, and what is expected of all of it."""
    named = cascade.opinion
    opinion = "" if named is None else say(f"; second opinion {named}", f"、セカンドオピニオン {named}")
    told = say(
        f"expected quality {cascade.quality:.2f} for {cascade.cost:.6f} {currency}",
        f"全体の予測品質 {cascade.quality:.2f}、予測費用 {cascade.cost:.6f} {currency}",
    )
    return [say("cascade", "カスケード"), f"{cascade.first} → {cascade.strong}{opinion}{aside(told)}"]


def call_rows(outcome: Outcome) -> list[str]:
    """Each call, in the order of their times.

    An answer that was judged and delivered after all stands last on record; whoever was asked meanwhile is another model.
    """
    calls = list(outcome.attempts)
    if calls and calls[-1].judged is not None:
        first = calls[-1].model
        calls.sort(key=lambda one: one.model != first)
    return [_told(attempt) for attempt in calls]


def all_together(outcome: Outcome) -> str:
    """What the answer and everything set aside before it have cost, where there is such."""
    paid = outcome.paid
    if paid.amount == outcome.charge.amount or not paid.priced:
        return ""
    total = f"{paid.amount} {paid.currency}"
    return aside(say(f"with what was set aside: {total}", f"不採用分を含む合計 {total}"))


def ended(outcome: Outcome) -> str:
    """How a request ended, and by which error."""
    return status_said(outcome.status) + (aside(outcome.error) if outcome.error else "")


def status_said(status: str) -> str:
    """How a request ended."""
    told = {
        "answered": say("answered", "応答済み"),
        "broken": say("broken", "途中で切断"),
        "left": say("left", "呼び出し側が離脱"),
        "failed": say("failed", "失敗"),
        "refused": say("refused", "拒否"),
        "lost": say("lost", "プロセス停止で喪失"),
    }
    return told[status]


def _told(attempt: Attempt) -> str:
    parts = [attempt.error or say("ok", "成功") if attempt.judged is None else _judged(attempt.judged)]
    if attempt.error is None and attempt.charge is not None:
        parts.append(say("set aside", "不採用"))
        parts.append(f"{attempt.charge.amount} {attempt.charge.currency}")
    return say(f"{attempt.model}: {', '.join(parts)}", f"{attempt.model}：{'、'.join(parts)}")


def _judged(judged: Judged) -> str:
    good = f"{judged.good:.2f}"
    acts = {
        "accept": say(f"judged {good} good, accepted", f"良い確率 {good} と評価し採用"),
        "ask": say(
            f"second opinion (the first answer judged {good} good)", f"セカンドオピニオン（最初の回答の評価 {good}）"
        ),
        "escalate": say(f"judged {good} good, escalated", f"良い確率 {good} と評価し上位モデルへ"),
    }
    why = mattered(judged.reasons) if judged.act != "ask" else ""
    return acts[judged.act] + (aside(why) if why else "")
