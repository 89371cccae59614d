"""Versions of the estimates as people read of them: what is followed, what is on trial, how each has come so far."""

from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.cli.output import out, print_table
from kyozon.cli.speech import aside, language, say
from kyozon.domain.language import Text
from kyozon.domain.rollout import Difference, Evidence, Move, Rollout, Stage
from kyozon.evaluation.gate import ruling

if TYPE_CHECKING:
    from kyozon.services.rolling_out import Look

_STAGES: dict[Stage, Text] = {
    "shadow": Text("shadow", "シャドー"),
    "share": Text("share", "一部に適用"),
    "whole": Text("whole", "全体に適用"),
    "refused": Text("refused", "不採用"),
    "rolled_back": Text("rolled back", "元に戻した"),
}


class Versions(Struct, frozen=True):
    """The settings' `own` version, all rollouts, the newest first, and what a look of the gate just now has brought."""

    own: str
    rollouts: tuple[Rollout, ...]
    look: "Look | None" = None

    @property
    def whole(self) -> Rollout | None:
        """The one that is followed; None for the settings' own."""
        return max(
            (one for one in self.rollouts if one.stage == "whole"), key=lambda one: (one.since, one.id), default=None
        )

    @property
    def followed(self) -> str:
        """The version that decides."""
        return self.whole.version if self.whole else self.own

    @property
    def running(self) -> Rollout | None:
        """The one on trial."""
        return next((one for one in self.rollouts if one.running), None)

    @property
    def missing(self) -> tuple[Text, ...]:
        """What the one on trial still owes."""
        return ruling(self.running, self.running.evidence or Evidence()).reasons if self.running else ()


def checked(look: "Look | None") -> str:
    """What the gate has just decided, and why."""
    if look is None:
        return say(
            "Nothing is on trial: the gate had nothing to look at.", "試行中のバージョンがないため、判定対象がありません。"
        )
    version, why = look.rollout.version, "; ".join(text.to(language()) for text in look.ruling.reasons)
    stage = _STAGES[look.rollout.stage].to(language())
    if look.ruling.act == "stay":
        return say(
            f"The gate has looked: version {version} stays in this stage.",
            f"判定結果：バージョン {version} は現在の段階のままです。",
        )
    before = _STAGES[look.before].to(language())
    if look.ruling.act == "on":
        return say(
            f"The gate has moved version {version} on, {before} → {stage}: {why}.",
            f"判定結果：バージョン {version} を次の段階へ進めました（{before} → {stage}）。理由：{why}。",
        )
    return say(
        f"The gate has ended the trial of version {version}, {before} → {stage}: {why}.",
        f"判定結果：バージョン {version} の試行を終了しました（{before} → {stage}）。理由：{why}。",
    )


def moved(found: Rollout) -> str:
    """Where a person has put a version, and what happens next."""
    version, share = found.version, found.terms.share
    told: dict[Stage, Text] = {
        "share": Text(
            f"Version {version} decides for {share} % of conversations from now on. It goes on to all once it has earned "
            "that: kyozon route versions shows what is missing.",
            f"バージョン {version} を会話の {share} % に適用しました。基準を満たすと自動で全体に適用されます。"
            "不足は kyozon route versions で確認できます。",
        ),
        "whole": Text(
            f"All requests follow version {version} from now on. kyozon route back returns to the version before.",
            f"バージョン {version} をすべての要求に適用しました。kyozon route back で前のバージョンに戻せます。",
        ),
        "refused": Text(
            f"Version {version} is tried no longer; no request has followed it. kyozon route try FILE tries another.",
            f"バージョン {version} の試行を終了しました。要求には一度も適用されていません。"
            "別のファイルは kyozon route try FILE で試せます。",
        ),
        "rolled_back": Text(
            f"No request follows version {version} any longer: the version before decides again. "
            "kyozon route versions shows which.",
            f"バージョン {version} の適用をやめ、前のバージョンに戻しました。"
            "使用中のバージョンは kyozon route versions で確認できます。",
        ),
    }
    return told[found.stage].to(language())


def print_versions(found: Versions) -> None:
    """What is followed and what is on trial, with the evidence; below it each version's way."""
    rows = _followed_rows(found)
    print_table(["", ""], rows + (_trial_rows(found.running, found.missing) if found.running else [_none_on_trial()]))
    if found.rollouts:
        _print_history(found.rollouts)


def _followed_rows(found: Versions) -> list[list[str]]:
    name = say("followed", "使用中")
    whole = found.whole
    if whole is None:
        whose = say("the settings' own", "設定の予測モデル")
        return [[name, f"[bold]{found.own}[/]{aside(whose)}"]]
    since = say(f"since {_minute(whole)} UTC", f"{_minute(whole)} UTC から")
    rows = [[name, f"[bold]{whole.version}[/]  {since}"], [say("because", "理由"), _why(whole.moves[-1])]]
    return rows if found.running or whole.evidence is None else [*rows, *_evidence_rows(whole.evidence)]


def _none_on_trial() -> list[str]:
    return [say("on trial", "試行中"), "-"]


def _trial_rows(running: Rollout, missing: tuple[Text, ...]) -> list[list[str]]:
    stage = _STAGES[running.stage].to(language())
    if running.stage == "share":
        stage += aside(say(f"{running.terms.share} % of conversations", f"会話の {running.terms.share} %"))
    since = say(f"since {_minute(running)} UTC", f"{_minute(running)} UTC から")
    none = say("none in this stage yet; the gate looks every minute", "この段階ではまだなし。1 分ごとに判定します")
    return [
        [say("on trial", "試行中"), f"[bold]{running.version}[/]  {stage}  {since}"],
        *([[say("evidence", "根拠"), none]] if running.evidence is None else _evidence_rows(running.evidence)),
        *([say("still missing", "不足") if not at else "", _told(text)] for at, text in enumerate(missing)),
    ]


def _evidence_rows(found: Evidence) -> list[list[str]]:
    share = f"{100 * found.differing / max(1, found.decisions):.1f} %"
    rows = [
        [say("decisions", "決定"), f"{found.decisions:,}"],
        [say("decided by it", "このバージョンによる決定"), f"{found.decided:,}"],
        [say("abstained", "予測失敗"), f"{found.abstained:,}"],
        [say("another choice", "選択の違い"), f"{found.differing:,}{aside(share)}"],
        [say("cost", "費用"), "-" if found.cost_change is None else f"{100 * found.cost_change:+.1f} %"],
    ]
    told = ((say("quality", "品質"), found.quality), (say("went well", "正常完了"), found.well))
    return rows + [[name, _points(one)] for name, one in told if one is not None]


def _points(found: Difference) -> str:
    low, high = f"{100 * found.low:+.1f}", f"{100 * found.high:+.1f}"
    before, after = f"{found.before:,}", f"{found.after:,}"
    return say(
        f"between {low} and {high} points (95 %), from {before} conversations without it and {after} with it",
        f"{low}〜{high} ポイント（95 % 区間、会話数：従来 {before}、新しいバージョン {after}）",
    )


def _print_history(found: tuple[Rollout, ...]) -> None:
    """Each version's stages in their order, those of the newest first."""
    rows = []
    for one in found:
        begun = " · ".join(filter(None, (one.by, one.note))).replace("[", r"\[") or "-"
        way = [(_STAGES["shadow"], one.began, begun), *((_STAGES[move.stage], move.at, _why(move)) for move in one.moves)]
        rows += [
            [one.version if not at else "", stage.to(language()), f"{when:%Y-%m-%d %H:%M}", why]
            for at, (stage, when, why) in enumerate(way)
        ]
    out.print()
    columns = [say("version", "バージョン"), say("stage", "段階"), say("since (UTC)", "開始（UTC）"), say("why", "理由")]
    print_table(columns, rows)


def _why(move: Move) -> str:
    """The gate's reasons; else a person's."""
    if move.why:
        return "; ".join(map(_told, move.why))
    reason = move.reason.replace("[", r"\[")
    return say("by hand", "手動") + (say(f": {reason}", f"：{reason}") if reason else "")


def _told(text: Text) -> str:
    return text.to(language()).replace("[", r"\[")


def _minute(one: Rollout) -> str:
    return f"{one.since:%Y-%m-%d %H:%M}"
